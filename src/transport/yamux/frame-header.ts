/**
 * The frames of yamux, version 0 (github.com/hashicorp/yamux, spec.md): a header of twelve octets, and the
 * payload of a data frame.
 *
 *     version 1 octet | type 1 octet | flags 2 octets | stream 4 octets | length 4 octets
 *
 * The length is that of the payload. In a window update it is the number of octets granted, in a ping any
 * value, in GoAway the reason.
 *
 * @module
 */

/** Octets before the payload. */
export const FRAME_HEADER_OCTETS = 12;

/** Octets that a side may send on a stream before the other side has granted more. */
export const INITIAL_WINDOW = 256 * 1024;

/** Types of frames. */
export const FrameType = { data: 0, windowUpdate: 1, ping: 2, goAway: 3 } as const;

/** Flags of a frame; several may be set. */
export const Flag = { syn: 1, ack: 2, fin: 4, rst: 8 } as const;

/** Why a connection ends, in GoAway. */
export const GoAwayReason = { normal: 0, protocolError: 1 } as const;

/** Writes a header at a position of `target`. */
export function writeFrameHeader(
  target: Uint8Array,
  at: number,
  type: number,
  flags: number,
  stream: number,
  length: number,
): void {
  target[at] = 0;
  target[at + 1] = type;
  target[at + 2] = 0;
  target[at + 3] = flags;
  writeUint32(target, at + 4, stream);
  writeUint32(target, at + 8, length);
}

/** A sentence about a header that no frame of this version has; null: it has one. */
export function headerFault(octets: Uint8Array, at: number): string | null {
  if (octets[at] !== 0) return `version ${octets[at]} of yamux is not supported`;
  const type = typeAt(octets, at);
  return type > FrameType.goAway ? `frame type ${type} of yamux is unknown` : null;
}

/** The type of the frame whose header begins here. */
export function typeAt(octets: Uint8Array, at: number): number {
  return octets[at + 1] as number;
}

/** Its flags; the upper octet has none. */
export function flagsAt(octets: Uint8Array, at: number): number {
  return octets[at + 3] as number;
}

/** The number of its stream. */
export function streamAt(octets: Uint8Array, at: number): number {
  return readUint32(octets, at + 4);
}

/** Its length, or what the type has in its place. */
export function lengthAt(octets: Uint8Array, at: number): number {
  return readUint32(octets, at + 8);
}

function writeUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

function readUint32(octets: Uint8Array, at: number): number {
  return (
    (((octets[at] as number) << 24) |
      ((octets[at + 1] as number) << 16) |
      ((octets[at + 2] as number) << 8) |
      (octets[at + 3] as number)) >>>
    0
  );
}
