/**
 * Authmethod `cryptosign`: the client signs a random challenge with a private key (Ed25519).
 *
 *     signature = hex(Ed25519(private key, message) || message)
 *     message   = challenge, or challenge XOR channel id where the client asks for a channel binding
 *
 * (WAMP specification, section "Cryptosign-based Authentication".)
 *
 * Deviation: a `challenge` of the client, which the router should sign with its own key, is not
 * signed, as there is no such key; the client sees it by the missing `signature`.
 *
 * @module
 */

import { createPublicKey, randomBytes, timingSafeEqual, verify } from "node:crypto";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { AuthContext, AuthOutcome, HelloRequest, PendingAuth } from "./pending-auth.ts";
import {
  acceptPrincipal,
  type Claim,
  denyProof,
  isDeny,
  type Principal,
  type PrincipalSource,
  withoutProof,
} from "./principal.ts";

/** Public keys, of which the client has to have a private one, in hex. */
export interface CryptosignCredentials {
  authorized_keys: readonly string[];
}

/** A challenge that waits for its signature. */
interface Pending {
  claim: Claim;
  /** What has to be signed. */
  message: Uint8Array;
  /** Undefined: nobody, whose signature is verified all the same. */
  principal: Principal | undefined;
  /** Keys that the client may have signed with. */
  keys: readonly string[];
}

/** Challenges for a signature and verifies it. */
export class CryptosignAuth implements PendingAuth {
  readonly #source: PrincipalSource<CryptosignCredentials>;
  readonly #pendingSession: number;
  #pending: Pending | undefined;

  constructor(source: PrincipalSource<CryptosignCredentials>, context: AuthContext) {
    this.#source = source;
    this.#pendingSession = context.pendingSession;
  }

  async hello(request: HelloRequest): Promise<AuthOutcome> {
    const pubkey = request.authextra["pubkey"] ?? undefined;
    if (pubkey !== undefined && !isPublicKey(pubkey)) {
      return deny("authextra.pubkey is not a public key of 32 octets in hex");
    }
    if (request.authid === undefined && pubkey === undefined) {
      return deny("neither authid nor authextra.pubkey says who it is");
    }
    const binding = request.authextra["channel_binding"] ?? null;
    if (binding !== null && binding !== "tls-unique") {
      return deny('the only channel binding is "tls-unique"');
    }
    const channelId = binding === null ? undefined : request.transport.tlsUnique?.();
    if (binding !== null && channelId === undefined) {
      return deny('channel binding "tls-unique" is there over TLS 1.2 only');
    }
    const claim = { authmethod: "cryptosign", request, pendingSession: this.#pendingSession };
    const principal = await this.#source.find({ ...claim, details: pubkey ? { pubkey } : {} });
    if (isDeny(principal)) return principal;
    const challenge = randomBytes(32);
    const message = channelId === undefined ? challenge : xor(challenge, channelId);
    const keys = keysOf(pubkey, principal ?? this.#source.decoy?.(claim));
    this.#pending = { claim, message, principal, keys };
    const extra = { challenge: challenge.toHex(), channel_binding: binding };
    return { kind: "challenge", authmethod: "cryptosign", extra };
  }

  authenticate(signature: string): AuthOutcome {
    const pending = this.#pending;
    // One try for each CHALLENGE: a second AUTHENTICATE finds nothing to prove.
    this.#pending = undefined;
    if (pending === undefined) return denyProof("cryptosign");
    const { claim, message, principal, keys } = pending;
    // An unknown authid costs the same, so that time does not tell which authids exist.
    const tried = keys.length > 0 ? keys : [NOBODYS_KEY];
    const matches = tried.some((key) => isSignedBy(key, signature, message));
    if (principal === undefined || keys.length === 0 || !matches) {
      return denyProof("cryptosign");
    }
    const rest = withoutProof(claim, PROOF);
    return acceptPrincipal(principal, rest, this.#source.authprovider);
  }
}

/** What the router need not be told; the public key says who the client is. */
const PROOF = ["challenge", "channel_binding", "trustroot", "certificates"];

/** The principal's keys that the client may have signed with: the one that it named, or any. */
function keysOf(named: unknown, principal: CryptosignCredentials | undefined): string[] {
  const keys = (principal?.authorized_keys ?? []).map((key) => key.toLowerCase());
  return isPublicKey(named) ? keys.filter((key) => key === named.toLowerCase()) : keys;
}

/** Whether 96 octets in hex are this message, signed with the private key to a public one. */
function isSignedBy(publicKey: string, signature: string, message: Uint8Array): boolean {
  if (!/^[0-9a-f]{192}$/i.test(signature) || !isPublicKey(publicKey)) return false;
  const octets = Buffer.from(signature, "hex");
  if (!timingSafeEqual(octets.subarray(64), message)) return false;
  const x = Buffer.from(publicKey, "hex").toString("base64url");
  try {
    const key = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } });
    return verify(null, message, key, octets.subarray(0, 64));
  } catch {
    // A key that is no point of the curve signs nothing.
    return false;
  }
}

/** Public key of the first test vector of RFC 8032, which no principal has. */
export const NOBODYS_KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

function isPublicKey(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/i.test(value);
}

function xor(left: Uint8Array, right: Uint8Array): Uint8Array {
  return left.map((octet, index) => octet ^ (right[index] ?? 0));
}

function deny(state: string): AuthOutcome {
  const message = `Cannot authenticate with cryptosign: ${state}`;
  return { kind: "deny", uri: ErrorUri.authenticationFailed, message };
}
