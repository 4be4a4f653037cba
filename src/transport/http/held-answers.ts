/**
 * HeldAnswers: limits what the answers of this process hold in memory while their clients do not read them.
 *
 * @module
 */

import type { ConnectionSocket } from "#transport/endpoint/connection.ts";

/** Octets that all answers may hold; the largest single answer is a quarter of it. */
const MAX_HELD_OCTETS = 64 * 1024 * 1024;

/** The memory that the answer on a socket holds. */
const held = new Map<ConnectionSocket, ArrayBufferLike>();

/** How many answers hold the same memory, which counts once. */
const holders = new Map<ArrayBufferLike, number>();
let total = 0;

/** The answers that a socket has not taken whole, but for those whose octets stay in memory anyway. */
export const HeldAnswers = {
  /** Octets that are held now. */
  get octets(): number {
    return total;
  },

  /** Adds the answer on a socket, in place of the one before it. Where there are too many, those that have waited longest are cut off. */
  add(socket: ConnectionSocket, { buffer }: Uint8Array): void {
    HeldAnswers.delete(socket);
    const others = holders.get(buffer) ?? 0;
    held.set(socket, buffer);
    holders.set(buffer, others + 1);
    if (others === 0) total += buffer.byteLength;
    for (const other of held.keys()) {
      if (total <= MAX_HELD_OCTETS || other === socket) return;
      HeldAnswers.delete(other);
      other.terminate();
    }
  },

  /** Takes the answer on a socket off the account. */
  delete(socket: ConnectionSocket): void {
    const buffer = held.get(socket);
    if (buffer === undefined) return;
    held.delete(socket);
    const others = (holders.get(buffer) ?? 0) - 1;
    if (others > 0) {
      holders.set(buffer, others);
      return;
    }
    holders.delete(buffer);
    total -= buffer.byteLength;
  },
};
