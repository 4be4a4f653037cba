/**
 * BearerTokens: checks the tokens of one path, which are signed JWTs, and reads the identities in them.
 *
 * (RFC 7519; RFC 8725 for what is refused: algorithms that are not listed, tokens of other issuers or for others,
 * and tokens without an end.)
 *
 * @module
 */

import { type JWTPayload, type JWTVerifyOptions, jwtVerify } from "jose";
import { errorCodeOf, sentenceOf } from "#base/failure.ts";
import type { BearerConfig } from "#config/web-service/path-auth-config.ts";
import type { Logger } from "#observe/logger.ts";
import { type BridgeAnswer, denial } from "#transport/web/bridge/bridge-answer.ts";
import { BearerChallenges, type TokenFault } from "./bearer-challenge.ts";
import { type KeySource, KeysUnavailable } from "./key-source.ts";
import type { RequestAccess } from "./request-access.ts";
import { readIdentity } from "./token-identity.ts";

/** What the tokens of a path are for. */
export interface TokenPath {
  realm: string;
  /** The role of tokens that name none; null: they are refused. */
  role: string | null;
}

/** The tokens of one path. */
export class BearerTokens {
  readonly #config: BearerConfig;
  readonly #path: TokenPath;
  readonly #keys: KeySource;
  readonly #log: Logger;
  readonly #options: JWTVerifyOptions;
  readonly challenges: BearerChallenges;

  constructor(config: BearerConfig, path: TokenPath, keys: KeySource, log: Logger) {
    const { issuer, audience, algorithms, clock_tolerance: clockTolerance } = config;
    this.#config = config;
    this.#path = path;
    this.#keys = keys;
    this.#log = log;
    this.#options = { issuer, audience, algorithms, clockTolerance, requiredClaims: ["exp"] };
    this.challenges = new BearerChallenges(path.realm, config.scopes);
  }

  /** The right that a token gives, or the answer to a request with it. */
  async admit(token: string): Promise<RequestAccess | BridgeAnswer> {
    const claims = await this.#verify(token);
    if (claims === null) {
      const headers = { "Retry-After": "1" };
      return denial(503, "Cannot take the request: the keys of tokens are not known", headers);
    }
    if ("code" in claims) return this.challenges.refused(claims);
    const identity = readIdentity(claims.payload, this.#config, this.#path.role);
    if ("code" in identity) return this.challenges.refused(identity);
    const { authid, role } = identity;
    return {
      role,
      principal: { authid, authmethod: "bearer", authprovider: this.#config.issuer },
      until: ((claims.payload.exp ?? 0) + this.#config.clock_tolerance) * 1000,
      roleRefusal: this.challenges.refused(NO_SUCH_ROLE),
    };
  }

  close(): void {
    this.#keys.close();
  }

  /** The claims of a valid token; null: no key is there to check it with. */
  async #verify(token: string): Promise<{ payload: JWTPayload } | TokenFault | null> {
    try {
      return await this.#verified(token);
    } catch (thrown) {
      if (thrown instanceof KeysUnavailable) return null;
      const state = stateOf(thrown);
      // A key of the set may be unusable, of which the client need not know more.
      if (state === UNKNOWN) {
        this.#log.warn("token not checked", { reason: sentenceOf(thrown) });
      }
      return { code: "invalid_token", state };
    }
  }

  async #verified(token: string): Promise<{ payload: JWTPayload }> {
    try {
      return await jwtVerify(token, this.#keys.find, this.#options);
    } catch (thrown) {
      if (errorCodeOf(thrown) !== "ERR_JWKS_MULTIPLE_MATCHING_KEYS") throw thrown;
      return await this.#verifiedByOneOf(token, thrown as unknown as AsyncIterable<CryptoKey>);
    }
  }

  /** Tries each key that fits a token, which does not say by which it is signed. */
  async #verifiedByOneOf(
    token: string,
    keys: AsyncIterable<CryptoKey>,
  ): Promise<{ payload: JWTPayload }> {
    let failure: unknown;
    for await (const key of keys) {
      try {
        return await jwtVerify(token, key, this.#options);
      } catch (thrown) {
        failure = thrown;
        if (errorCodeOf(thrown) !== WRONG_SIGNATURE) throw thrown;
      }
    }
    throw failure;
  }
}

const NO_SUCH_ROLE: TokenFault = {
  code: "insufficient_scope",
  state: "no session can have the role that the token names",
};

const WRONG_SIGNATURE = "ERR_JWS_SIGNATURE_VERIFICATION_FAILED";

const UNKNOWN = "the token cannot be checked";

/** By the codes of errors of jose. */
const STATES: Record<string, string> = {
  ERR_JWT_EXPIRED: "the token has expired",
  ERR_JOSE_ALG_NOT_ALLOWED: "the algorithm of the token is not accepted",
  ERR_JOSE_NOT_SUPPORTED: "the token is signed in a way that is not supported",
  ERR_JWKS_NO_MATCHING_KEY: "the key of the token is not known",
  [WRONG_SIGNATURE]: "the signature of the token is wrong",
  ERR_JWS_INVALID: "the token is no signed JWT",
  ERR_JWT_INVALID: "the token is no signed JWT",
};

function stateOf(thrown: unknown): string {
  if (errorCodeOf(thrown) === "ERR_JWT_CLAIM_VALIDATION_FAILED") {
    const { claim } = thrown as { claim?: unknown };
    return claim === "nbf"
      ? "the token is not valid yet"
      : `the claim ${String(claim)} of the token is missing or wrong`;
  }
  return STATES[errorCodeOf(thrown) ?? ""] ?? UNKNOWN;
}
