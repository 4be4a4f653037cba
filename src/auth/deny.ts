/**
 * Refusals of clients that try to join.
 *
 * @module
 */

import { ErrorUri } from "#wamp/error-uri.ts";
import type { Deny } from "./pending-auth.ts";

/** A refusal with a reason that the client may know, because it follows from its own messages. */
export function deny(authmethod: string, state: string): Deny {
  const message = `Cannot authenticate with ${authmethod}: ${state}`;
  return { kind: "deny", uri: ErrorUri.authenticationFailed, message };
}

/** One refusal for an unknown authid and for a wrong proof; it does not reveal which it was. */
export function denyProof(authmethod: string): Deny {
  return deny(authmethod, "authid or proof is not valid");
}

/** Whether a lookup resulted in a refusal. */
export function isDeny(result: object | undefined): result is Deny {
  return result !== undefined && "kind" in result && result.kind === "deny";
}
