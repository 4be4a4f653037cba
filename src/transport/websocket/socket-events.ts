/**
 * What Bun tells of one open WebSocket, and what it keeps with the socket.
 *
 * @module
 */

import type { WebSocketOptions } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { TransportDetails } from "#wamp/peer.ts";

/** The events of one socket. */
export interface SocketEvents {
  /** The handshake is complete; comes first. */
  opened(): void;
  /** A whole message arrived; octets are borrowed. */
  received(message: string | Uint8Array): void;
  /** A ping arrived; Bun has answered it. */
  pinged(): void;
  /** A pong arrived. */
  ponged(payload: Uint8Array): void;
  /** The other side took octets that were waiting. */
  drained(): void;
  /** The connection ended. */
  ended(code: number, reason: string): void;
}

/** What came with the upgrade, and whoever takes the events once the socket is open. */
export interface WebSocketData {
  readonly options: WebSocketOptions;
  readonly details: Pick<TransportDetails, "peer">;
  readonly log: Logger;
  /** Makes whoever takes the events. */
  readonly open: (socket: OpenSocket) => SocketEvents;
  events: SocketEvents | undefined;
}

/** Bun's socket as this program uses it. */
export type OpenSocket = Bun.ServerWebSocket<WebSocketData>;
