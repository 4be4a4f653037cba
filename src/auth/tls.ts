/**
 * Authmethod `tls`: the client's certificate, checked in the TLS handshake, is its proof.
 *
 * @module
 */

import type { ClientCertificate } from "#wamp/peer.ts";
import {
  type AuthOutcome,
  deny,
  denyProof,
  type HelloRequest,
  isDeny,
  type PendingAuth,
} from "./pending-auth.ts";
import {
  acceptPrincipal,
  type Principal,
  type PrincipalQuery,
  type PrincipalSource,
} from "./principal.ts";

/** Accepts the principal to which the certificate belongs, without a CHALLENGE. */
export class TlsAuth implements PendingAuth {
  readonly #source: PrincipalSource<unknown>;

  constructor(source: PrincipalSource<unknown>) {
    this.#source = source;
  }

  async hello(request: HelloRequest): Promise<AuthOutcome> {
    if (request.transport.clientCertificate === undefined) {
      return deny("tls", "the client showed no certificate");
    }
    const query = { authmethod: "tls", request };
    const principal = await this.#source.find(query);
    if (isDeny(principal)) return principal;
    if (principal === undefined) return denyProof("tls");
    return acceptPrincipal(principal, query, this.#source.authprovider);
  }
}

/** Fingerprints of a principal's one certificate, spelled as in `ClientCertificate`. */
export interface CertificateFingerprints {
  "certificate-sha1"?: string | undefined;
  "certificate-sha256"?: string | undefined;
}

/** Principals of the configuration by their certificate; the authid in HELLO is ignored. */
export class StaticCertificates implements PrincipalSource<unknown> {
  readonly authprovider = "static";
  readonly #principals: Record<string, Principal & CertificateFingerprints>;

  constructor(principals: Record<string, Principal & CertificateFingerprints>) {
    this.#principals = principals;
  }

  async find({ request }: PrincipalQuery): Promise<Principal | undefined> {
    const certificate = request.transport.clientCertificate;
    if (certificate === undefined) return undefined;
    const owner = Object.entries(this.#principals).find(([, principal]) =>
      isOwner(principal, certificate),
    );
    if (owner === undefined) return undefined;
    const [authid, { role }] = owner;
    return { authid, role };
  }
}

function isOwner(principal: CertificateFingerprints, { sha1, sha256 }: ClientCertificate): boolean {
  const { "certificate-sha1": ownSha1, "certificate-sha256": ownSha256 } = principal;
  if (ownSha1 === undefined && ownSha256 === undefined) return false;
  return (ownSha1 ?? sha1) === sha1 && (ownSha256 ?? sha256) === sha256;
}
