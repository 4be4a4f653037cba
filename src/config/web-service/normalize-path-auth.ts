/**
 * Normalizes `auth` of paths whose requests act in the names of their clients, and the role beside it.
 *
 * @module
 */

import { normalizeToken } from "#config/auth/normalize-token.ts";
import type { TokenConfig } from "#config/auth/token-config.ts";
import type { TokenItem } from "#config/auth/token-schema.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { WorkerContext } from "#config/transport/transport-context.ts";
import type { PathRoleConfig } from "./path-auth-config.ts";
import type { PathAuthItem } from "./path-auth-schema.ts";
import { warnOfRealmAndRole, warnOfRole } from "./realm-role-rules.ts";

/** A path as written. */
interface PathItem {
  realm: string;
  role?: string | undefined;
  auth?: PathAuthItem | undefined;
}

/** The normalized role and `auth`; warns of a realm or role that nothing leads to, so that nothing is `done`. */
export function normalizePathRole(
  { realm, role, auth }: PathItem,
  done: string,
  path: JsonPath,
  context: WorkerContext,
): PathRoleConfig {
  const { report } = context;
  warnOfRealmAndRole({ realm, role, done }, path, context);
  if (auth === undefined) {
    // Crossbar requires it, because there is no other role.
    if (role === undefined) report.fault([...path, "role"], "required attribute is missing");
    return { role: role ?? "" };
  }
  const at = [...path, "auth"];
  const { bearer, cookie } = auth;
  if (bearer === undefined && cookie === undefined) {
    report.fault(at, 'expected "bearer" or "cookie", found neither');
  }
  if (bearer === undefined && role !== undefined) {
    const sentence = "has no effect: the role is that of the login for which the cookie stands";
    report.warn([...path, "role"], sentence);
  }
  return {
    role: role ?? null,
    auth: {
      bearer:
        bearer === undefined ? null : normalizeBearer(bearer, realm, [...at, "bearer"], context),
      // Whether there is such a WebSocket is known when all paths are.
      cookie: cookie === undefined ? null : { websocket: mountOf(cookie.websocket) },
    },
  };
}

/** The rules for the tokens of a path; warns of a role that nothing leads to. */
function normalizeBearer(
  item: TokenItem,
  realm: string,
  path: JsonPath,
  context: WorkerContext,
): TokenConfig {
  item.roles?.forEach((role, index) => {
    const consequence = "requests with tokens that name it are answered with 403";
    warnOfRole(role, realm, consequence, [...path, "roles", index], context);
  });
  return normalizeToken(item, path, context.report);
}

/** The path without the slash at its end; null: it is absent. */
function mountOf(path: string | undefined): string | null {
  return path?.replace(/\/+$/, "") ?? null;
}
