/**
 * Options of WebSocket paths as settings of the one Bun server that carries them all.
 *
 * Bun takes these settings per server, so each is the widest that a path asks for; what is narrower
 * on a path is enforced by that path itself.
 *
 * @module
 */

import type { WebSocketOptions, WebSocketServiceConfig } from "#config/node-config.ts";

/** Longest message, in octets, where a path sets no limit: the largest that node.json can say. */
export const largestMessageOctets = 64 * 1024 * 1024;

/**
 * Octets that Bun queues for one connection before it drops messages. Far above the limit at which
 * a peer is closed, so that Bun never drops one.
 */
const backpressureLimit = 128 * 1024 * 1024;

type Compressor = "3KB" | "4KB" | "8KB" | "16KB" | "32KB" | "64KB" | "128KB" | "256KB";

/** Bun's compressor sizes by the deflate window bits that they lead to. */
const compressorByBits: readonly [number, Compressor][] = [
  [9, "4KB"],
  [10, "8KB"],
  [11, "16KB"],
  [12, "32KB"],
  [13, "64KB"],
  [14, "128KB"],
];

/** The same for decompressors; below 11 bits Bun has none. */
const decompressorByBits: readonly [number, Compressor][] = [
  [11, "3KB"],
  [12, "4KB"],
  [13, "8KB"],
  [14, "16KB"],
];

/** Longest message, in octets, that a path takes. */
export function maxMessageOctets(options: WebSocketOptions): number {
  return options.max_message_size === 0 ? largestMessageOctets : options.max_message_size;
}

/** The settings of Bun's server for these WebSocket paths. */
export function webSocketServeOptions(services: readonly WebSocketServiceConfig[]) {
  const options = services.map((service) => service.options);
  const deflates = options.flatMap(({ compression }) => compression?.deflate ?? []);
  return {
    // Keepalive is our own: Bun's pings never end a connection that is only being sent to.
    idleTimeout: 0,
    sendPings: false,
    backpressureLimit,
    closeOnBackpressureLimit: false,
    // Up to twice the limit a message is read, so that what is too long can be answered.
    maxPayloadLength: 2 * Math.max(1, ...options.map(maxMessageOctets)),
    perMessageDeflate: deflates.length > 0 && {
      compress: sizeFor(
        deflates.map((deflate) => deflate.max_window_bits),
        compressorByBits,
        "256KB",
      ),
      decompress: sizeFor(
        deflates.map((deflate) => deflate.request_max_window_bits),
        decompressorByBits,
        "32KB",
      ),
    },
  } as const;
}

/** The size for the widest window asked for; 0 asks for no limit. */
function sizeFor(
  bits: readonly number[],
  table: readonly [number, Compressor][],
  largest: Compressor,
): Compressor {
  const widest = Math.max(...bits.map((count) => (count === 0 ? 15 : count)));
  return table.find(([count]) => widest <= count)?.[1] ?? largest;
}
