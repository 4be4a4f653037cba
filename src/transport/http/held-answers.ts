/**
 * HeldAnswers: limits what the answers of this process hold in memory while their clients do not read them.
 *
 * @module
 */

import type { ConnectionSocket } from "#transport/endpoint/connection.ts";

/** Octets that all answers may hold; the largest single answer is a quarter of it. */
const MAX_HELD_OCTETS = 64 * 1024 * 1024;

const held = new Map<ConnectionSocket, number>();
let total = 0;

/** The answers that were made for one client each and that a socket has not taken whole. */
export const HeldAnswers = {
  /** Octets that are held now. */
  get octets(): number {
    return total;
  },

  /** Adds the answer on a socket. Where there are too many, those that have waited longest are cut off. */
  add(socket: ConnectionSocket, octets: number): void {
    held.set(socket, octets);
    total += octets;
    for (const other of [...held.keys()]) {
      if (total <= MAX_HELD_OCTETS || other === socket) return;
      HeldAnswers.delete(other);
      other.terminate();
    }
  },

  /** Takes the answer on a socket off the account. */
  delete(socket: ConnectionSocket): void {
    total -= held.get(socket) ?? 0;
    held.delete(socket);
  },
};
