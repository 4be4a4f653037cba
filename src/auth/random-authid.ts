/**
 * Random authids, for whoever has none: anonymous clients, and the proxy's own sessions.
 *
 * @module
 */

const ALPHABET = "ACEFGHJKLMNPQRTUVWXY34679";

/** The largest multiple of the alphabet's 25 letters: beyond it some would be likelier. */
const FAIR_OCTETS = 250;

/** More than a serial needs, as some are not fair; reused for all. */
const scratch = new Uint8Array(64);

/** A random authid in Crossbar's form, `XXXX-XXXX-XXXX-XXXX-XXXX-XXXX`, of letters hard to confuse. */
export function randomAuthid(): string {
  let serial = "";
  for (let at = scratch.length; serial.length < 29; at++) {
    if (at >= scratch.length) {
      crypto.getRandomValues(scratch);
      at = 0;
    }
    const octet = scratch[at] ?? FAIR_OCTETS;
    if (octet >= FAIR_OCTETS) continue;
    if (serial.length % 5 === 4) serial += "-";
    serial += ALPHABET[octet % ALPHABET.length];
  }
  return serial;
}
