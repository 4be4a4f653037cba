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
import type { ProxyPrincipalConfig } from "#config/node-config.ts";
import { isSigned, makeChallenge } from "./cryptosign-challenge.ts";
import type { AuthOutcome, Deny, HelloRequest, PendingAuth } from "./pending-auth.ts";
import { deny, denyProof } from "./refusal.ts";
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
  readonly #principals: Record<string, ProxyPrincipalConfig>;
  #asked: { challenge: string; publicKey: string; identity: SessionIdentity } | undefined;

  /** `principals` are nodes, by their id. */
  constructor(principals: Record<string, ProxyPrincipalConfig>) {
    this.#principals = principals;
  }

  hello(request: HelloRequest): AuthOutcome {
    const { pubkey, channel_binding } = request.authextra as ProxyExtra;
    if (channel_binding !== undefined && channel_binding !== null) {
      return deny("cryptosign-proxy", "no channel can be bound");
    }
    const identity = vouchedFor(request, "cryptosign-proxy");
    if (identity === undefined) return denyNothingVouched("cryptosign-proxy");
    const publicKey = typeof pubkey === "string" ? pubkey.toLowerCase() : "";
    if (!this.#isKeyOf(request.authid, publicKey)) return denyProof("cryptosign-proxy");
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

  #isKeyOf(nodeId: string | undefined, publicKey: string): boolean {
    if (nodeId === undefined || !Object.hasOwn(this.#principals, nodeId)) return false;
    return this.#principals[nodeId]?.authorized_keys.includes(publicKey) ?? false;
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
