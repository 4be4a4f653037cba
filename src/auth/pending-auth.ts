/**
 * An authentication in progress, and its three outcomes (Crossbar: PendingAuth).
 *
 * WAMP has two URIs for a denial: `authentication_denied` for a proof that is wrong, and
 * `authentication_failed` where none could be checked. (WAMP specification, section "Advanced Profile
 * URIs".)
 *
 * @module
 */

import { ErrorUri } from "#wamp/error-uri.ts";
import type { TransportDetails } from "#wamp/peer.ts";
import type { AskableAuthenticators } from "./authenticators.ts";
import type { SessionIdentity } from "./session-identity.ts";

/** The client is authenticated. */
export interface Accept {
  kind: "accept";
  identity: SessionIdentity;
  /** Added to `authextra` of the client's WELCOME, and to nothing else. */
  welcomeExtra?: Record<string, unknown>;
  /** Whether a proxy states the identity, whose `authextra` then has the client's transport; absent: no. */
  isStatedByProxy?: boolean;
  /** When the session ends, in milliseconds since 1970; absent: it does not end by itself. */
  until?: number;
}

/** The client has to answer a CHALLENGE. */
export interface Challenge {
  kind: "challenge";
  authmethod: string;
  extra: Record<string, unknown>;
}

/** The client is refused with an ABORT of this reason. */
export interface Deny {
  kind: "deny";
  uri: string;
  message: string;
  /** Whether the refusal does not depend on the client's proof, and so counts as no failed attempt. */
  isBlameless?: boolean;
}

/** What a HELLO or an AUTHENTICATE leads to. */
export type AuthOutcome = Accept | Challenge | Deny;

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

/** What authentication reads of a HELLO, and of the connection that it came over. */
export interface HelloRequest {
  realm: string;
  authmethods: readonly string[];
  authid: string | undefined;
  authrole: string | undefined;
  authextra: Record<string, unknown>;
  transport: TransportDetails;
}

/** What authmethods need besides the configuration; one for each joining client. */
export interface AuthContext {
  /** Session id in challenges and in calls of authenticators; WELCOME will have another one. */
  pendingSession: number;
  request: HelloRequest;
  askable: AskableAuthenticators;
  /** Aborted when the client no longer waits. */
  signal: AbortSignal;
}

/** One authmethod in use for one joining client. */
export interface PendingAuth {
  hello(request: HelloRequest): AuthOutcome | Promise<AuthOutcome>;
  /** Absent for an authmethod that never sends a CHALLENGE. */
  authenticate?(
    signature: string,
    extra: Record<string, unknown>,
  ): AuthOutcome | Promise<AuthOutcome>;
}

/** What one AUTHENTICATE is checked against; a second AUTHENTICATE finds nothing to check. */
export class PendingChallenge<T> {
  #pending: T | undefined;

  set(pending: T): void {
    this.#pending = pending;
  }

  /** Returns and forgets it; undefined: no CHALLENGE is pending. */
  take(): T | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }
}
