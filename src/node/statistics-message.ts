/**
 * The figures in the messages between controller and worker, checked by their receiver.
 *
 * A worker's figures are checked whole, because a worker deals with clients and the controller does not. The
 * controller has put those of the node together out of checked ones: here only their format is checked.
 *
 * @module
 */

import * as v from "valibot";
import { MAX_WARNINGS } from "#observe/recent-warnings.ts";
import { MAX_REASONS, MAX_ROLES_SHOWN } from "#observe/session-counts.ts";
import type { NodeStatistics, RouterFigures, Warning, WorkerFigures } from "#observe/statistics.ts";

const amount = v.pipe(v.number(), v.minValue(0));

/** A number of things. */
export const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const rate = v.strictObject({ total: count, perSecond: amount });
const traffic = v.strictObject({ messages: rate, octets: rate });
const name = v.nullable(v.string());

const sessions = v.strictObject({
  open: count,
  joined: count,
  roles: v.pipe(
    v.array(v.strictObject({ realm: name, role: name, sessions: count })),
    v.maxLength(MAX_ROLES_SHOWN),
  ),
  rolesLeftOut: count,
  sessionsLeftOut: count,
  joins: count,
  refusals: v.pipe(
    v.array(v.strictObject({ reason: v.string(), count })),
    v.maxLength(MAX_REASONS + 1),
  ),
  stalledRouters: count,
  messagesLeftOut: count,
  messagesLate: count,
});

/** A router as a proxy sees it. */
export const routerFigures: v.GenericSchema<unknown, RouterFigures> = v.strictObject({
  connection: v.string(),
  health: v.picklist(["up", "down", "unknown"]),
  sessions: count,
  routers: count,
  markedDown: count,
});

/** The figures of one worker. */
export const workerFigures: v.GenericSchema<unknown, WorkerFigures> = v.strictObject({
  startedAt: v.string(),
  uptimeSeconds: count,
  cpuSeconds: amount,
  cpuPercent: amount,
  residentOctets: count,
  fromClients: traffic,
  toClients: traffic,
  waitingOctets: count,
  slowClients: count,
  sessions,
  routers: v.array(routerFigures),
});

/** The warnings that a worker has logged since its last figures. */
export const recentWarnings: v.GenericSchema<unknown, Warning[]> = v.pipe(
  v.array(
    v.strictObject({
      at: v.string(),
      level: v.picklist(["error", "warn"]),
      event: v.string(),
      fields: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
    }),
  ),
  v.maxLength(MAX_WARNINGS),
);

/** The figures of the node. */
export const nodeStatistics = v.custom<NodeStatistics>((value) =>
  v.is(v.looseObject({ format: v.literal(1), workers: v.array(v.unknown()) }), value),
);
