/**
 * WebSocket frames as a server sends them, never masked (RFC 6455, section 5.2).
 *
 * @module
 */

/** Opcodes of frames. */
export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** The bit that marks the last frame of a message. */
export const FIN = 0x80;

/** The bit that marks a compressed message, on its first frame (RFC 7692). */
export const RSV1 = 0x40;

/** Length of the longest frame header. */
export const MAX_FRAME_HEADER_OCTETS = 10;

/** Writes the header of a frame; gives its length. `first` is its first octet: FIN, RSV1 and the opcode. */
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
