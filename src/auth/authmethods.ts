/**
 * The authmethods, by the name that a client says in HELLO.
 *
 * @module
 */

import type { AuthConfig } from "#config/node-config.ts";
import { AnonymousAuth } from "./anonymous.ts";
import { DynamicPrincipals } from "./dynamic-principals.ts";
import type { AuthContext, PendingAuth } from "./pending-auth.ts";
import { OnePrincipal, StaticPrincipals } from "./principal.ts";
import { TicketAuth } from "./ticket.ts";
import { TrustedProxyAuth } from "./trusted-proxy.ts";

/** The authmethod with this name at work for one client; undefined: it is not configured. */
export function beginAuth(
  authmethod: string,
  auth: AuthConfig,
  context: AuthContext,
): PendingAuth | undefined {
  const create = Object.hasOwn(AUTHMETHODS, authmethod) ? AUTHMETHODS[authmethod] : undefined;
  return create?.(auth, context);
}

type Create = (auth: AuthConfig, context: AuthContext) => PendingAuth | undefined;

const AUTHMETHODS: Record<string, Create> = {
  anonymous: ({ anonymous: config }, context) =>
    config &&
    new AnonymousAuth(
      config.type === "dynamic"
        ? new DynamicPrincipals("anonymous", config, context)
        : new OnePrincipal(config),
      context,
    ),
  ticket: ({ ticket: config }, context) =>
    config &&
    new TicketAuth(
      config.type === "dynamic"
        ? new DynamicPrincipals("ticket", config, context)
        : new StaticPrincipals(config.principals),
      context,
    ),
  "anonymous-proxy": (auth) => (auth["anonymous-proxy"] ? new TrustedProxyAuth() : undefined),
};
