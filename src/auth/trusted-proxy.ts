/**
 * Authmethods `anonymous-proxy` and `cryptosign-proxy`, on a router: they take the identity that a
 * proxy worker vouches for, out of the `proxy_*` attributes of HELLO's `authextra`.
 *
 * With `anonymous-proxy` the proxy proves nothing, so it is believed only over a Unix domain socket,
 * whose file mode says who may connect. With `cryptosign-proxy` it signs a challenge with the key of
 * its node. Deviation: Crossbar believes the first over TCP too, and of the second it asks for no
 * signature, so that whoever knows a public key can be anyone.
 *
 * @module
 */

import { isRecord } from "#base/record.ts";
import type { CryptosignCredentials } from "./cryptosign.ts";
import { isSigned, makeChallenge } from "./cryptosign-challenge.ts";
import { deny, denyProof, isDeny } from "./deny.ts";
import type { AuthOutcome, Deny, HelloRequest, PendingAuth } from "./pending-auth.ts";
import { acceptPrincipal, type PrincipalSource } from "./principal.ts";
import type { SessionIdentity } from "./session-identity.ts";

/** Accepts the client's identity from whoever can open the Unix socket. */
export class TrustedProxyAuth implements PendingAuth {
  hello(request: HelloRequest): AuthOutcome {
    if (!request.transport.isUnixSocket) {
      return deny("anonymous-proxy", "it needs a Unix domain socket");
    }
    const identity = vouchedFor(request, "anonymous-proxy");
    if (identity === undefined) return denyNothingVouched("anonymous-proxy");
    return { kind: "accept", identity };
  }
}

/** Accepts the client's identity from a proxy that signs with the key of its node. */
export class SignedProxyAuth implements PendingAuth {
  readonly #source: PrincipalSource<CryptosignCredentials>;
  #asked: { challenge: string; publicKey: string; identity: SessionIdentity } | undefined;

  /** The principals of `source` are nodes, by their id. */
  constructor(source: PrincipalSource<CryptosignCredentials>) {
    this.#source = source;
  }

  async hello(request: HelloRequest): Promise<AuthOutcome> {
    const { pubkey, channel_binding } = request.authextra as ProxyExtra;
    if (channel_binding !== undefined && channel_binding !== null) {
      return deny("cryptosign-proxy", "no channel can be bound");
    }
    const identity = vouchedFor(request, "cryptosign-proxy");
    if (identity === undefined) return denyNothingVouched("cryptosign-proxy");
    const publicKey = typeof pubkey === "string" ? pubkey.toLowerCase() : "";
    const keys = await this.#keysOf(request, publicKey);
    if (isDeny(keys)) return keys;
    if (!keys.includes(publicKey)) return denyProof("cryptosign-proxy");
    const challenge = makeChallenge();
    this.#asked = { challenge, publicKey, identity };
    const extra = { challenge, channel_binding: null };
    return { kind: "challenge", authmethod: "cryptosign-proxy", extra };
  }

  authenticate(signature: string): AuthOutcome {
    const asked = this.#asked;
    // One try for each CHALLENGE.
    this.#asked = undefined;
    if (asked === undefined || !isSigned(asked.challenge, signature, asked.publicKey)) {
      return denyProof("cryptosign-proxy");
    }
    return { kind: "accept", identity: asked.identity };
  }

  /** The keys that the node may sign with. */
  async #keysOf(request: HelloRequest, pubkey: string): Promise<readonly string[] | Deny> {
    const { authid, authrole, authextra } = request;
    const { proxy_authid, proxy_authrole } = authextra as ProxyExtra;
    const claim = {
      authmethod: "cryptosign-proxy",
      details: { pubkey },
      // As in Crossbar, a proxy that does not say who it is asks in the name of its client.
      request:
        this.#source.authprovider === "static"
          ? request
          : {
              ...request,
              authid: authid ?? String(proxy_authid),
              authrole: authrole ?? String(proxy_authrole),
            },
    };
    const node = await this.#source.find(claim);
    if (node === undefined || isDeny(node)) return node ?? [];
    if (this.#source.authprovider === "dynamic") {
      // Crossbar lets no principal in that has no role, and then has no use for it.
      const outcome = acceptPrincipal(node, claim, this.#source.authprovider);
      if (isDeny(outcome)) return outcome;
    }
    return node.authorized_keys;
  }
}

interface ProxyExtra {
  pubkey?: unknown;
  channel_binding?: unknown;
  proxy_realm?: unknown;
  proxy_authid?: unknown;
  proxy_authrole?: unknown;
  proxy_authmethod?: unknown;
  proxy_authprovider?: unknown;
  proxy_authextra?: unknown;
}

/** Who the proxy says its client is; undefined: it does not say it all. */
function vouchedFor(request: HelloRequest, authmethod: string): SessionIdentity | undefined {
  const extra = request.authextra as ProxyExtra;
  const { proxy_realm: realm, proxy_authid: authid, proxy_authrole: authrole } = extra;
  if (!isName(realm) || !isName(authid) || !isName(authrole)) return undefined;
  const { proxy_authmethod, proxy_authprovider, proxy_authextra } = extra;
  return {
    realm,
    authid,
    authrole,
    authmethod: isName(proxy_authmethod) ? proxy_authmethod : authmethod,
    authprovider: isName(proxy_authprovider) ? proxy_authprovider : "static",
    authextra: isRecord(proxy_authextra) ? proxy_authextra : {},
  };
}

function denyNothingVouched(authmethod: string): Deny {
  return deny(authmethod, "proxy_realm, proxy_authid or proxy_authrole is missing");
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.length > 0;
}
