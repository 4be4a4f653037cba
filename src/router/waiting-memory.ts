/**
 * WaitingMemory: the memory of this process for requests that wait for an authorizer.
 *
 * What a session may hold becomes less while others hold much, so that there is always room for one that holds
 * nothing:
 *
 *     held by others     none      64 MiB    128 MiB
 *     a session's part   32 MiB    24 MiB    16 MiB
 *
 * @module
 */

/** Most octets of all sessions. */
const MOST_OCTETS = 256 * 1024 * 1024;

/** The part of what others leave that the requests of one session may hold. */
const SESSION_PART = 1 / 8;

/** The part of it that its first request may hold, which may be a long message. */
const FIRST_PART = 1 / 2;

/** Counts what waits. */
export class WaitingMemory {
  #heldOctets = 0;

  /** Whether a session may hold more; `own`: what it holds already. */
  hasRoom(own: number, octets: number): boolean {
    const left = MOST_OCTETS - (this.#heldOctets - own);
    return own + octets <= left * (own === 0 ? FIRST_PART : SESSION_PART);
  }

  /** Counts octets as held; a negative number counts them as free again. */
  hold(octets: number): void {
    this.#heldOctets += octets;
  }
}

/** The memory of this process, whose sessions share it. */
export const waitingMemory = new WaitingMemory();
