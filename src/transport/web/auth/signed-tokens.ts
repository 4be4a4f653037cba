/**
 * SignedTokens: checks the signatures and the times of tokens, which are signed JWTs, and for whom they are.
 *
 * (RFC 7519; RFC 8725 for what is refused: algorithms that are not listed, tokens of other issuers or for others,
 * and tokens without an end.)
 *
 * @module
 */

import { type JWTPayload, type JWTVerifyOptions, jwtVerify } from "jose";
import { errorCodeOf, sentenceOf } from "#base/failure.ts";
import type { TokenConfig } from "#config/auth/token-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { TokenFault } from "./bearer-challenge.ts";
import { type KeySource, KeysUnavailable } from "./key-source.ts";

/** A token that is valid, for some time. */
export interface ValidToken {
  payload: JWTPayload;
  /** When it ends, in milliseconds since 1970, the tolerance of clocks included. */
  until: number;
}

/** The tokens of one issuer. */
export class SignedTokens {
  readonly #keys: KeySource;
  readonly #log: Logger;
  readonly #toleranceSeconds: number;
  readonly #options: JWTVerifyOptions;

  constructor(config: TokenConfig, keys: KeySource, log: Logger) {
    const { issuer, audience, algorithms, clock_tolerance: clockTolerance } = config;
    this.#keys = keys;
    this.#log = log;
    this.#toleranceSeconds = clockTolerance;
    this.#options = { issuer, audience, algorithms, clockTolerance, requiredClaims: ["exp"] };
  }

  close(): void {
    this.#keys.close();
  }

  /** The claims of a valid token; null: no key is there to check it with. */
  async verify(token: string): Promise<ValidToken | TokenFault | null> {
    try {
      const { payload } = await this.#verified(token);
      return { payload, until: ((payload.exp ?? 0) + this.#toleranceSeconds) * 1000 };
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
    const { claim, reason } = thrown as { claim?: unknown; reason?: unknown };
    return claim === "nbf" && reason === "check_failed"
      ? "the token is not valid yet"
      : `the claim ${String(claim)} of the token is missing or wrong`;
  }
  return STATES[errorCodeOf(thrown) ?? ""] ?? UNKNOWN;
}
