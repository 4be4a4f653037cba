/**
 * freeOctets: gives the memory of long arrays back at once. The garbage collector would do it much later,
 * so that a flood of long messages would take several times the memory that is in use.
 *
 * @module
 */

/** Shorter arrays are left to the garbage collector, which is faster for them. */
const LONG_OCTETS = 128 * 1024;

/** Frees octets that nothing uses any more, and all other views of their memory. */
export function freeOctets(octets: Uint8Array<ArrayBuffer>): void {
  if (octets.length >= LONG_OCTETS) octets.buffer.transfer(0);
}
