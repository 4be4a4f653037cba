/**
 * Options of WebSocket paths as settings of the one Bun server that carries them all.
 *
 * Bun takes these settings per server, so each is the widest that a path asks for; what is narrower
 * on a path is enforced by that path itself.
 *
 * @module
 */

import type { WebSocketOptions } from "#config/node-config.ts";

/** Longest message, in octets, where a path sets no limit: the largest that node.json can say. */
export const largestMessageOctets = 64 * 1024 * 1024;

/**
 * Octets that Bun queues for one connection before it drops messages. Far above the limit at which
 * a peer is closed, so that Bun never drops one.
 */
const backpressureLimit = 128 * 1024 * 1024;

/** Longest message, in octets, that a path takes. */
export function maxMessageOctets(options: WebSocketOptions): number {
  return options.max_message_size === 0 ? largestMessageOctets : options.max_message_size;
}

const widestWindows = { compress: "256KB", decompress: "32KB" } as const;

/** The settings of Bun's server for WebSocket paths with these options. */
export function webSocketServeOptions(options: readonly WebSocketOptions[]) {
  return {
    // Keepalive is our own: Bun's pings never end a connection that is only being sent to.
    idleTimeout: 0,
    sendPings: false,
    backpressureLimit,
    closeOnBackpressureLimit: false,
    // Up to twice the limit a message is read, so that what is too long can be answered.
    maxPayloadLength: 2 * Math.max(1, ...options.map(maxMessageOctets)),
    // The widest windows; what a path takes of them is said by the offer that Bun is handed.
    perMessageDeflate: options.some(({ compression }) => compression !== null) && widestWindows,
  } as const;
}
