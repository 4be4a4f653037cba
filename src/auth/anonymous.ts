/**
 * Authmethod `anonymous`: the client proves nothing. With `static` every client gets one role;
 * with `dynamic` an authenticator chooses the role, or refuses.
 *
 * @module
 */

import {
  type AuthOutcome,
  denyProof,
  type HelloRequest,
  isDeny,
  type PendingAuth,
} from "./pending-auth.ts";
import { acceptPrincipal, type PrincipalSource } from "./principal.ts";
import { randomAuthid } from "./random-authid.ts";

/** Accepts each client with the source's authid or a random one, never with the client's own. */
export class AnonymousAuth implements PendingAuth {
  readonly #source: PrincipalSource<object>;

  constructor(source: PrincipalSource<object>) {
    this.#source = source;
  }

  async hello(hello: HelloRequest): Promise<AuthOutcome> {
    const request = { ...hello, authid: randomAuthid() };
    const query = { authmethod: "anonymous", request };
    const principal = await this.#source.find(query);
    if (isDeny(principal)) return principal;
    if (principal === undefined) return denyProof("anonymous");
    return acceptPrincipal(principal, query, this.#source.authprovider);
  }
}
