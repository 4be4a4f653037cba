/**
 * TicketTokens: checks tickets that are tokens, signed JWTs, as authmethods see it. A worker has the keys.
 *
 * @module
 */

import type { TokenTicketConfig } from "#config/auth/token-config.ts";

/** The client that a valid token names. */
export interface TokenClient {
  authid: string;
  role: string;
  /** Undefined: the configuration takes none out of tokens. */
  extra: Record<string, unknown> | undefined;
  /** When its session ends, in milliseconds since 1970. */
  until: number;
}

/** Why a token is not accepted. */
export interface TokenRefusal {
  /** A state that the client may know, without the token. */
  state: string;
  /** Whether it was checked at all. */
  isChecked: boolean;
}

/** Checks the tokens of all tickets of a worker. */
export interface TicketTokens {
  check(config: TokenTicketConfig, token: string): Promise<TokenClient | TokenRefusal>;
}
