/**
 * Ownership of octets: messages are borrowed, so code that keeps one copies it. Copying 16 MiB takes up to
 * twenty milliseconds, so the parts of the program that make long messages say when no copy is needed.
 *
 *     given     nothing uses the octets after the message was handled: one part may take them
 *     shared    nothing ever changes the octets: every part may keep them
 *
 * Memory of long messages that were taken is given back at once. The garbage collector would do it much later,
 * so that a flood of long messages would take several times the memory that is in use.
 *
 * @module
 */

/** Shorter arrays are copied, and left to the garbage collector: that is faster for them. */
const LONG_OCTETS = 128 * 1024;

/** Shorter reads are left to the garbage collector. */
const LONG_READ_OCTETS = 16 * 1024;

const given = new WeakSet<Uint8Array>();
const shared = new WeakSet<Uint8Array>();

/** Declares that the handler of a message may take its octets, and their memory, which has nothing else in use. */
export function giveOctets<T extends Uint8Array>(octets: T): T {
  if (octets.length >= LONG_OCTETS) given.add(octets);
  return octets;
}

/** Declares that octets stay as they are for as long as they are kept. */
export function shareOctets<T extends Uint8Array>(octets: T): T {
  if (octets.length >= LONG_OCTETS) shared.add(octets);
  return octets;
}

/** Whether octets were shared. */
export function isShared(octets: Uint8Array): boolean {
  return octets.length >= LONG_OCTETS && shared.has(octets);
}

/** The octets themselves where they were given, which takes them; otherwise a copy. */
export function takeOctets(octets: Uint8Array): Uint8Array<ArrayBuffer> {
  if (octets.length < LONG_OCTETS || !isOfArrayBuffer(octets)) return new Uint8Array(octets);
  return given.delete(octets) ? octets : new Uint8Array(octets);
}

/** Octets that may be kept but not changed: themselves where they were given or are shared; undefined: copy them. */
export function keepOctets(octets: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (octets.length < LONG_OCTETS || !isOfArrayBuffer(octets)) return undefined;
  return shared.has(octets) || given.delete(octets) ? octets : undefined;
}

/** Frees octets that were taken or kept, and all other views of their memory. */
export function freeOctets(octets: Uint8Array<ArrayBuffer>): void {
  if (octets.length >= LONG_OCTETS && !shared.has(octets)) octets.buffer.transfer(0);
}

/** Frees octets that were read from a socket and are handled, if they are all of their memory. */
export function freeHandled(octets: Uint8Array): void {
  if (octets.length < LONG_READ_OCTETS || octets.length !== octets.buffer.byteLength) return;
  if (isOfArrayBuffer(octets)) octets.buffer.transfer(0);
}

/** Frees octets that were given, unless they were taken or kept since. */
export function freeUntaken(octets: Uint8Array<ArrayBuffer>): void {
  if (given.delete(octets)) freeOctets(octets);
}

function isOfArrayBuffer(octets: Uint8Array): octets is Uint8Array<ArrayBuffer> {
  return octets.buffer instanceof ArrayBuffer;
}
