/**
 * The authmethods, by the names that clients give in HELLO.
 *
 * @module
 */

import type { AuthConfig, Authmethod } from "#config/auth/auth-config.ts";
import type { AskingAuthConfig } from "#config/auth/authenticator-config.ts";
import { AnonymousAuth } from "./anonymous.ts";
import type { DynamicMethod } from "./authenticator-answer.ts";
import type { AuthenticatorPrincipals } from "./authenticator-principals.ts";
import { CookieAuth, recallLogin } from "./cookie.ts";
import { CryptosignAuth } from "./cryptosign.ts";
import { DynamicPrincipals } from "./dynamic-principals.ts";
import { FunctionPrincipals } from "./function-principals.ts";
import type { AuthContext, PendingAuth } from "./pending-auth.ts";
import { SinglePrincipal, StaticPrincipals } from "./principal.ts";
import { decoyScram, ScramAuth } from "./scram.ts";
import { StaticKeys } from "./static-keys.ts";
import { StaticTrustroots } from "./static-trustroots.ts";
import { TicketAuth } from "./ticket.ts";
import { StaticCertificates, TlsAuth } from "./tls.ts";
import { TokenPrincipals } from "./token-principals.ts";
import { SignedProxyAuth, TrustedProxyAuth } from "./trusted-proxy.ts";
import { decoyWampCra, WampCraAuth } from "./wampcra.ts";

/** Begins the authentication of one client; undefined: the authmethod is unknown or not configured. */
export function beginAuth(
  authmethod: string,
  auth: AuthConfig,
  context: AuthContext,
): PendingAuth | undefined {
  return isAuthmethod(authmethod) ? AUTHMETHODS[authmethod](auth, context) : undefined;
}

/** A client may name anything, `constructor` too. */
function isAuthmethod(name: string): name is Authmethod {
  return Object.hasOwn(AUTHMETHODS, name);
}

type Create = (auth: AuthConfig, context: AuthContext) => PendingAuth | undefined;

const AUTHMETHODS: Readonly<Record<Authmethod, Create>> = {
  anonymous: ({ anonymous }, context) =>
    anonymous &&
    new AnonymousAuth(sourceOf("anonymous", anonymous, context, (one) => new SinglePrincipal(one))),
  ticket: ({ ticket }, context) =>
    ticket &&
    new TicketAuth(
      ticket.type === "jwt"
        ? new TokenPrincipals(ticket, context.askable.ticketTokens)
        : sourceOf("ticket", ticket, context, ({ principals }) => new StaticPrincipals(principals)),
      ticket.type === "jwt" && ticket.cookie !== undefined,
    ),
  wampcra: ({ wampcra }, context) =>
    wampcra &&
    new WampCraAuth(
      sourceOf(
        "wampcra",
        wampcra,
        context,
        ({ users }) => new StaticPrincipals(users, decoyWampCra),
      ),
      context,
    ),
  scram: ({ scram }, context) =>
    scram &&
    new ScramAuth(
      sourceOf(
        "scram",
        scram,
        context,
        ({ principals }) => new StaticPrincipals(principals, decoyScram),
      ),
    ),
  cryptosign: ({ cryptosign }, context) =>
    cryptosign && new CryptosignAuth(sourceOf("cryptosign", cryptosign, context, cryptosignSource)),
  tls: ({ tls }, context) =>
    tls &&
    new TlsAuth(
      sourceOf("tls", tls, context, ({ principals }) => new StaticCertificates(principals)),
    ),
  // A client without a known cookie joins with the next authmethod that it names.
  cookie: (auth, { request }) => {
    const login = recallLogin(auth, request);
    return login && new CookieAuth(login);
  },
  "anonymous-proxy": (auth) => (auth["anonymous-proxy"] ? new TrustedProxyAuth() : undefined),
  "cryptosign-proxy": (auth, context) => {
    const config = auth["cryptosign-proxy"];
    if (config === undefined) return undefined;
    const source = sourceOf(
      "cryptosign-proxy",
      config,
      context,
      ({ principals }) => new StaticPrincipals(principals),
    );
    return new SignedProxyAuth(source);
  },
};

/** Where an authmethod finds its principals: an authenticator is asked, or they are configured. */
function sourceOf<M extends DynamicMethod, Static extends { type: "static" }, Source>(
  authmethod: M,
  config: Static | AskingAuthConfig,
  context: AuthContext,
  list: (config: Static) => Source,
): AuthenticatorPrincipals<M> | Source {
  if (config.type === "dynamic") return new DynamicPrincipals(authmethod, config, context);
  if (config.type === "function") return new FunctionPrincipals(authmethod, config, context);
  return list(config);
}

type StaticCryptosign = Exclude<NonNullable<AuthConfig["cryptosign"]>, AskingAuthConfig>;

function cryptosignSource({ principals, trustroots }: StaticCryptosign) {
  return trustroots ? new StaticTrustroots(trustroots) : new StaticKeys(principals);
}
