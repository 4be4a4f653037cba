/**
 * Authmethod `cryptosign`: the client signs a random challenge with a private key (Ed25519).
 *
 *     signature = hex(Ed25519(private key, message) || message)
 *     message   = challenge, or challenge XOR channel id where the client asks for a channel binding
 *
 * (WAMP specification, section "Cryptosign-based Authentication".)
 *
 * Deviation: a `challenge` of the client, which the router should sign with its own key, is not
 * signed, because there is no such key; the client notices by the missing `signature`.
 *
 * @module
 */

import { isEd25519Key } from "#base/ed25519.ts";
import { isSigned, makeChallenge } from "./cryptosign-challenge.ts";
import {
  type AuthOutcome,
  type Deny,
  deny,
  denyProof,
  type HelloRequest,
  isDeny,
  type PendingAuth,
  PendingChallenge,
} from "./pending-auth.ts";
import {
  acceptPrincipal,
  findChallenged,
  omitAuthextra,
  type Principal,
  type PrincipalQuery,
  type PrincipalSource,
} from "./principal.ts";

/** Public keys in lower-case hex; the client needs the private key of one of them. */
export interface CryptosignCredentials {
  authorized_keys: readonly string[];
}

/** A challenge that waits for its signature. */
interface Pending {
  query: PrincipalQuery;
  /** What has to be signed, in hex. */
  message: string;
  /** Undefined: the authid is unknown; the signature is verified all the same. */
  principal: Principal | undefined;
  /** Keys that the client may have signed with. */
  keys: readonly string[];
}

/** Sends a challenge and verifies its signature. */
export class CryptosignAuth implements PendingAuth {
  readonly #source: PrincipalSource<CryptosignCredentials>;
  readonly #pending = new PendingChallenge<Pending>();

  constructor(source: PrincipalSource<CryptosignCredentials>) {
    this.#source = source;
  }

  async hello(request: HelloRequest): Promise<AuthOutcome> {
    const parameters = readParameters(request);
    if (isDeny(parameters)) return parameters;
    const { pubkey, binding, channelId } = parameters;
    const details = pubkey === undefined ? {} : { pubkey };
    const query = { authmethod: "cryptosign", request, details };
    const found = await findChallenged(this.#source, query);
    if (isDeny(found)) return found;
    const { principal, credentials } = found;
    const challenge = makeChallenge();
    const message = channelId === undefined ? challenge : boundTo(channelId, challenge);
    this.#pending.set({ query, message, principal, keys: keysOf(pubkey, credentials) });
    const extra = { challenge, channel_binding: binding };
    return { kind: "challenge", authmethod: "cryptosign", extra };
  }

  authenticate(signature: string): AuthOutcome {
    const pending = this.#pending.take();
    if (pending === undefined) return denyProof("cryptosign");
    const { query, message, principal, keys } = pending;
    // An unknown authid costs the same, so that the time does not reveal which authids exist.
    const tried = keys.length > 0 ? keys : [DECOY_KEY];
    const matches = tried.some((key) => isSigned(message, signature, key));
    if (principal === undefined || keys.length === 0 || !matches) {
      return denyProof("cryptosign");
    }
    const rest = omitAuthextra(query, PROOF);
    return acceptPrincipal(principal, rest, this.#source.authprovider);
  }
}

/** Attributes of `authextra` that the router does not get; it gets the public key. */
const PROOF = ["challenge", "channel_binding", "trustroot", "certificates"];

/** What the client asks for in `authextra`. */
interface Parameters {
  pubkey: string | undefined;
  binding: "tls-unique" | null;
  /** Undefined: no channel is bound. */
  channelId: Uint8Array | undefined;
}

function readParameters({ authid, authextra, transport }: HelloRequest): Parameters | Deny {
  const pubkey = authextra["pubkey"] ?? undefined;
  if (pubkey !== undefined && !isPublicKey(pubkey)) {
    return deny("cryptosign", "authextra.pubkey is not a public key of 32 octets in hex");
  }
  if (authid === undefined && pubkey === undefined) {
    return deny("cryptosign", "neither authid nor authextra.pubkey says who it is");
  }
  const binding = authextra["channel_binding"] ?? null;
  if (binding !== null && binding !== "tls-unique") {
    return deny("cryptosign", 'the only channel binding is "tls-unique"');
  }
  const channelId = binding === null ? undefined : transport.tlsUnique?.();
  if (binding !== null && channelId === undefined) {
    return deny("cryptosign", 'channel binding "tls-unique" is there over TLS 1.2 only');
  }
  return { pubkey, binding, channelId };
}

/** The principal's keys that the client may have signed with: the one that it named, or any. */
function keysOf(
  pubkey: string | undefined,
  credentials: CryptosignCredentials | undefined,
): readonly string[] {
  const keys = credentials?.authorized_keys ?? [];
  return pubkey === undefined ? keys : keys.filter((key) => key === pubkey.toLowerCase());
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
