/**
 * Refusals of clients that try to join.
 *
 * WAMP has two URIs for them: `authentication_denied` for a proof that is wrong, and
 * `authentication_failed` where none could be checked. (WAMP specification, section "Advanced Profile
 * URIs".)
 *
 * @module
 */

import { ErrorUri } from "#wamp/error-uri.ts";
import type { Deny } from "./pending-auth.ts";

/**
 * A refusal of a client whose proof was not checked, for instance because its HELLO is malformed. The
 * client may know the reason, because it follows from its own messages.
 */
export function deny(authmethod: string, state: string): Deny {
  const message = `Cannot authenticate with ${authmethod}: ${state}`;
  return { kind: "deny", uri: ErrorUri.authenticationFailed, message };
}

/** A refusal of a proof that was checked and is wrong, with a reason that the client may know. */
export function denyWrongProof(authmethod: string, state: string): Deny {
  return { ...deny(authmethod, state), uri: ErrorUri.authenticationDenied };
}

/** One refusal for an unknown authid and for a wrong proof; it does not reveal which it was. */
export function denyProof(authmethod: string): Deny {
  return denyWrongProof(authmethod, "authid or proof is not valid");
}

/** Whether a lookup resulted in a refusal. */
export function isDeny(result: object | undefined): result is Deny {
  return result !== undefined && "kind" in result && result.kind === "deny";
}
