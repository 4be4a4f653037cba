/**
 * The roles of a WAMP client (WAMP specification, section "Client: Role and Feature Announcement").
 *
 * @module
 */

/** The roles that a client may have. */
export const CLIENT_ROLES = ["publisher", "subscriber", "caller", "callee"] as const;

/** Those that a client has announced in HELLO. */
export function announcedRoles(roles: Record<string, unknown>): string[] {
  return CLIENT_ROLES.filter((role) => Object.hasOwn(roles, role));
}
