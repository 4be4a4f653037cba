/**
 * Refusals: what a client is told that is not let in.
 *
 * @module
 */

import { ErrorUri } from "#wamp/error-uri.ts";
import type { Deny } from "./pending-auth.ts";

/** A refusal for a state that the client may know: it comes of what the client itself said. */
export function deny(authmethod: string, state: string): Deny {
  const message = `Cannot authenticate with ${authmethod}: ${state}`;
  return { kind: "deny", uri: ErrorUri.authenticationFailed, message };
}

/** The one answer to whoever does not prove who he is; it does not say what was wrong. */
export function denyProof(authmethod: string): Deny {
  return deny(authmethod, "authid or proof is not valid");
}

/** Whether a source of principals answered with a refusal. */
export function isDeny(found: object | undefined): found is Deny {
  return found !== undefined && "kind" in found && found.kind === "deny";
}
