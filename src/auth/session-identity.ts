/**
 * Who a session is, once it is authenticated.
 *
 * @module
 */

/** The identity of a session, in WELCOME's words. */
export interface SessionIdentity {
  realm: string;
  authid: string;
  authrole: string;
  authmethod: string;
  authprovider: string;
  authextra: Record<string, unknown>;
}
