/**
 * Principals of the configuration, by authid or by their public key.
 *
 * @module
 */

import { type CryptosignCredentials, DECOY_KEY } from "./cryptosign.ts";
import { DecoyPrincipals, type MakeDecoy } from "./decoy-principals.ts";
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

  /** Somebody with as many keys, for each of them is tried. */
  decoy({ request }: Claim): (Principal & CryptosignCredentials) | undefined {
    if (request.authid === undefined) return undefined;
    return DecoyPrincipals.of(this.#principals).decoyFor(decoyKeys, request.authid);
  }
}

const decoyKeys: MakeDecoy<Principal & CryptosignCredentials> = (like) => ({
  ...like,
  authorized_keys: like.authorized_keys.map(() => DECOY_KEY),
});
