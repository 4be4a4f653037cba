/**
 * Principals of the configuration, by authid or by their public key.
 *
 * @module
 */

import type { CryptosignCredentials } from "./cryptosign.ts";
import { type Claim, type Principal, type PrincipalSource, StaticPrincipals } from "./principal.ts";

/** A client that says no authid is whom its public key belongs to, if that is one principal. */
export class StaticKeys implements PrincipalSource<CryptosignCredentials> {
  readonly authprovider = "static";
  readonly #principals: Record<string, Principal & CryptosignCredentials>;

  /** Keys are in lower-case hex. */
  constructor(principals: Record<string, Principal & CryptosignCredentials>) {
    this.#principals = principals;
  }

  async find(claim: Claim): Promise<(Principal & CryptosignCredentials) | undefined> {
    if (claim.request.authid !== undefined) {
      return new StaticPrincipals(this.#principals).find(claim);
    }
    const pubkey = String(claim.details?.["pubkey"]).toLowerCase();
    const owners = Object.entries(this.#principals).filter(([, { authorized_keys: keys }]) =>
      keys.includes(pubkey),
    );
    const [owner] = owners;
    if (owner === undefined || owners.length > 1) return undefined;
    const [authid, principal] = owner;
    return { ...principal, authid };
  }
}
