/**
 * Listener: a running transport, as the worker that started it sees it.
 *
 * @module
 */

import type { PreparedChange } from "#base/prepared-change.ts";
import type { AuthConfig } from "#config/auth/auth-config.ts";
import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { SessionConfig } from "#config/options/session-config.ts";
import type { TransportConfig } from "#config/transport/transport-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { StatisticsSource } from "#observe/statistics.ts";
import type { PageRenderer } from "#template/page-renderer.ts";
import type { ClientCookie, Peer, PeerHandler } from "#wamp/peer.ts";
import type { WampCaller } from "#wamp/wamp-caller.ts";
import type { InheritedListener } from "./endpoint/listen.ts";
import type { MqttSession } from "./mqtt/mqtt-session.ts";
import type { MqttSessions } from "./mqtt/session-store.ts";
import type { LongPollTransports } from "./web/longpoll/longpoll-transports.ts";

/** What a transport and its Web services need from their worker. */
export interface TransportContext {
  log: Logger;
  nodeInfo: NodeInfo;
  /** The figures of the whole node. */
  statistics: StatisticsSource;
  /** Calls and publishes for Web services; absent where the worker has no such service. */
  wampCaller?: WampCaller;
  /** The operator's Jinja2 for pages of templates; absent where the worker has no such pages. */
  jinja2?: PageRenderer;
  /** Absent where no client joins the worker. */
  recallLogin?: RecallLogin;
  /** Sockets that are open already, by the ids of the transports that are to use them, once each. */
  inheritedSockets?: Map<string, InheritedListener>;
  /** The sessions of MQTT clients of the worker; absent: each transport has its own. */
  mqttSessions?: MqttSessions<MqttSession>;
  /** The long-poll transports of the worker; absent: each path has its own, which no other worker reaches. */
  longPolls?: LongPollTransports;
}

/** The identity of a client that has joined. */
export interface ClientLogin {
  realm: string;
  authid: string;
  authrole: string;
  authmethod: string | null;
  authprovider: string | null;
}

/** The login that a cookie stands for, where clients join by these authmethods; undefined: there is none. */
export type RecallLogin = (auth: AuthConfig, cookie: ClientCookie) => ClientLogin | undefined;

/** The node, and the worker of it that this process is. */
export interface NodeInfo {
  release: string;
  nodeId: string;
  workerId: string;
  workerType: string;
}

/** Descriptors that a client needs: its own, and on a proxy one to a router. */
export function descriptorsPerClient({ nodeInfo }: TransportContext): number {
  return nodeInfo.workerType === "proxy" ? 2 : 1;
}

/** Opens the session of a peer that has just connected; gives its handler. */
export type AcceptPeerWithSession = (peer: Peer, session: SessionConfig) => PeerHandler;

/** A transport that is listening. */
export interface Listener {
  /** Id of the transport in node.json. */
  readonly id: string;
  /** Its URLs: `ws://0.0.0.0:8080/ws`, `http://0.0.0.0:8080/`, `rs+unix:/path`. */
  readonly urls: string[];
  /** The descriptor of its socket; null: it does not listen any more. */
  readonly descriptor: number | null;
  /** Whether a connection that was accepted is in its handshakes yet. */
  readonly hasHandshakes: boolean;
  /** Whether connections to this endpoint come to its socket already. */
  listensOn(endpoint: ListeningEndpointConfig): boolean;
  /**
   * Prepares another configuration on the same socket. Open connections keep that with which they were accepted.
   * `isForced`: services are opened again although nothing of theirs has changed.
   *
   * @throws Failure when a certificate cannot be used, or a Web service cannot be opened.
   */
  prepare(config: TransportConfig, isForced: boolean): Promise<PreparedChange>;
  /** Stops accepting, and takes no further requests; sessions and requests that have begun stay. */
  retire(): void;
  /** Whether one that is retired still has connections or sessions. */
  readonly isInUse: boolean;
  /** Stops accepting; open connections stay. */
  stopAccepting(): void;
  /** The same, but the socket is left to another process that has it too. */
  leaveSocket(): void;
  /** The process before has left the socket: its file is removed when this one stops to listen. */
  takeSocketFile(): void;
  /** Reads the certificates again, where there are any; open connections stay. */
  renewCertificates(): void;
  /** Closes the open connections, frees the port and removes socket files. */
  close(): Promise<void>;
}
