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

import { isEd25519Key } from "#base/ed25519.ts";
import { isSigned, makeChallenge } from "./cryptosign-challenge.ts";
import { deny, denyProof, isDeny } from "./deny.ts";
import type { AuthOutcome, HelloRequest, PendingAuth } from "./pending-auth.ts";
import {
  acceptPrincipal,
  type Claim,
  type Principal,
  type PrincipalSource,
  withoutProof,
} from "./principal.ts";

/** Public keys, of which the client has to have a private one, in lower-case hex. */
export interface CryptosignCredentials {
  authorized_keys: readonly string[];
}

/** A challenge that waits for its signature. */
interface Pending {
  claim: Claim;
  /** What has to be signed, in hex. */
  message: string;
  /** Undefined: nobody, whose signature is verified all the same. */
  principal: Principal | undefined;
  /** Keys that the client may have signed with. */
  keys: readonly string[];
}

/** Challenges for a signature and verifies it. */
export class CryptosignAuth implements PendingAuth {
  readonly #source: PrincipalSource<CryptosignCredentials>;
  #pending: Pending | undefined;

  constructor(source: PrincipalSource<CryptosignCredentials>) {
    this.#source = source;
  }

  async hello(request: HelloRequest): Promise<AuthOutcome> {
    const pubkey = request.authextra["pubkey"] ?? undefined;
    if (pubkey !== undefined && !isPublicKey(pubkey)) {
      return deny("cryptosign", "authextra.pubkey is not a public key of 32 octets in hex");
    }
    if (request.authid === undefined && pubkey === undefined) {
      return deny("cryptosign", "neither authid nor authextra.pubkey says who it is");
    }
    const binding = request.authextra["channel_binding"] ?? null;
    if (binding !== null && binding !== "tls-unique") {
      return deny("cryptosign", 'the only channel binding is "tls-unique"');
    }
    const channelId = binding === null ? undefined : request.transport.tlsUnique?.();
    if (binding !== null && channelId === undefined) {
      return deny("cryptosign", 'channel binding "tls-unique" is there over TLS 1.2 only');
    }
    const claim = { authmethod: "cryptosign", request };
    const principal = await this.#source.find({ ...claim, details: pubkey ? { pubkey } : {} });
    if (isDeny(principal)) return principal;
    const challenge = makeChallenge();
    const message = channelId === undefined ? challenge : boundTo(channelId, challenge);
    const keys = keysOf(pubkey, principal ?? this.#source.decoy?.(claim));
    this.#pending = { claim, message, principal, keys };
    const extra = { challenge, channel_binding: binding };
    return { kind: "challenge", authmethod: "cryptosign", extra };
  }

  authenticate(signature: string): AuthOutcome {
    const pending = this.#pending;
    // One try for each CHALLENGE: a second AUTHENTICATE finds nothing to prove.
    this.#pending = undefined;
    if (pending === undefined) return denyProof("cryptosign");
    const { claim, message, principal, keys } = pending;
    // An unknown authid costs the same, so that time does not tell which authids exist.
    const tried = keys.length > 0 ? keys : [DECOY_KEY];
    const matches = tried.some((key) => isSigned(message, signature, key));
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
function keysOf(named: unknown, principal: CryptosignCredentials | undefined): readonly string[] {
  const keys = principal?.authorized_keys ?? [];
  return isPublicKey(named) ? keys.filter((key) => key === named.toLowerCase()) : keys;
}

/** Public key of the first test vector of RFC 8032, which no principal has. */
export const DECOY_KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

function isPublicKey(value: unknown): value is string {
  return typeof value === "string" && isEd25519Key(value.toLowerCase());
}

/** The challenge XOR the channel id. */
function boundTo(channelId: Uint8Array, challenge: string): string {
  const octets = Uint8Array.fromHex(challenge);
  return octets.map((octet, index) => octet ^ (channelId[index] ?? 0)).toHex();
}
