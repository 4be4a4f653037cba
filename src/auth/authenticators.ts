/**
 * Authenticators as authmethods see them: procedures somewhere on a realm.
 *
 * A proxy worker calls them through a session of its own on a router, a router worker on its own
 * realms. (Crossbar: "dynamic authenticators", called over service sessions.)
 *
 * @module
 */

import type { Logger } from "#observe/logger.ts";

/** One question to an authenticator. */
export interface AuthenticatorCall {
  /** The realm that it is registered on. */
  realm: string;
  /** The role to call it as; null: `trusted`. */
  role: string | null;
  procedure: string;
  args: readonly unknown[];
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal;
}

/** Where a worker calls authenticators, and where it says what went wrong with them. */
export interface Authenticators {
  readonly log: Logger;
  /**
   * Calls, and resolves with the first argument of the RESULT.
   *
   * @throws CallError for an ERROR of the procedure, or of a router on its behalf; Failure when
   * there is no way to the procedure.
   */
  call(call: AuthenticatorCall): Promise<unknown>;
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
