/**
 * The headers of WebSocket frames: a server never masks, and a client always does (RFC 6455, section 5.2).
 *
 * @module
 */

/** Opcodes of frames. */
export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** The bit that marks the last frame of a message. */
export const FIN = 0x80;

/** The bit that marks a compressed message, on its first frame (RFC 7692). */
export const RSV1 = 0x40;

/** The bit of the second octet that marks a masked frame. */
export const MASKED = 0x80;

/** Length of the longest frame header, with its mask. */
export const MAX_FRAME_HEADER_OCTETS = 14;

/** Writes the header of a client's frame, which ends with the masking key; gives its length. */
export function writeMaskedFrameHeader(
  target: Uint8Array,
  first: number,
  length: number,
  key: number,
): number {
  const octets = writeFrameHeader(target, 0, first, length);
  target[1] = (target[1] as number) | MASKED;
  for (let index = 0; index < 4; index++) target[octets + index] = key >>> (24 - 8 * index);
  return octets + 4;
}

/** Writes the header of a server's frame; gives its length. `first` is its first octet: FIN, RSV1 and the opcode. */
export function writeFrameHeader(
  target: Uint8Array,
  at: number,
  first: number,
  length: number,
): number {
  target[at] = first;
  if (length < 126) {
    target[at + 1] = length;
    return 2;
  }
  if (length < 0x10000) {
    target[at + 1] = 126;
    target[at + 2] = length >> 8;
    target[at + 3] = length;
    return 4;
  }
  target[at + 1] = 127;
  target.fill(0, at + 2, at + 6);
  target[at + 6] = length >>> 24;
  target[at + 7] = length >>> 16;
  target[at + 8] = length >>> 8;
  target[at + 9] = length;
  return 10;
}
