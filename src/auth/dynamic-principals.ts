/**
 * Principals looked up by a WAMP procedure: `type: dynamic` of every authmethod.
 *
 * @module
 */

import type { DynamicAuthConfig } from "#config/auth/authenticator-config.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { DynamicMethod } from "./authenticator-answer.ts";
import { AuthenticatorPrincipals, type Question } from "./authenticator-principals.ts";
import type { AuthContext } from "./pending-auth.ts";

/** WAMP's own URIs by which an authenticator refuses; a router answers no CALL with them. */
const REFUSALS: ReadonlySet<string> = new Set([
  ErrorUri.authenticationDenied,
  ErrorUri.authenticationFailed,
  ErrorUri.noSuchPrincipal,
  ErrorUri.noSuchRealm,
  ErrorUri.noSuchRole,
]);

/** Calls the configured authenticator for each client. */
export class DynamicPrincipals<M extends DynamicMethod> extends AuthenticatorPrincipals<M> {
  readonly authprovider = "dynamic";
  readonly #config: DynamicAuthConfig;

  constructor(authmethod: M, config: DynamicAuthConfig, context: AuthContext) {
    super(authmethod, config, context);
    this.#config = config;
  }

  protected ask({ realm, args, signal }: Question): Promise<unknown> {
    return this.context.askable.authenticators.call({
      realm: this.#config["authenticator-realm"] ?? realm,
      role: this.#config["authenticator-role"],
      procedure: this.#config.authenticator,
      args,
      signal,
    });
  }

  protected isDecision(uri: string): boolean {
    return REFUSALS.has(uri) || !(uri.startsWith("wamp.") || uri.startsWith("crossbar."));
  }
}
