/**
 * Authmethod `tls`: the client has proved in the TLS handshake who it is, with its certificate.
 *
 * @module
 */

import { deny, denyProof, isDeny } from "./deny.ts";
import type { AuthOutcome, HelloRequest, PendingAuth } from "./pending-auth.ts";
import { acceptPrincipal, type Claim, type Principal, type PrincipalSource } from "./principal.ts";

/** Lets in whom the source knows by the certificate; there is nothing left to prove. */
export class TlsAuth implements PendingAuth {
  readonly #source: PrincipalSource<unknown>;

  constructor(source: PrincipalSource<unknown>) {
    this.#source = source;
  }

  async hello(request: HelloRequest): Promise<AuthOutcome> {
    if (request.transport.clientCertificate === undefined) {
      return deny("tls", "the client showed no certificate");
    }
    const claim = { authmethod: "tls", request };
    const principal = await this.#source.find(claim);
    if (isDeny(principal)) return principal;
    if (principal === undefined) return denyProof("tls");
    return acceptPrincipal(principal, claim, this.#source.authprovider);
  }
}

/** Fingerprints of the one certificate of a principal, as `ClientCertificate` spells them. */
export interface CertificateFingerprints {
  "certificate-sha1"?: string | undefined;
  "certificate-sha256"?: string | undefined;
}

/** Principals of the configuration, by their certificate; the authid that a client says is nothing. */
export class StaticCertificates implements PrincipalSource<unknown> {
  readonly authprovider = "static";
  readonly #principals: Record<string, Principal & CertificateFingerprints>;

  constructor(principals: Record<string, Principal & CertificateFingerprints>) {
    this.#principals = principals;
  }

  async find({ request }: Claim): Promise<Principal | undefined> {
    const shown = request.transport.clientCertificate;
    if (shown === undefined) return undefined;
    const owner = Object.entries(this.#principals).find(([, principal]) => {
      const { "certificate-sha1": sha1, "certificate-sha256": sha256 } = principal;
      if (sha1 === undefined && sha256 === undefined) return false;
      return (sha1 ?? shown.sha1) === shown.sha1 && (sha256 ?? shown.sha256) === shown.sha256;
    });
    if (owner === undefined) return undefined;
    const [authid, { role }] = owner;
    return { authid, role };
  }
}
