/**
 * Authmethod `wampcra`: the client signs a challenge with a secret that both sides know.
 *
 *     signature = base64(HMAC-SHA256(secret, challenge))
 *
 * With a salt, the key is not the secret but `base64(PBKDF2-SHA256(secret, salt, iterations, keylen))`,
 * so that a client need not keep the secret itself. (WAMP specification, section "Challenge Response
 * Authentication".)
 *
 * @module
 */

import { createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { isEqualSecret } from "#base/constant-time.ts";
import type { MakeDecoy } from "./decoy-principals.ts";
import {
  type AuthContext,
  type AuthOutcome,
  denyProof,
  type HelloRequest,
  isDeny,
  type PendingAuth,
  PendingChallenge,
} from "./pending-auth.ts";
import {
  acceptPrincipal,
  findChallenged,
  type Principal,
  type PrincipalQuery,
  type PrincipalSource,
} from "./principal.ts";

/** A secret; salted where `salt`, `iterations` and `keylen` (octets) are all there. */
export interface WampCraCredentials {
  secret: string;
  salt?: string | undefined;
  iterations?: number | undefined;
  keylen?: number | undefined;
}

/** A challenge that waits for its signature. */
interface Pending {
  query: PrincipalQuery;
  challenge: string;
  credentials: WampCraCredentials;
  /** Undefined: the authid is unknown, and the credentials are a decoy's. */
  principal: Principal | undefined;
}

/** Sends a challenge, and compares the client's signature with the expected one in constant time. */
export class WampCraAuth implements PendingAuth {
  readonly #source: PrincipalSource<WampCraCredentials>;
  readonly #pendingSession: number;
  readonly #pending = new PendingChallenge<Pending>();

  constructor(source: PrincipalSource<WampCraCredentials>, context: AuthContext) {
    this.#source = source;
    this.#pendingSession = context.pendingSession;
  }

  async hello(request: HelloRequest): Promise<AuthOutcome> {
    const query = { authmethod: "wampcra", request };
    const found = await findChallenged(this.#source, query);
    if (isDeny(found)) return found;
    const { principal, credentials } = found;
    if (credentials === undefined) return denyProof("wampcra");
    const challenge = JSON.stringify({
      authid: credentials.authid ?? request.authid ?? null,
      authrole: credentials.role ?? null,
      authmethod: "wampcra",
      authprovider: this.#source.authprovider,
      session: this.#pendingSession,
      nonce: randomBytes(48).toString("base64"),
      timestamp: new Date().toISOString(),
    });
    this.#pending.set({ query, challenge, credentials, principal });
    const extra = { challenge, ...derivation(credentials) };
    return { kind: "challenge", authmethod: "wampcra", extra };
  }

  async authenticate(signature: string): Promise<AuthOutcome> {
    const pending = this.#pending.take();
    if (pending === undefined) return denyProof("wampcra");
    const { query, challenge, credentials, principal } = pending;
    const known = derivedKeys.get(credentials);
    const isRight = isSignature(signature, challenge, known ?? "") && known !== undefined;
    // A wrong signature costs a derivation each time, as that of an unknown authid does, so that the
    // time does not reveal which authids exist.
    if (!isRight && !isSignature(signature, challenge, await keyOf(credentials))) {
      return denyProof("wampcra");
    }
    if (principal === undefined) return denyProof("wampcra");
    return acceptPrincipal(principal, query, this.#source.authprovider);
  }
}

function isSignature(signature: string, challenge: string, key: string): boolean {
  const expected = createHmac("sha256", key).update(challenge);
  return isEqualSecret(signature, expected.digest("base64"));
}

/** A decoy with a random secret, and with a salt where its template has one. */
export const decoyWampCra: MakeDecoy<Principal & WampCraCredentials> = (template, random) => ({
  ...template,
  secret: random.octets(32, "secret").toHex(),
  ...(template.salt === undefined ? {} : { salt: random.saltLike(template.salt) }),
});

const derive = promisify(pbkdf2);

/**
 * Keys that were derived for principals of the configuration, for as long as these exist: a login after
 * the first one derives nothing. An authenticator's answer, and a decoy, are new each time.
 */
const derivedKeys = new WeakMap<WampCraCredentials, string>();

async function keyOf(credentials: WampCraCredentials): Promise<string> {
  const salted = derivation(credentials);
  if (salted === undefined) return credentials.secret;
  const { salt, iterations, keylen } = salted;
  const derived = await derive(credentials.secret, salt, iterations, keylen, "sha256");
  const key = derived.toString("base64");
  derivedKeys.set(credentials, key);
  return key;
}

/** What a client needs to derive the key; undefined: the key is the secret. */
function derivation({ salt, iterations, keylen }: WampCraCredentials) {
  if (salt === undefined || iterations === undefined || keylen === undefined) return undefined;
  return { salt, iterations, keylen };
}
