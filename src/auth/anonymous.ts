/**
 * Authmethod `anonymous`, static: everybody is let in, with one role.
 *
 * @module
 */

import type { AuthConfig } from "#config/node-config.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { AuthOutcome, HelloRequest, PendingAuth } from "./pending-auth.ts";

const ALPHABET = "ACEFGHJKLMNPQRTUVWXY34679";

/** Accepts every client with the configured role; authid is the configured one or a random serial. */
export class AnonymousAuth implements PendingAuth {
  readonly #config: NonNullable<AuthConfig["anonymous"]>;

  constructor(config: NonNullable<AuthConfig["anonymous"]>) {
    this.#config = config;
  }

  hello(request: HelloRequest): AuthOutcome {
    return {
      kind: "accept",
      identity: {
        realm: request.realm,
        authid: this.#config.authid ?? randomSerial(),
        authrole: this.#config.role,
        authmethod: "anonymous",
        authprovider: "static",
        authextra: request.authextra,
      },
    };
  }

  authenticate(): AuthOutcome {
    return {
      kind: "deny",
      uri: ErrorUri.protocolViolation,
      message: "Cannot accept AUTHENTICATE: anonymous sends no CHALLENGE",
    };
  }
}

/** A random authid in Crossbar's form, `XXXX-XXXX-XXXX-XXXX-XXXX-XXXX`, of letters hard to confuse. */
export function randomSerial(): string {
  const letters: string[] = [];
  while (letters.length < 24) {
    for (const octet of crypto.getRandomValues(new Uint8Array(32))) {
      // 250 is the largest multiple of the alphabet's 25 letters: beyond it some would be likelier.
      if (octet < 250 && letters.length < 24) letters.push(ALPHABET[octet % 25] ?? "A");
    }
  }
  return letters.join("").replace(/(.{4})(?=.)/g, "$1-");
}
