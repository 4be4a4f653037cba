/**
 * The whole configuration file: `version`, `controller` and `workers`.
 *
 * @module
 */

import * as v from "valibot";
import { balancing, connection, routes } from "#config/connection/connection-schema.ts";
import { realm } from "#config/realm/realm-schema.ts";
import {
  byType,
  defaulted,
  item,
  mapOf,
  notSupported,
  optional,
  required,
} from "#config/schema/item.ts";
import { anyMap, anything, id, text } from "#config/schema/primitive.ts";
import type { Schema } from "#config/schema/schema-shape.ts";
import { always, notEmpty, only, unhonoured } from "#config/schema/unhonoured.ts";
import { testeeTransport, transport } from "#config/transport/transport-schema.ts";

/** An attribute for a part of Crossbar that this program does not have. */
function meaningless<S extends Schema>(schema: S) {
  return optional(unhonoured(schema, always, "it has no meaning for this program"));
}

const manhole = optional(unhonoured(anyMap, always, "no console is opened"));

/** `options` of a worker. */
export const workerOptions = item({
  disabled: optional(anything, "A true value skips the worker."),
  title: meaningless(v.string()),
  extra: meaningless(anything),
  python: meaningless(v.string()),
  pythonpath: meaningless(v.array(v.string())),
  cpu_affinity: meaningless(v.array(v.number())),
  env: meaningless(anyMap),
  reactor: meaningless(anything),
  expose_controller: meaningless(v.boolean()),
  expose_shared: meaningless(v.boolean()),
  traceback: meaningless(anything),
});

const router = item({
  type: required(v.literal("router"), "A worker that routes."),
  id: optional(id, "Absent: `worker001` and so on, over the whole node."),
  options: optional(workerOptions, "Options."),
  realms: defaulted(v.array(realm), [], "Realms."),
  transports: defaulted(v.array(transport), [], "Listening transports."),
  components: optional(
    unhonoured(v.array(anything), notEmpty, "no component is run; start it as a client"),
  ),
  connections: optional(unhonoured(anything, always, "a router worker opens no connections")),
  manhole,
});

const proxy = item({
  type: required(v.literal("proxy"), "A worker that forwards the sessions of clients to routers."),
  id: optional(text, "Absent: `worker001` and so on, over the whole node."),
  options: optional(workerOptions, "Options."),
  connections: defaulted(mapOf(v.string(), connection), {}, "id -> how to reach a router."),
  routes: defaulted(
    routes,
    {},
    "realm -> role -> connection, or several. Extension: `*` for any other realm or role.",
  ),
  backends: optional(
    unhonoured(
      anything,
      always,
      'a worker has "connections" and "routes"; "backends" is for a path of type "websocket-proxy"',
    ),
  ),
  balancing: optional(balancing, "Extension. How the connections of a route share its sessions."),
  transports: defaulted(v.array(transport), [], "Listening transports."),
  manhole,
});

const websocketTestee = item({
  type: required(
    v.literal("websocket-testee"),
    "A worker that sends every WebSocket message back; no WAMP.",
  ),
  id: optional(id, "Absent: `worker001` and so on, over the whole node."),
  options: optional(workerOptions, "Options."),
  transport: required(testeeTransport, "The one listening transport."),
  manhole,
});

/** A worker. */
export const worker = byType(
  { router, proxy, "websocket-testee": websocketTestee },
  {
    refused: {
      ...notSupported(
        "worker type",
        ["container", "guest"],
        "; start what it runs as a program of its own, which joins as a client",
      ),
      ...notSupported("worker type", ["hostmonitor", "xbrmm"]),
    },
  },
);

/** A worker as written. */
export type WorkerItem = v.InferOutput<typeof worker>;

const controllerOptions = item({
  title: optional(unhonoured(v.string(), always, "the program's own rule applies")),
  shutdown: optional(unhonoured(anything, always, "the program's own rule applies")),
  enable_parallel_worker_start: optional(
    unhonoured(v.boolean(), only(true), "workers are started one after the other"),
  ),
});

/** The controller, the process of the node itself. */
export const controller = item({
  id: optional(id, "Absent: made from the name of the machine."),
  options: optional(controllerOptions, "Options."),
  manhole: meaningless(anyMap),
  connections: meaningless(anything),
  keyring: meaningless(anyMap),
  fabric: meaningless(anything),
  blockchain: meaningless(anything),
  enable_docker: meaningless(anything),
});

const version = v.literal(
  2,
  (issue) => `expected 1 or 2, found ${issue.received}: this program reads no other version`,
);

/** The file. */
export const node = item({
  $schema: optional(v.string(), "The JSON Schema of this file, for editors; has no effect."),
  version: required(version, "Version of the format."),
  controller: optional(controller, "The process that starts the workers."),
  workers: defaulted(v.array(worker), [], "The workers, in the order of their start."),
});

/** The file as written. */
export type NodeItem = v.InferOutput<typeof node>;
