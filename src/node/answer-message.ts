/**
 * The questions of the controller to a worker, and their answers, checked by their receiver.
 *
 *     metrics     what the worker has counted, for Prometheus
 *     sessions    a part of the list of its sessions
 *     routes      which routers can be reached
 *     backends    the routers, each by itself
 *
 * @module
 */

import * as v from "valibot";
import type { BackendFacts } from "#observe/backend-facts.ts";
import type { DistributionFigures } from "#observe/distribution.ts";
import { SESSION_ENDS, SESSION_SORTS, type SessionPage } from "#observe/session-facts.ts";
import type { RouteReach } from "#observe/statistics.ts";
import { count, routerFigures } from "./statistics-message.ts";

const amount = v.pipe(v.number(), v.minValue(0));
const name = v.nullable(v.string());
const end = v.picklist(SESSION_ENDS);

const distribution: v.GenericSchema<unknown, DistributionFigures> = v.strictObject({
  bounds: v.array(v.number()),
  counts: v.array(count),
  sum: amount,
});

/** One direction of the messages of joined sessions. */
const traffic = v.strictObject({
  /** `type` in lower case, such as `call`. */
  types: v.array(v.strictObject({ type: v.string(), messages: count, octets: count })),
  /** Octets of messages. */
  sizes: distribution,
});

/**
 * The counts of one worker, since it was started; times are in seconds.
 *
 * No part of it is made by a walk through the sessions: reading it must not keep a worker with many of them from its
 * clients.
 */
const metrics = v.strictObject({
  /** Unix time. */
  startedAt: amount,
  cpuSeconds: amount,
  residentOctets: count,
  loopLag: distribution,
  /** Open connections of clients of WAMP, those included that have not joined. */
  connections: count,
  groups: v.array(
    v.strictObject({
      realm: name,
      authrole: name,
      transport: v.string(),
      serializer: v.string(),
      sessions: count,
    }),
  ),
  joins: count,
  ends: v.array(v.strictObject({ reason: end, count })),
  durations: distribution,
  /** `reason` is a URI. */
  refusals: v.array(v.strictObject({ reason: v.string(), count })),
  disconnects: v.array(v.strictObject({ code: count, count })),
  slowClients: count,
  stalledRouters: count,
  pings: distribution,
  fromClients: traffic,
  toClients: traffic,
  messagesLeftOut: count,
  messagesLate: count,
  waitingOctets: count,
  routers: v.array(routerFigures),
  /** Of traces. */
  spans: v.strictObject({ sent: count, lost: count }),
  certificates: v.array(v.strictObject({ port: count, name: v.string(), notAfter: v.number() })),
});

const page: v.GenericSchema<unknown, SessionPage> = v.strictObject({
  total: count,
  sessions: v.array(
    v.strictObject({
      cid: count,
      peer: v.string(),
      transport: v.string(),
      serializer: v.string(),
      tls: v.boolean(),
      state: v.picklist(["joined", "not joined", "closed"]),
      session: v.nullable(count),
      realm: name,
      authid: name,
      authrole: name,
      authmethod: name,
      startedAt: amount,
      joinedAt: v.nullable(amount),
      stoppedAt: v.nullable(amount),
      reason: v.nullable(end),
      backend: v.nullable(v.strictObject({ connection: v.string(), address: name })),
      pendingOctets: count,
    }),
  ),
});

const routes: v.GenericSchema<unknown, RouteReach[]> = v.array(
  v.strictObject({
    realm: v.string(),
    role: v.string(),
    reachable: v.array(v.string()),
    unreachable: v.array(v.string()),
    markedDown: v.array(v.string()),
  }),
);

const backends: v.GenericSchema<unknown, BackendFacts[]> = v.array(
  v.strictObject({
    connection: v.string(),
    address: name,
    health: v.picklist(["up", "down", "unknown"]),
    sessions: count,
    isMarkedDown: v.boolean(),
  }),
);

/** One direction of messages, for Prometheus. */
export type TrafficMetrics = v.InferOutput<typeof traffic>;

/** What a worker has counted, for Prometheus. */
export type WorkerMetrics = v.InferOutput<typeof metrics>;

/** A question. */
export const workerQuestion = v.variant("about", [
  v.strictObject({ about: v.literal("metrics") }),
  v.strictObject({
    about: v.literal("sessions"),
    query: v.strictObject({
      state: v.picklist(["open", "closed", "all"]),
      sort: v.picklist(SESSION_SORTS),
      offset: count,
      limit: count,
    }),
  }),
  v.strictObject({ about: v.literal("routes") }),
  v.strictObject({ about: v.literal("backends") }),
]);

/** Its answer. */
export const workerAnswer = v.variant("about", [
  v.strictObject({ about: v.literal("metrics"), metrics }),
  v.strictObject({ about: v.literal("sessions"), page }),
  v.strictObject({ about: v.literal("routes"), routes }),
  v.strictObject({ about: v.literal("backends"), backends }),
]);

/** What the controller asks. */
export type WorkerQuestion = v.InferOutput<typeof workerQuestion>;

/** What a worker answers. */
export type WorkerAnswer = v.InferOutput<typeof workerAnswer>;
