/**
 * Normalized authmethods that ask an authenticator, and the authenticators in Python.
 *
 * @module
 */

import type { PythonOptions, PythonPart } from "#config/component/process-config.ts";

/** An authmethod that asks an authenticator about each client. */
export type AskingAuthConfig = DynamicAuthConfig | FunctionAuthConfig;

/** What every such authmethod has. */
export interface AuthenticatorRules {
  /** Role of clients for which the authenticator returns none; null: they are refused. */
  "default-role": string | null;
  /** Milliseconds after which a client is refused if there is no answer. */
  "authenticator-timeout": number;
}

/** `type: function` of an authmethod: a function of Python decides. */
export interface FunctionAuthConfig extends AuthenticatorRules {
  type: "function";
  /** Its id among the authenticators of the worker. */
  authenticator: string;
}

/** `type: dynamic` of an authmethod: a WAMP procedure decides. */
export interface DynamicAuthConfig extends AuthenticatorRules {
  type: "dynamic";
  /** URI of the procedure. */
  authenticator: string;
  /** Realm that it is called on; null: the one that the client asks for. */
  "authenticator-realm": string | null;
  /** Role that it is called as; null: `trusted`. */
  "authenticator-role": string | null;
}

/** The authenticators in Python of a worker, for authmethods of type `function`. */
export interface AuthenticatorsConfig {
  list: AuthenticatorConfig[];
  options: PythonOptions;
}

/** An authenticator in Python. */
export interface AuthenticatorConfig {
  /** Made from `create`; it names the authenticator in the log. */
  id: string;
  type: "authenticator";
  /** `package.module.function`, which makes the authenticator. */
  create: string;
  /** First argument of the function, as JSON. */
  config: string;
  /** Parts of `config`, inner ones first; absent: none. */
  parts?: PythonPart[];
}
