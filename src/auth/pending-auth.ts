/**
 * An authentication in progress, and its three results (Crossbar: PendingAuth).
 *
 * @module
 */

import type { TransportDetails } from "#wamp/peer.ts";
import type { Authenticators } from "./authenticators.ts";
import type { SessionIdentity } from "./session-identity.ts";

/** The client is authenticated. */
export interface Accept {
  kind: "accept";
  identity: SessionIdentity;
  /** Added to `authextra` of the client's WELCOME, and to nothing else. */
  welcomeExtra?: Record<string, unknown>;
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
  /** Calls the authenticators of authmethods of type `dynamic`. */
  authenticators: Authenticators;
  /** Aborted when the client no longer waits. */
  signal: AbortSignal;
  /** The identity that the client's cookie stands for, where `cookie` is configured. */
  login: SessionIdentity | undefined;
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
