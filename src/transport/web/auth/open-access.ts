/**
 * openAccess: opens the access to a path, with its `auth` where it has one.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { CookieLoginConfig, PathRoleConfig } from "#config/web-service/path-auth-config.ts";
import type { TransportContext } from "#transport/listener.ts";
import type { CookieLogins } from "./cookie-logins.ts";
import { accessForAll, type PathAccess } from "./request-access.ts";

/** Finds the logins of a WebSocket on the transport of a path. */
export type FindLogins = (config: CookieLoginConfig) => CookieLogins;

/**
 * Opens the access to one path.
 *
 * @throws Failure when keys cannot be read.
 */
export async function openAccess(
  config: { realm: string } & PathRoleConfig,
  { log }: TransportContext,
  findLogins?: FindLogins,
): Promise<PathAccess> {
  const { auth, realm, role } = config;
  if (auth === undefined) return accessForAll(config);
  // Most nodes need no library for tokens.
  const { RequestAuthentication } = await import("./request-authentication.ts");
  const logins = auth.cookie === null ? null : loginsFor(auth.cookie, findLogins);
  return new RequestAuthentication(auth, { realm, role }, logins, log);
}

function loginsFor(config: CookieLoginConfig, findLogins?: FindLogins): CookieLogins {
  if (findLogins !== undefined) return findLogins(config);
  const sentence = "Cannot take cookies as logins: no client joins this worker";
  throw new Failure(sentence, { source: "internal" });
}
