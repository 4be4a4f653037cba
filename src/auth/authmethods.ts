/**
 * The authmethods, by the name that a client says in HELLO.
 *
 * @module
 */

import type { AuthConfig } from "#config/node-config.ts";
import { AnonymousAuth } from "./anonymous.ts";
import type { AuthContext, PendingAuth } from "./pending-auth.ts";
import { StaticPrincipals } from "./principal.ts";
import { TicketAuth } from "./ticket.ts";
import { SignedProxyAuth, TrustedProxyAuth } from "./trusted-proxy.ts";

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
  anonymous: ({ anonymous }) => anonymous && new AnonymousAuth(anonymous),
  ticket: ({ ticket }, context) =>
    ticket && new TicketAuth(new StaticPrincipals(ticket.principals), context),
  "anonymous-proxy": (auth) => (auth["anonymous-proxy"] ? new TrustedProxyAuth() : undefined),
  "cryptosign-proxy": (auth) => {
    const config = auth["cryptosign-proxy"];
    return config && new SignedProxyAuth(config.principals);
  },
};
