/**
 * Authmethod `ticket`, static: the client shows a secret that the configuration knows.
 *
 * @module
 */

import { timingSafeEqual } from "node:crypto";

import type { AuthConfig } from "#config/node-config.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { AuthOutcome, HelloRequest, PendingAuth } from "./pending-auth.ts";

/** Challenges for a ticket and compares it with the principal's, in constant time. */
export class TicketAuth implements PendingAuth {
  readonly #principals: NonNullable<AuthConfig["ticket"]>["principals"];
  #request: HelloRequest | undefined;

  constructor(config: NonNullable<AuthConfig["ticket"]>) {
    this.#principals = config.principals;
  }

  hello(request: HelloRequest): AuthOutcome {
    this.#request = request;
    return { kind: "challenge", authmethod: "ticket", extra: {} };
  }

  authenticate(signature: string): AuthOutcome {
    const request = this.#request;
    // One try for each CHALLENGE: a second AUTHENTICATE finds nothing to prove.
    this.#request = undefined;
    const authid = request?.authid ?? "";
    const principal = Object.hasOwn(this.#principals, authid)
      ? this.#principals[authid]
      : undefined;
    // An unknown authid costs the same comparison, so that time does not tell which authids exist.
    const matches = isEqual(signature, principal?.ticket ?? "");
    if (request === undefined || principal === undefined || !matches) {
      return {
        kind: "deny",
        uri: ErrorUri.authenticationFailed,
        message: "Cannot authenticate with ticket: authid or ticket is not valid",
      };
    }
    return {
      kind: "accept",
      identity: {
        realm: request.realm,
        authid,
        authrole: principal.role,
        authmethod: "ticket",
        authprovider: "static",
        authextra: request.authextra,
      },
    };
  }
}

function isEqual(left: string, right: string): boolean {
  const digest = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
