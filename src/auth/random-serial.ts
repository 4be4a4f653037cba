/**
 * Random authids, for whoever has none: anonymous clients, and the proxy's own sessions.
 *
 * @module
 */

const ALPHABET = "ACEFGHJKLMNPQRTUVWXY34679";

/** A random authid in Crossbar's form, `XXXX-XXXX-XXXX-XXXX-XXXX-XXXX`, of letters hard to confuse. */
export function randomSerial(): string {
  const letters: string[] = [];
  while (letters.length < 24) {
    for (const octet of crypto.getRandomValues(new Uint8Array(32))) {
      // 250 is the largest multiple of the alphabet's 25 letters: beyond it some would be likelier.
      if (octet < 250 && letters.length < 24) letters.push(ALPHABET[octet % 25] ?? "A");
    }
  }
  return letters.join("").replace(/(.{4})(?=.)/g, "$1-");
}
