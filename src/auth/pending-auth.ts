/**
 * An authentication in progress, and its three results (Crossbar: PendingAuth).
 *
 * @module
 */

import type { TransportDetails } from "#wamp/peer.ts";
import type { Authenticators } from "./authenticators.ts";
import type { SessionIdentity } from "./session-identity.ts";

/** The client is who it says. */
export interface Accept {
  kind: "accept";
  identity: SessionIdentity;
  /** What `authextra` of the client's WELCOME says beside; nobody else is told. */
  welcomeExtra?: Record<string, unknown>;
}

/** The client has to prove it. */
export interface Challenge {
  kind: "challenge";
  authmethod: string;
  extra: Record<string, unknown>;
}

/** The client is refused, with an ABORT of this reason. */
export interface Deny {
  kind: "deny";
  uri: string;
  message: string;
  /** Whether it says nothing of what the client proved; such a refusal is no failed attempt. */
  isBlameless?: boolean;
}

/** What a HELLO or an AUTHENTICATE leads to. */
export type AuthOutcome = Accept | Challenge | Deny;

/** What a client said in HELLO, as far as authentication reads it. */
export interface HelloRequest {
  realm: string;
  authmethods: readonly string[];
  authid: string | undefined;
  authrole: string | undefined;
  authextra: Record<string, unknown>;
  transport: TransportDetails;
}

/** What authmethods need beside the configuration; one for each joining client. */
export interface AuthContext {
  /** Session id of challenges and authenticators; not the one that WELCOME will name. */
  pendingSession: number;
  /** Where authmethods of type `dynamic` ask. */
  authenticators: Authenticators;
  /** Aborted when the client waits no longer. */
  signal: AbortSignal;
  /** Who the client is by its cookie, where that is an authmethod and the client is known. */
  login: SessionIdentity | undefined;
}

/** One authmethod at work for one joining client. */
export interface PendingAuth {
  hello(request: HelloRequest): AuthOutcome | Promise<AuthOutcome>;
  /** Absent where nobody is challenged. */
  authenticate?(
    signature: string,
    extra: Record<string, unknown>,
  ): AuthOutcome | Promise<AuthOutcome>;
}
