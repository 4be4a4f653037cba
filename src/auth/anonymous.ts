/**
 * Authmethod `anonymous`: the client proves nothing. Static, everybody is let in with one role;
 * dynamic, an authenticator says with which, or refuses.
 *
 * @module
 */

import type { AuthOutcome, HelloRequest, PendingAuth } from "./pending-auth.ts";
import { acceptPrincipal, type PrincipalSource } from "./principal.ts";
import { denyProof, isDeny } from "./refusal.ts";

const ALPHABET = "ACEFGHJKLMNPQRTUVWXY34679";

/** Accepts whom the source knows; authid is the source's or a random serial, never the client's. */
export class AnonymousAuth implements PendingAuth {
  readonly #source: PrincipalSource<object>;

  constructor(source: PrincipalSource<object>) {
    this.#source = source;
  }

  async hello(hello: HelloRequest): Promise<AuthOutcome> {
    const request = { ...hello, authid: randomSerial() };
    const claim = { authmethod: "anonymous", request };
    const principal = await this.#source.find(claim);
    if (isDeny(principal)) return principal;
    if (principal === undefined) return denyProof("anonymous");
    return acceptPrincipal(principal, claim, this.#source.authprovider);
  }
}

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
