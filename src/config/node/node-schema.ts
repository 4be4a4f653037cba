/**
 * The whole configuration file: `version`, `controller` and `workers`.
 *
 * @module
 */

import * as v from "valibot";
import { balancing, connection, routes } from "#config/connection/connection-schema.ts";
import { realm } from "#config/realm/realm-schema.ts";
import {
  anyMap,
  anything,
  byType,
  defaulted,
  id,
  item,
  mapOf,
  notSupported,
  optional,
  required,
  text,
} from "#config/schema/primitive.ts";
import { testeeTransport, transport } from "#config/transport/transport-schema.ts";

const workerOptions = item({
  disabled: optional(anything, "A true value skips the worker."),
  title: optional(v.string(), "Accepted, not honoured."),
  extra: optional(anything, "Accepted, not honoured."),
  python: optional(v.string(), "Accepted, not honoured."),
  pythonpath: optional(v.array(v.string()), "Accepted, not honoured."),
  cpu_affinity: optional(v.array(v.number()), "Accepted, not honoured."),
  env: optional(anyMap, "Accepted, not honoured."),
  reactor: optional(anything, "Accepted, not honoured."),
  expose_controller: optional(v.boolean(), "Accepted, not honoured."),
  expose_shared: optional(v.boolean(), "Accepted, not honoured."),
  traceback: optional(anything, "Accepted, not honoured."),
});

const router = item({
  type: required(v.literal("router"), "A worker that routes."),
  id: optional(id, "Absent: `worker001` and so on, over the whole node."),
  options: optional(workerOptions, "Options."),
  realms: defaulted(v.array(realm), [], "Realms."),
  transports: defaulted(v.array(transport), [], "Listening transports."),
  components: optional(v.array(anything), "Accepted, not honoured: nothing is run."),
  connections: optional(anything, "Accepted, not honoured."),
  manhole: optional(anyMap, "Accepted, not honoured."),
});

const proxy = item({
  type: required(v.literal("proxy"), "A worker that carries sessions to routers."),
  id: optional(text, "Absent: `worker001` and so on, over the whole node."),
  options: optional(workerOptions, "Options."),
  connections: defaulted(mapOf(v.string(), connection), {}, "id -> how to reach a router."),
  routes: defaulted(
    routes,
    {},
    "realm -> role -> connection, or several. Extension: `*` for any other realm or role.",
  ),
  balancing: optional(balancing, "Extension. How the connections of a route share its sessions."),
  transports: defaulted(v.array(transport), [], "Listening transports."),
  manhole: optional(anyMap, "Accepted, not honoured."),
});

const websocketTestee = item({
  type: required(v.literal("websocket-testee"), "A worker that only sends messages back."),
  id: optional(id, "Absent: `worker001` and so on, over the whole node."),
  options: optional(workerOptions, "Options."),
  transport: required(testeeTransport, "The one listening transport."),
  manhole: optional(anyMap, "Accepted, not honoured."),
});

/** A worker. */
export const worker = byType(
  { router, proxy, "websocket-testee": websocketTestee },
  {
    ...notSupported(
      "worker type",
      ["container", "guest"],
      "; start what it runs as a program of its own, which joins as a client",
    ),
    ...notSupported("worker type", ["hostmonitor", "xbrmm"]),
  },
);

/** A worker as written. */
export type WorkerItem = v.InferOutput<typeof worker>;

const controller = item({
  id: optional(id, "Absent: made from the name of the machine."),
  options: optional(
    item({
      title: optional(v.string(), "Accepted, not honoured."),
      shutdown: optional(anything, "Accepted, not honoured."),
      enable_parallel_worker_start: optional(v.boolean(), "Accepted; `true` is not honoured."),
    }),
    "Options.",
  ),
  manhole: optional(anyMap, "Accepted, not honoured."),
  connections: optional(anything, "Accepted, not honoured."),
  keyring: optional(anyMap, "Accepted, not honoured."),
  fabric: optional(anything, "Accepted, not honoured."),
  blockchain: optional(anything, "Accepted, not honoured."),
  enable_docker: optional(anything, "Accepted, not honoured."),
});

const version = v.literal(
  2,
  (issue) => `expected 2, found ${issue.received}: this program reads version 2 only`,
);

/** The file. */
export const node = item({
  $schema: optional(v.string(), "For editors."),
  version: required(version, "Version of the format."),
  controller: optional(controller, "The process that starts the workers."),
  workers: defaulted(v.array(worker), [], "The workers, in the order of their start."),
});

/** The file as written. */
export type NodeItem = v.InferOutput<typeof node>;
