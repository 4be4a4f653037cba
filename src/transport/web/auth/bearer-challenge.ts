/**
 * Refusals of requests with bearer tokens, and the challenge in each (RFC 6750, section 3).
 *
 *     WWW-Authenticate: Bearer realm="realm1", error="invalid_token", error_description="the token has expired"
 *
 * @module
 */

import { type BridgeAnswer, denial } from "#transport/web/bridge/bridge-answer.ts";

/** Why a token is refused: a code of RFC 6750, and the state that the client may know. */
export interface TokenFault {
  code: "invalid_request" | "invalid_token" | "insufficient_scope";
  state: string;
}

const STATUSES = { invalid_request: 400, invalid_token: 401, insufficient_scope: 403 } as const;

/** The refusals of one path. */
export class BearerChallenges {
  readonly #realm: string;
  readonly #scopes: readonly string[];

  /** `scopes`: those that a token has to have. */
  constructor(realm: string, scopes: readonly string[]) {
    this.#realm = realm;
    this.#scopes = scopes;
  }

  /** The answer to a request without a token. A challenge without an error asks for one. */
  missing(): BridgeAnswer {
    const sentence = "Cannot take the request: it has no bearer token";
    return denial(401, sentence, { "WWW-Authenticate": this.#challenge([]) });
  }

  /** The answer to a request whose token is refused. */
  refused({ code, state }: TokenFault): BridgeAnswer {
    const scope = code === "insufficient_scope" && this.#scopes.length > 0;
    const challenge = this.#challenge([
      ["error", code],
      ["error_description", state],
      ...(scope ? ([["scope", this.#scopes.join(" ")]] as const) : []),
    ]);
    const sentence = `Cannot take the request: ${state}`;
    return denial(STATUSES[code], sentence, { "WWW-Authenticate": challenge });
  }

  #challenge(attributes: readonly (readonly [name: string, value: string])[]): string {
    const all = [["realm", this.#realm] as const, ...attributes];
    return `Bearer ${all.map(([name, value]) => `${name}="${quotable(value)}"`).join(", ")}`;
  }
}

/** A description and a scope may have no quote and no backslash, and a header nothing beyond ASCII. */
function quotable(text: string): string {
  return text.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "?");
}
