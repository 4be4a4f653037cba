/** Figures of a node, as a test wants them. */

import type {
  NodeStatistics,
  ProcessUsage,
  SessionFigures,
  WorkerFigures,
  WorkerStatistics,
} from "#observe/statistics.ts";

const usage: ProcessUsage = {
  startedAt: "2026-01-01T00:00:00.000Z",
  uptimeSeconds: 60,
  cpuSeconds: 1.5,
  cpuPercent: 12.5,
  residentOctets: 50 * 2 ** 20,
};

/** The sessions of a worker that has none. */
export const noSessions: SessionFigures = {
  open: 0,
  joined: 0,
  roles: [],
  rolesLeftOut: 0,
  sessionsLeftOut: 0,
  joins: 0,
  refusals: [],
  stalledRouters: 0,
  messagesLeftOut: 0,
  messagesLate: 0,
};

/** The figures of a worker without clients. */
export function workerFigures(changes: Partial<WorkerFigures> = {}): WorkerFigures {
  const rate = { total: 0, perSecond: 0 };
  const idle = { messages: rate, octets: rate };
  return {
    ...usage,
    fromClients: idle,
    toClients: idle,
    waitingOctets: 0,
    slowClients: 0,
    sessions: noSessions,
    routers: [],
    ...changes,
  };
}

/** A proxy that runs. */
export function workerStatistics(changes: Partial<WorkerStatistics> = {}): WorkerStatistics {
  return {
    id: "proxy1",
    type: "proxy",
    state: "running",
    restarts: 0,
    transports: [],
    ageSeconds: 0.5,
    figures: workerFigures(),
    ...changes,
  };
}

/** A node with one such proxy. */
export function nodeFigures(changes: Partial<NodeStatistics> = {}): NodeStatistics {
  return {
    format: 1,
    node: "<node>",
    release: "1.2.3",
    at: "2026-01-01T00:01:00.000Z",
    intervalSeconds: 2,
    controller: usage,
    workers: [workerStatistics()],
    warnings: [],
    warningsInAll: 0,
    ...changes,
  };
}
