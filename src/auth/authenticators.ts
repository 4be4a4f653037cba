/**
 * Authenticators as authmethods see them: procedures on a realm, and functions of Python.
 *
 * A proxy worker calls procedures over its own session with a router; a router worker calls them on its
 * own realms. (Crossbar: "dynamic authenticators", called over service sessions.) Functions run in a
 * process of the worker. (Crossbar: "function authenticators", called in the worker itself.)
 *
 * @module
 */

import type { Logger } from "#observe/logger.ts";
import type { TicketTokens } from "./ticket-tokens.ts";

/** One call of an authenticator. */
export interface AuthenticatorCall {
  /** The realm on which the procedure is registered. */
  realm: string;
  /** The role of the caller; null: `trusted`. */
  role: string | null;
  procedure: string;
  args: readonly unknown[];
  /** Aborted when the answer is no longer needed. */
  signal: AbortSignal;
}

/** Calls authenticators, and logs what goes wrong with them. */
export interface Authenticators {
  readonly log: Logger;
  /**
   * Calls, and resolves with the first argument of the RESULT.
   *
   * @throws CallError for an ERROR of the procedure or of the router; Failure when the procedure
   * cannot be reached.
   */
  call(call: AuthenticatorCall): Promise<unknown>;
}

/** One call of a function. */
export interface FunctionCall {
  /** The id of the authenticator in the configuration of the worker. */
  authenticator: string;
  args: readonly unknown[];
  /** Aborted when the answer is no longer needed. */
  signal: AbortSignal;
}

/** Calls authenticators that are functions. */
export interface FunctionAuthenticators {
  /**
   * Calls, and resolves with what the function returns.
   *
   * @throws CallError for an exception with a URI (ApplicationError of autobahn); Failure for any other,
   * and when the function cannot be called.
   */
  call(call: FunctionCall): Promise<unknown>;
}

/** An ERROR in answer to a CALL. */
export class CallError extends Error {
  readonly uri: string;
  readonly args: readonly unknown[];

  constructor(uri: string, args: readonly unknown[]) {
    super(`the call failed with ${uri}`);
    this.name = "CallError";
    this.uri = uri;
    this.args = args;
  }
}

/** The authenticators that the authentications of one client can ask. */
export interface AskableAuthenticators {
  /** Those of authmethods of type `dynamic`. */
  readonly authenticators: Authenticators;
  /** Those of type `function`; undefined: the worker has none. */
  readonly functionAuthenticators?: FunctionAuthenticators | undefined;
  /** For the authmethod `ticket` of type `jwt`; undefined: the worker has none. */
  readonly ticketTokens?: TicketTokens | undefined;
}
