/**
 * The identity of an authenticated session.
 *
 * @module
 */

/** The identity of a session, with the attributes of WELCOME. */
export interface SessionIdentity {
  realm: string;
  authid: string;
  authrole: string;
  /** Null for a component of a router, which does not authenticate. */
  authmethod: string | null;
  authprovider: string | null;
  authextra: Record<string, unknown>;
}
