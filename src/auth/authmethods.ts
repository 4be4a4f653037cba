/**
 * The authmethods, by the name that a client says in HELLO.
 *
 * @module
 */

import type { AuthConfig } from "#config/node-config.ts";
import { AnonymousAuth } from "./anonymous.ts";
import { CookieAuth } from "./cookie.ts";
import { CryptosignAuth } from "./cryptosign.ts";
import type { AuthContext, PendingAuth } from "./pending-auth.ts";
import { StaticPrincipals } from "./principal.ts";
import { disguiseScram, ScramAuth } from "./scram.ts";
import { StaticKeys } from "./static-keys.ts";
import { StaticTrustroots } from "./static-trustroots.ts";
import { TicketAuth } from "./ticket.ts";
import { StaticCertificates, TlsAuth } from "./tls.ts";
import { TrustedProxyAuth } from "./trusted-proxy.ts";
import { disguiseWampCra, WampCraAuth } from "./wampcra.ts";

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
  wampcra: ({ wampcra }, context) =>
    wampcra && new WampCraAuth(new StaticPrincipals(wampcra.users, disguiseWampCra), context),
  scram: ({ scram }, context) =>
    scram && new ScramAuth(new StaticPrincipals(scram.principals, disguiseScram), context),
  cryptosign: ({ cryptosign }, context) =>
    cryptosign && new CryptosignAuth(cryptosignSource(cryptosign), context),
  tls: ({ tls }, context) => tls && new TlsAuth(new StaticCertificates(tls.principals), context),
  // Who is not known by a cookie joins with the next authmethod.
  cookie: ({ cookie }, { login }) => cookie && login && new CookieAuth(login),
  "anonymous-proxy": (auth) => (auth["anonymous-proxy"] ? new TrustedProxyAuth() : undefined),
};

function cryptosignSource({ principals, trustroots }: NonNullable<AuthConfig["cryptosign"]>) {
  return trustroots ? new StaticTrustroots(trustroots) : new StaticKeys(principals);
}
