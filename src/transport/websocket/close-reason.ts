/**
 * Reasons of close frames.
 *
 * @module
 */

/** Octets that a close frame has for its reason (RFC 6455, sections 5.5 and 5.5.1). */
const REASON_OCTETS = 123;

const room = new Uint8Array(REASON_OCTETS);

/** The longest start of a reason that fits into a close frame; no character is cut. */
export function fittingReason(reason: string): string {
  if (Buffer.byteLength(reason) <= REASON_OCTETS) return reason;
  const { read } = new TextEncoder().encodeInto(reason, room);
  return reason.slice(0, read);
}
