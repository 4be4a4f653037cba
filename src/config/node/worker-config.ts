/**
 * Normalized workers: what every type of worker is given.
 *
 * @module
 */

import type { AuthenticatorsConfig } from "#config/auth/authenticator-config.ts";
import type { RouterComponentsConfig } from "#config/component/component-config.ts";
import type { ContainerWorkerConfig } from "#config/component/container-config.ts";
import type { PythonOptions } from "#config/component/process-config.ts";
import type { BalancingConfig, ConnectionConfig } from "#config/connection/connection-config.ts";
import type { GuestWorkerConfig } from "#config/guest/guest-config.ts";
import type { RealmConfig } from "#config/realm/realm-config.ts";
import type { WebSocketTesteeTransportConfig } from "#config/transport/testee-config.ts";
import type { TransportConfig } from "#config/transport/transport-config.ts";
import type { WorkerOptions } from "./worker-options-config.ts";

/** One worker. */
export type WorkerConfig = NativeWorkerConfig | GuestWorkerConfig | ContainerWorkerConfig;

/** A worker that is a process of this program. */
export type NativeWorkerConfig =
  | RouterWorkerConfig
  | ProxyWorkerConfig
  | WebSocketTesteeWorkerConfig;

/** A worker that routes messages, with its realms. */
export interface RouterWorkerConfig {
  type: "router";
  id: string;
  /** Absent: those of a worker without any. */
  options?: WorkerOptions;
  realms: RealmConfig[];
  /** Absent: there are none. */
  components?: RouterComponentsConfig;
  /** Absent: there are none. */
  authenticators?: AuthenticatorsConfig;
  /** How the Jinja2 is run that may render pages; absent: no path has templates. */
  templates?: PythonOptions;
  transports: TransportConfig[];
}

/** A worker that accepts clients and forwards their sessions to routers. */
export interface ProxyWorkerConfig {
  type: "proxy";
  id: string;
  /** Absent: those of a worker without any. */
  options?: WorkerOptions;
  connections: Record<string, ConnectionConfig>;
  /** realm -> authrole -> ids of connections; `*` is every realm, or every role, without an entry. */
  routes: Record<string, Record<string, string[]>>;
  /** Undefined: the connections of a route take turns. */
  balancing?: BalancingConfig;
  /** Absent: there are none. */
  authenticators?: AuthenticatorsConfig;
  /** How the Jinja2 is run that may render pages; absent: no path has templates. */
  templates?: PythonOptions;
  transports: TransportConfig[];
}

/** A worker that sends every WebSocket message back. */
export interface WebSocketTesteeWorkerConfig {
  type: "websocket-testee";
  id: string;
  /** Absent: those of a worker without any. */
  options?: WorkerOptions;
  /** Exactly one: `transport` in node.json. */
  transports: [WebSocketTesteeTransportConfig];
}
