/**
 * Authmethod `ticket`: the client shows a secret that the principal is known by.
 *
 * @module
 */

import { isEqualSecret } from "./constant-time.ts";
import { denyProof, isDeny } from "./deny.ts";
import type { AuthOutcome, HelloRequest, PendingAuth } from "./pending-auth.ts";
import { acceptPrincipal, type PrincipalSource } from "./principal.ts";

/** In the place of a ticket: whoever found the principal was shown the client's, and took it. */
export const JUDGED = Symbol("judged");

/** A secret that is shown as it is. */
export interface TicketCredentials {
  ticket: string | typeof JUDGED;
}

/** Challenges for a ticket; one that nobody has judged yet is compared, in constant time. */
export class TicketAuth implements PendingAuth {
  readonly #source: PrincipalSource<TicketCredentials>;
  #request: HelloRequest | undefined;

  constructor(source: PrincipalSource<TicketCredentials>) {
    this.#source = source;
  }

  hello(request: HelloRequest): AuthOutcome {
    this.#request = request;
    return { kind: "challenge", authmethod: "ticket", extra: {} };
  }

  async authenticate(signature: string): Promise<AuthOutcome> {
    const request = this.#request;
    // One try for each CHALLENGE: a second AUTHENTICATE finds nothing to prove.
    this.#request = undefined;
    if (request === undefined) return denyProof("ticket");
    const claim = { authmethod: "ticket", request };
    const principal = await this.#source.find({ ...claim, details: { ticket: signature } });
    if (isDeny(principal)) return principal;
    if (principal?.ticket !== JUDGED) {
      // An unknown authid costs the same comparison, so that time does not tell which authids exist.
      const matches = isEqualSecret(signature, principal?.ticket ?? "");
      if (principal === undefined || !matches) return denyProof("ticket");
    }
    return acceptPrincipal(principal, claim, this.#source.authprovider);
  }
}
