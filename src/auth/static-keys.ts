/**
 * Principals of the configuration, by authid or by their public key.
 *
 * @module
 */

import { type CryptosignCredentials, DECOY_KEY } from "./cryptosign.ts";
import { DecoyPrincipals, type MakeDecoy } from "./decoy-principals.ts";
import {
  type Principal,
  type PrincipalQuery,
  type PrincipalSource,
  StaticPrincipals,
} from "./principal.ts";

/** Without an authid in HELLO, the public key decides, if it belongs to exactly one principal. */
export class StaticKeys implements PrincipalSource<CryptosignCredentials> {
  readonly authprovider = "static";
  readonly #principals: Record<string, Principal & CryptosignCredentials>;

  /** Keys are in lower-case hex. */
  constructor(principals: Record<string, Principal & CryptosignCredentials>) {
    this.#principals = principals;
  }

  async find(query: PrincipalQuery): Promise<(Principal & CryptosignCredentials) | undefined> {
    if (query.request.authid !== undefined) {
      return new StaticPrincipals(this.#principals).find(query);
    }
    const pubkey = String(query.details?.["pubkey"]).toLowerCase();
    const owners = Object.entries(this.#principals).filter(([, { authorized_keys: keys }]) =>
      keys.includes(pubkey),
    );
    const [owner] = owners;
    if (owner === undefined || owners.length > 1) return undefined;
    const [authid, principal] = owner;
    return { ...principal, authid };
  }

  /** A decoy with as many keys as its template, because each key costs a verification. */
  decoy({ request }: PrincipalQuery): (Principal & CryptosignCredentials) | undefined {
    if (request.authid === undefined) return undefined;
    return DecoyPrincipals.of(this.#principals).decoyFor(decoyKeys, request.authid);
  }
}

const decoyKeys: MakeDecoy<Principal & CryptosignCredentials> = (template) => ({
  ...template,
  authorized_keys: template.authorized_keys.map(() => DECOY_KEY),
});
