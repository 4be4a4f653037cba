/**
 * RawSocket frames: one octet of type, three of length, then the payload.
 *
 * The upper five bits of the first octet are reserved and zero. A length of four octets, as some
 * implementations send it, is the same on the wire up to 16 MiB less one octet.
 *
 * @module
 */

/** Octets before the payload. */
export const FRAME_HEADER_OCTETS = 4;

/** Longest payload with three octets of length. */
export const MAX_FRAME_OCTETS = 2 ** 24 - 1;

/** Types of frames. */
export const FrameType = { message: 0, ping: 1, pong: 2 } as const;

/** The type of a frame on the wire. */
export type FrameTypeNumber = (typeof FrameType)[keyof typeof FrameType];

/** Writes the header of a frame into four octets of `target`. */
export function writeFrameHeader(
  target: Uint8Array,
  at: number,
  type: FrameTypeNumber,
  length: number,
): void {
  target[at] = type;
  target[at + 1] = length >>> 16;
  target[at + 2] = (length >>> 8) & 0xff;
  target[at + 3] = length & 0xff;
}
