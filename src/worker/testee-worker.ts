/**
 * Composition root of a `websocket-testee` worker: one transport, and no WAMP sessions.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { WebSocketTesteeWorkerConfig } from "#config/node/worker-config.ts";
import { SessionCounts } from "#observe/session-counts.ts";
import type { RunningWorker, WorkerContext } from "./running-worker.ts";
import { SessionTable } from "./session-table.ts";
import { WorkerTransports } from "./worker-transports.ts";

/** Starts a testee worker; resolves once its transport listens. */
export async function startTesteeWorker(
  config: WebSocketTesteeWorkerConfig,
  context: WorkerContext,
): Promise<RunningWorker<WebSocketTesteeWorkerConfig>> {
  const accept = () => {
    throw new Failure("Cannot open a session: a testee speaks no WAMP", { source: "internal" });
  };
  const transports = await WorkerTransports.start(config.transports, accept, context);
  const sessions = new SessionTable();
  const counts = new SessionCounts();
  return {
    urls: transports.urls,
    counts,
    sessions,
    transports,
    figures: () => ({ sessions: counts.figures(0), routers: [] }),
    prepare: (next) => transports.prepare(next.config.transports, next.isForced),
    renewCertificates: () => transports.renewCertificates(),
    shutdown: () => transports.stop(sessions),
  };
}
