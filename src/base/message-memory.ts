/**
 * The memory of this process for messages that are not complete yet, or wait for another thread.
 *
 * @module
 */

let heldOctets = 0;

/** Octets that such messages hold. */
export function messageMemory(): number {
  return heldOctets;
}

/** Counts octets as held; a negative number counts them as free again. */
export function holdMessageMemory(octets: number): void {
  heldOctets += octets;
}
