/**
 * Principals looked up by a function of Python: `type: function` of every authmethod.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { FunctionAuthConfig } from "#config/auth/authenticator-config.ts";
import type { DynamicMethod } from "./authenticator-answer.ts";
import { AuthenticatorPrincipals, type Question } from "./authenticator-principals.ts";
import type { AuthContext } from "./pending-auth.ts";

/** Calls the configured function for each client. */
export class FunctionPrincipals<M extends DynamicMethod> extends AuthenticatorPrincipals<M> {
  readonly authprovider = "function";
  readonly #authenticator: string;

  constructor(authmethod: M, config: FunctionAuthConfig, context: AuthContext) {
    super(authmethod, config, context);
    this.#authenticator = config.authenticator;
  }

  protected async ask({ args, signal }: Question): Promise<unknown> {
    const { functionAuthenticators } = this.context.askable;
    if (functionAuthenticators !== undefined) {
      return functionAuthenticators.call({ authenticator: this.#authenticator, args, signal });
    }
    throw new Failure("Cannot call an authenticator: the worker runs none", { source: "internal" });
  }

  /** No router is between the function and its caller: every URI is the function's own. */
  protected isDecision(): boolean {
    return true;
  }
}
