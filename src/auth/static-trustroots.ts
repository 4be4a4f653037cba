/**
 * Principals by certificates: their chain has to lead to the trusted root of the realm.
 *
 * @module
 */

import { checksumAddress } from "#base/eip712-certificate.ts";
import type { TrustrootConfig } from "#config/auth/principal-config.ts";
import { readChain, verifyChain } from "./certificate-chain.ts";
import type { CryptosignCredentials } from "./cryptosign.ts";
import { type Deny, deny, denyWrongProof } from "./pending-auth.ts";
import type { Principal, PrincipalQuery, PrincipalSource } from "./principal.ts";

/** The authid is the delegate's address, as in Crossbar; its key has to sign the challenge. */
export class StaticTrustroots implements PrincipalSource<CryptosignCredentials> {
  readonly authprovider = "static";
  readonly #roots: Record<string, TrustrootConfig>;

  constructor(roots: Record<string, TrustrootConfig>) {
    this.#roots = roots;
  }

  async find({
    request,
  }: PrincipalQuery): Promise<(Principal & CryptosignCredentials) | Deny | undefined> {
    const { trustroot, certificates } = request.authextra as TrustrootAuthextra;
    const root = Object.hasOwn(this.#roots, request.realm) ? this.#roots[request.realm] : undefined;
    if (root === undefined) return undefined;
    if (typeof trustroot !== "string" || trustroot.toLowerCase() !== root.issuer) {
      const state = "authextra.trustroot is not the trusted root of this realm";
      return denyWrongProof("cryptosign", state);
    }
    const chain = readChain(certificates);
    if (typeof chain === "string") return deny("cryptosign", chain);
    const delegate = verifyChain(chain, root);
    if (typeof delegate === "string") return denyWrongProof("cryptosign", delegate);
    return {
      authid: checksumAddress(delegate.delegate),
      role: root.role,
      realm: root.realm,
      authorized_keys: [delegate.csPubKey],
    };
  }
}

interface TrustrootAuthextra {
  trustroot?: unknown;
  certificates?: unknown;
}
