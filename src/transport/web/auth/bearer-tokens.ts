/**
 * BearerTokens: admits requests of one path by their tokens, and reads the identities in these.
 *
 * @module
 */

import type { TokenConfig } from "#config/auth/token-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { ReadableFields } from "#transport/http/header-fields.ts";
import { type BridgeAnswer, denial } from "#transport/web/bridge/bridge-answer.ts";
import { tokenInCookie } from "#transport/websocket/token-cookie.ts";
import type { CookieToken } from "#wamp/peer.ts";
import { BearerChallenges, type TokenFault } from "./bearer-challenge.ts";
import type { KeySource } from "./key-source.ts";
import type { RequestAccess } from "./request-access.ts";
import { SignedTokens } from "./signed-tokens.ts";
import { readIdentity } from "./token-identity.ts";

/** What the tokens of a path are for. */
export interface TokenPath {
  realm: string;
  /** The role of tokens that name none; null: they are refused. */
  role: string | null;
}

/** The tokens of one path. */
export class BearerTokens {
  readonly #config: TokenConfig;
  readonly #path: TokenPath;
  readonly #tokens: SignedTokens;
  readonly challenges: BearerChallenges;

  constructor(config: TokenConfig, path: TokenPath, keys: KeySource, log: Logger) {
    this.#config = config;
    this.#path = path;
    this.#tokens = new SignedTokens(config, keys, log);
    this.challenges = new BearerChallenges(path.realm, config.scopes);
  }

  /** The token in the cookie of a request; undefined: none is taken from it. */
  inCookie(headers: ReadableFields): CookieToken | undefined {
    const { cookie } = this.#config;
    return cookie && tokenInCookie(headers, cookie);
  }

  /** The right that a token gives, or the answer to a request with it. */
  async admit(written: string): Promise<RequestAccess | BridgeAnswer> {
    const token = await this.#tokens.verify(written);
    if (token === null) {
      const headers = { "Retry-After": "1" };
      return denial(503, "Cannot take the request: the keys of tokens are not known", headers);
    }
    if ("code" in token) return this.challenges.refused(token);
    const identity = readIdentity(token.payload, this.#config, this.#path.role);
    if ("code" in identity) return this.challenges.refused(identity);
    const { authid, role } = identity;
    return {
      role,
      principal: { authid, authmethod: "bearer", authprovider: this.#config.issuer },
      until: token.until,
      roleRefusal: this.challenges.refused(NO_SUCH_ROLE),
    };
  }

  close(): void {
    this.#tokens.close();
  }
}

const NO_SUCH_ROLE: TokenFault = {
  code: "insufficient_scope",
  state: "no session can have the role that the token names",
};
