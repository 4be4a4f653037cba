/**
 * Random authids, for anonymous clients and for the proxy's own sessions.
 *
 * @module
 */

const ALPHABET = "ACEFGHJKLMNPQRTUVWXY34679";

/** The largest multiple of the 25 letters: octets from here on would make some letters likelier. */
const FAIR_LIMIT = 250;

/** More octets than one authid needs, as those beyond the limit are skipped; reused for all. */
const random = new Uint8Array(64);

/** A random authid in Crossbar's form, `XXXX-XXXX-XXXX-XXXX-XXXX-XXXX`, of letters hard to confuse. */
export function randomAuthid(): string {
  let authid = "";
  for (let at = random.length; authid.length < 29; at++) {
    if (at >= random.length) {
      crypto.getRandomValues(random);
      at = 0;
    }
    const octet = random[at] ?? FAIR_LIMIT;
    if (octet >= FAIR_LIMIT) continue;
    if (authid.length % 5 === 4) authid += "-";
    authid += ALPHABET[octet % ALPHABET.length];
  }
  return authid;
}
