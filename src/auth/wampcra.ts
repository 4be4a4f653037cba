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
import { isEqualSecret } from "./constant-time.ts";
import type { MakeDecoy } from "./decoy-principals.ts";
import { denyProof, isDeny } from "./deny.ts";
import type { AuthContext, AuthOutcome, HelloRequest, PendingAuth } from "./pending-auth.ts";
import { acceptPrincipal, type Claim, type Principal, type PrincipalSource } from "./principal.ts";

/** A secret; salted where `salt`, `iterations` and `keylen` (octets) are all there. */
export interface WampCraCredentials {
  secret: string;
  salt?: string | undefined;
  iterations?: number | undefined;
  keylen?: number | undefined;
}

/** A challenge that waits for its signature. */
interface Pending {
  claim: Claim;
  challenge: string;
  credentials: WampCraCredentials;
  /** Undefined: nobody, who is challenged all the same. */
  principal: Principal | undefined;
}

/** Challenges for a signature, and compares it with its own in constant time. */
export class WampCraAuth implements PendingAuth {
  readonly #source: PrincipalSource<WampCraCredentials>;
  readonly #pendingSession: number;
  #pending: Pending | undefined;

  constructor(source: PrincipalSource<WampCraCredentials>, context: AuthContext) {
    this.#source = source;
    this.#pendingSession = context.pendingSession;
  }

  async hello(request: HelloRequest): Promise<AuthOutcome> {
    const claim = { authmethod: "wampcra", request };
    const principal = await this.#source.find(claim);
    if (isDeny(principal)) return principal;
    const decoy = this.#source.decoy?.(claim);
    const shown = principal ?? decoy;
    if (shown === undefined) return denyProof("wampcra");
    const challenge = JSON.stringify({
      authid: shown.authid ?? request.authid ?? null,
      authrole: shown.role ?? null,
      authmethod: "wampcra",
      authprovider: this.#source.authprovider,
      session: this.#pendingSession,
      nonce: randomBytes(48).toString("base64"),
      timestamp: new Date().toISOString(),
    });
    this.#pending = { claim, challenge, credentials: shown, principal };
    return { kind: "challenge", authmethod: "wampcra", extra: { challenge, ...derivation(shown) } };
  }

  async authenticate(signature: string): Promise<AuthOutcome> {
    const pending = this.#pending;
    // One try for each CHALLENGE: a second AUTHENTICATE finds nothing to prove.
    this.#pending = undefined;
    if (pending === undefined) return denyProof("wampcra");
    const { claim, challenge, credentials, principal } = pending;
    const expected = createHmac("sha256", await keyOf(credentials)).update(challenge);
    const matches = isEqualSecret(signature, expected.digest("base64"));
    if (principal === undefined || !matches) return denyProof("wampcra");
    return acceptPrincipal(principal, claim, this.#source.authprovider);
  }
}

/** A user whom nobody is, with a salt where the other has one. */
export const decoyWampCra: MakeDecoy<Principal & WampCraCredentials> = (like, random) => ({
  ...like,
  secret: random.octets(32, "secret").toHex(),
  ...(like.salt === undefined ? {} : { salt: random.saltLike(like.salt) }),
});

const derive = promisify(pbkdf2);

async function keyOf(credentials: WampCraCredentials): Promise<string> {
  const salted = derivation(credentials);
  if (salted === undefined) return credentials.secret;
  const { salt, iterations, keylen } = salted;
  const key = await derive(credentials.secret, salt, iterations, keylen, "sha256");
  return key.toString("base64");
}

/** What a client needs to derive the key; undefined: the key is the secret. */
function derivation({ salt, iterations, keylen }: WampCraCredentials) {
  if (salt === undefined || iterations === undefined || keylen === undefined) return undefined;
  return { salt, iterations, keylen };
}
