/**
 * fittingReason: the reason of a close frame, cut to the length that fits.
 *
 * @module
 */

/** Longest reason of a close frame (RFC 6455, sections 5.5 and 5.5.1). */
const MAX_REASON_OCTETS = 123;

const scratch = new Uint8Array(MAX_REASON_OCTETS);

/** The longest prefix of a reason that fits into a close frame; no character is cut. */
export function fittingReason(reason: string): string {
  if (Buffer.byteLength(reason) <= MAX_REASON_OCTETS) return reason;
  const { read } = new TextEncoder().encodeInto(reason, scratch);
  return reason.slice(0, read);
}
