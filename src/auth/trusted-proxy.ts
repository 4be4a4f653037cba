/**
 * Authmethods `anonymous-proxy` and `cryptosign-proxy`, on a router: they accept the client's
 * identity that a proxy worker asserts in the `proxy_*` attributes of HELLO's `authextra`.
 *
 * With `anonymous-proxy` the proxy proves nothing, so it is trusted only over a Unix domain socket,
 * whose file mode limits the processes that can connect. With `cryptosign-proxy` it signs a challenge
 * with the key of its node. Deviation: Crossbar accepts `anonymous-proxy` over TCP too, and requires
 * no signature for `cryptosign-proxy`, so that a public key alone permits any identity.
 *
 * @module
 */

import { isRecord } from "#base/record.ts";
import type { CryptosignCredentials } from "./cryptosign.ts";
import { isSigned, makeChallenge } from "./cryptosign-challenge.ts";
import {
  type AuthOutcome,
  type Deny,
  deny,
  type HelloRequest,
  isDeny,
  type PendingAuth,
  PendingChallenge,
} from "./pending-auth.ts";
import { acceptPrincipal, type PrincipalSource } from "./principal.ts";
import type { SessionIdentity } from "./session-identity.ts";

/** Accepts the client's identity from any proxy that can open the Unix socket. */
export class TrustedProxyAuth implements PendingAuth {
  hello(request: HelloRequest): AuthOutcome {
    if (!request.transport.isUnixSocket) {
      return deny("anonymous-proxy", "it needs a Unix domain socket");
    }
    const identity = assertedIdentity(request, "anonymous-proxy");
    if (identity === undefined) return denyIncomplete("anonymous-proxy");
    return { kind: "accept", identity, isStatedByProxy: true };
  }
}

/** A challenge that waits for the proxy's signature. */
interface Pending {
  challenge: string;
  publicKey: string;
  identity: SessionIdentity;
}

/** Accepts the client's identity from a proxy that signs with the key of its node. */
export class SignedProxyAuth implements PendingAuth {
  readonly #source: PrincipalSource<CryptosignCredentials>;
  readonly #pending = new PendingChallenge<Pending>();

  /** The principals of `source` are nodes, by their id. */
  constructor(source: PrincipalSource<CryptosignCredentials>) {
    this.#source = source;
  }

  async hello(request: HelloRequest): Promise<AuthOutcome> {
    const { pubkey, channel_binding } = request.authextra as ProxyExtra;
    if (channel_binding !== undefined && channel_binding !== null) {
      return deny("cryptosign-proxy", "no channel can be bound");
    }
    const identity = assertedIdentity(request, "cryptosign-proxy");
    if (identity === undefined) return denyIncomplete("cryptosign-proxy");
    const publicKey = typeof pubkey === "string" ? pubkey.toLowerCase() : "";
    const keys = await this.#keysOf(request, publicKey);
    if (isDeny(keys)) return keys;
    if (!keys.includes(publicKey)) return denyProxy();
    const challenge = makeChallenge();
    this.#pending.set({ challenge, publicKey, identity });
    const extra = { challenge, channel_binding: null };
    return { kind: "challenge", authmethod: "cryptosign-proxy", extra };
  }

  authenticate(signature: string): AuthOutcome {
    const pending = this.#pending.take();
    if (pending === undefined || !isSigned(pending.challenge, signature, pending.publicKey)) {
      return denyProxy();
    }
    return { kind: "accept", identity: pending.identity, isStatedByProxy: true };
  }

  /** The keys that the node may sign with. */
  async #keysOf(request: HelloRequest, pubkey: string): Promise<readonly string[] | Deny> {
    const { authid, authrole, authextra } = request;
    const { proxy_authid, proxy_authrole } = authextra as ProxyExtra;
    const query = {
      authmethod: "cryptosign-proxy",
      details: { pubkey },
      // As in Crossbar, a proxy that names no authid or role of its own uses those of its client.
      request:
        this.#source.authprovider === "static"
          ? request
          : {
              ...request,
              authid: authid ?? String(proxy_authid),
              authrole: authrole ?? String(proxy_authrole),
            },
    };
    const node = await this.#source.find(query);
    if (node === undefined || isDeny(node)) return node ?? [];
    if (this.#source.authprovider === "dynamic") {
      // Crossbar refuses a node without a role, although the role has no effect.
      const outcome = acceptPrincipal(node, query, this.#source.authprovider);
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

/** The client's identity as the proxy asserts it; undefined: a required attribute is missing. */
function assertedIdentity(request: HelloRequest, authmethod: string): SessionIdentity | undefined {
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

/**
 * One refusal for an unknown node and for a wrong signature. It is `authentication_failed`, because the
 * proxy forwards it to its client, whose own proof was right.
 */
function denyProxy(): Deny {
  return deny("cryptosign-proxy", "authid or proof is not valid");
}

function denyIncomplete(authmethod: string): Deny {
  return deny(authmethod, "proxy_realm, proxy_authid or proxy_authrole is missing");
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.length > 0;
}
