/**
 * Authmethod `anonymous`: the client proves nothing. Static, everybody is let in with one role;
 * dynamic, an authenticator says with which, or refuses.
 *
 * @module
 */

import { denyProof, isDeny } from "./deny.ts";
import type { AuthOutcome, HelloRequest, PendingAuth } from "./pending-auth.ts";
import { acceptPrincipal, type PrincipalSource } from "./principal.ts";
import { randomAuthid } from "./random-authid.ts";

/** Accepts whom the source knows; authid is the source's or a random serial, never the client's. */
export class AnonymousAuth implements PendingAuth {
  readonly #source: PrincipalSource<object>;

  constructor(source: PrincipalSource<object>) {
    this.#source = source;
  }

  async hello(hello: HelloRequest): Promise<AuthOutcome> {
    const request = { ...hello, authid: randomAuthid() };
    const claim = { authmethod: "anonymous", request };
    const principal = await this.#source.find(claim);
    if (isDeny(principal)) return principal;
    if (principal === undefined) return denyProof("anonymous");
    return acceptPrincipal(principal, claim, this.#source.authprovider);
  }
}
