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
  authmethod: string;
  authprovider: string;
  authextra: Record<string, unknown>;
}
