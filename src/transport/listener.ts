/**
 * Listener: what every running transport is to the worker that started it.
 *
 * @module
 */

import type { SessionConfig } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { Peer, PeerHandler } from "#wamp/peer.ts";
import type { WampCaller } from "#wamp/wamp-caller.ts";

/** What a transport, and each Web service on it, needs of the worker around it. */
export interface TransportContext {
  log: Logger;
  nodeInfo: NodeInfo;
  /** Where Web services call and publish; absent where nothing is called. */
  wampCaller?: WampCaller;
}

/** What the info page tells of the node. */
export interface NodeInfo {
  release: string;
  /** Version of Bun. */
  bun: string;
  nodeId: string;
  workerId: string;
  workerType: string;
  pid: number;
  /** When the worker started, as an ISO 8601 time. */
  startedAt: string;
  /** Number of workers of the node. */
  workers: number;
}

/** Makes the handler of a peer that has just connected, by the way its sessions begin. */
export type AcceptPeerWithSession = (peer: Peer, session: SessionConfig) => PeerHandler;

/** A transport that is listening. */
export interface Listener {
  /** Id of the transport in node.json. */
  readonly id: string;
  /** Where it is reached: `ws://0.0.0.0:8080/ws`, `http://0.0.0.0:8080/`, `rs+unix:/path`. */
  readonly urls: string[];
  /** Refuses new connections; those that are open stay. */
  stopAccepting(): void;
  /** Reads the certificates again, where there are any; open connections stay. */
  renewCertificates(): void;
  /** Ends what is still open, frees the port and removes socket files. */
  close(): Promise<void>;
}
