/**
 * IssuerTokens: checks the tickets of one authmethod of type `jwt`, and reads the clients in them.
 *
 * @module
 */

import type { TokenClient, TokenRefusal } from "#auth/ticket-tokens.ts";
import type { TokenTicketConfig } from "#config/auth/token-config.ts";
import type { Logger } from "#observe/logger.ts";
import { openKeys } from "#transport/web/auth/open-keys.ts";
import { SignedTokens } from "#transport/web/auth/signed-tokens.ts";
import { type Claims, readIdentity } from "#transport/web/auth/token-identity.ts";

/** The tokens of one issuer, with its keys. */
export class IssuerTokens {
  readonly #config: TokenTicketConfig;
  readonly #tokens: SignedTokens;

  /** @throws Failure when the keys cannot be read from their file. */
  constructor(config: TokenTicketConfig, log: Logger) {
    this.#config = config;
    this.#tokens = new SignedTokens(config, openKeys(config, log), log);
  }

  /** The client that a token names, or why it is refused. */
  async check(written: string): Promise<TokenClient | TokenRefusal> {
    const token = await this.#tokens.verify(written);
    if (token === null) return { state: "the keys of tokens are not known", isChecked: false };
    if ("code" in token) return { state: token.state, isChecked: true };
    const { payload, until } = token;
    const identity = readIdentity(payload, this.#config, this.#config["default-role"]);
    if ("code" in identity) return { state: identity.state, isChecked: true };
    const { authid, role } = identity;
    return { authid, role, extra: extraIn(payload, this.#config.extra_claims), until };
  }

  close(): void {
    this.#tokens.close();
  }
}

function extraIn(claims: Claims, names: readonly string[] | null): TokenClient["extra"] {
  if (names === null) return undefined;
  const present = names.filter((name) => Object.hasOwn(claims, name));
  return Object.fromEntries(present.map((name) => [name, claims[name]]));
}
