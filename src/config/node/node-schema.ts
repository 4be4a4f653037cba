/**
 * The whole configuration file: `version`, `controller` and `workers`.
 *
 * @module
 */

import * as v from "valibot";
import { routerComponent } from "#config/component/component-schema.ts";
import { container } from "#config/component/container-schema.ts";
import {
  environment,
  ownProcessOptionsWith,
  pythonOptions,
  uncheckedPythonOptions,
} from "#config/component/process-options-schema.ts";
import { balancing, connection, routes } from "#config/connection/connection-schema.ts";
import { guest } from "#config/guest/guest-schema.ts";
import { realm } from "#config/realm/realm-schema.ts";
import { defaulted, optional, required } from "#config/schema/attribute.ts";
import { byType } from "#config/schema/by-type.ts";
import { item, itemOr, lenientItem, mapOf } from "#config/schema/item.ts";
import { withKeywords } from "#config/schema/json-keywords.ts";
import { anything, id, oneOf, text } from "#config/schema/primitive.ts";
import { unchecked } from "#config/schema/tolerated-values.ts";
import { always, itemNotOffered, meaningless, unhonoured } from "#config/schema/unhonoured.ts";
import { testeeTransport, transport } from "#config/transport/transport-schema.ts";
import { admin } from "./admin-schema.ts";
import { traces } from "./traces-schema.ts";
import { manhole, restart, workerId } from "./worker-attributes.ts";

const ownProcessOptions = ownProcessOptionsWith((schema) => schema);

/** `options` of a worker. */
export const workerOptions = item({
  disabled: optional(anything, "A true value skips the worker."),
  ...ownProcessOptions,
  env: optional(environment, "Environment of the worker's process."),
  restart,
  extra: meaningless(anything),
  python: meaningless(v.string()),
  pythonpath: meaningless(v.array(v.string())),
  reactor: meaningless(anything),
  expose_controller: meaningless(v.boolean()),
  expose_shared: meaningless(v.boolean()),
  traceback: meaningless(anything),
});

const proxyOptions = lenientItem({
  ...uncheckedPythonOptions,
  ...ownProcessOptionsWith(unchecked),
  restart,
});

const routerOptions = item({
  ...pythonOptions,
  ...ownProcessOptions,
  restart,
});

const router = item({
  type: required(v.literal("router"), "A worker that routes."),
  id: workerId(id),
  options: optional(
    routerOptions,
    "Options; those of Python are for components and authenticators of type `function`.",
  ),
  realms: defaulted(v.array(realm), [], "Realms."),
  transports: defaulted(v.array(transport), [], "Listening transports."),
  components: defaulted(
    v.array(routerComponent),
    [],
    "Components in Python, in the order of their start; transports listen once they are ready.",
  ),
  connections: optional(unhonoured(anything, always, "a router worker opens no connections")),
  manhole,
});

const proxy = lenientItem({
  type: required(v.literal("proxy"), "A worker that forwards the sessions of clients to routers."),
  id: workerId(unchecked(text)),
  options: optional(
    proxyOptions,
    "Options; those of Python are for authenticators of type `function`.",
  ),
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
  id: workerId(unchecked(text)),
  options: optional(workerOptions, "Options."),
  transport: required(testeeTransport, "The one listening transport."),
  manhole,
});

function leftOut(type: string) {
  const text = "A worker of Crossbar's other editions.";
  return itemNotOffered(type, "the worker is left out", text);
}

/** A worker. */
export const worker = byType(
  { router, proxy, container, guest, "websocket-testee": websocketTestee },
  { unlisted: { hostmonitor: leftOut("hostmonitor"), xbrmm: leftOut("xbrmm") } },
);

/** A worker as written. */
export type WorkerItem = v.InferOutput<typeof worker>;

const shutdownTrigger = oneOf([
  "shutdown_on_shutdown_requested",
  "shutdown_on_worker_exit",
  "shutdown_on_worker_exit_with_error",
  "shutdown_on_last_worker_exit",
]);

const drainSeconds = withKeywords(
  v.pipe(
    v.number(),
    v.check(
      (n) => n >= 0 && n <= 3600,
      (issue) => `expected 0 to 3600 seconds, found ${issue.received}`,
    ),
  ),
  { minimum: 0, maximum: 3600 },
);

/** A shorter silence is no fault: workers are heard every two seconds. */
const watchdogSeconds = withKeywords(
  v.pipe(
    v.number(),
    v.check(
      (n) => n === 0 || (n >= 5 && n <= 3600),
      (issue) => `expected 0, or 5 to 3600 seconds, found ${issue.received}`,
    ),
  ),
  { maximum: 3600, anyOf: [{ const: 0 }, { minimum: 5 }] },
);

/** `options` of the controller. */
export const controllerOptions = item({
  title: optional(text, "Name of its process, of which Linux shows the first 15 octets."),
  shutdown: optional(
    itemOr("string", shutdownTrigger, v.array(shutdownTrigger)),
    "When the end of a worker ends the node, as in Crossbar. Absent: never, and workers are restarted.",
  ),
  enable_parallel_worker_start: defaulted(
    v.boolean(),
    false,
    "Start all workers at once. Otherwise neighbours of the same type start together.",
  ),
  watchdog: defaulted(
    watchdogSeconds,
    10,
    "Extension. Seconds after which a router, proxy or testee that does not answer is killed and started again; 0: never.",
  ),
  shutdown_delay: defaulted(
    drainSeconds,
    0,
    "Extension. Seconds between the signal to stop and the end of accepting, in which load balancers look away.",
  ),
  lame_duck_duration: defaulted(
    drainSeconds,
    0,
    "Extension. Seconds over which a worker that stops ends its sessions, and within which calls are finished; 0: all at once.",
  ),
});

/** The controller, the process of the node itself. */
export const controller = item({
  id: optional(id, "Absent: made from the name of the machine."),
  options: optional(controllerOptions, "Options."),
  admin: optional(
    admin,
    "Extension. Serves health, metrics, lists of sessions and the log level; absent: nothing listens.",
  ),
  traces: optional(
    traces,
    "Extension. Sends traces of joins to a collector of OpenTelemetry; absent: there are none.",
  ),
  manhole: meaningless(anything),
  connections: meaningless(anything),
  keyring: meaningless(anything),
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
  $schema: optional(anything, "The JSON Schema of this file, for editors; has no effect."),
  version: required(version, "Version of the format."),
  controller: optional(controller, "The process that starts the workers."),
  workers: defaulted(v.array(worker), [], "The workers, in the order of their start."),
});

/** The file as written. */
export type NodeItem = v.InferOutput<typeof node>;
