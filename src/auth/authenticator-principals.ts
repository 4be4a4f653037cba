/**
 * Principals looked up by an authenticator, as `type: dynamic` and `type: function` have them.
 *
 *     authenticator(realm, authid, details) -> role | {realm?, authid?, role?, extra?, ...}
 *
 * An ERROR with which the authenticator refuses the client reaches the client. Every other failure is
 * logged, and the client learns only that it was refused. (Crossbar forwards every ERROR, also those
 * of the router and of exceptions.)
 *
 * @module
 */

import { abortable } from "#base/abortable.ts";
import { sentenceOf } from "#base/failure.ts";
import type { AuthenticatorRules } from "#config/auth/authenticator-config.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { isLooseUri } from "#wamp/loose-uri.ts";
import {
  type AuthenticatorAnswer,
  type DynamicMethod,
  readAnswer,
} from "./authenticator-answer.ts";
import { CallError } from "./authenticators.ts";
import { type AuthContext, type Deny, deny } from "./pending-auth.ts";
import type { PrincipalQuery, PrincipalSource } from "./principal.ts";
import { printTransport } from "./transport-details.ts";

/** Longest message of an authenticator that is sent to a client, in characters. */
const MAX_MESSAGE = 500;

/** Longest URI of an authenticator's ERROR that is sent to a client. */
const MAX_URI = 255;

/** What the authenticator is asked about one client. */
export interface Question {
  /** The realm that the client asks for. */
  realm: string;
  args: readonly unknown[];
  /** Aborted when the answer is no longer needed. */
  signal: AbortSignal;
}

/** Asks the configured authenticator about each client. */
export abstract class AuthenticatorPrincipals<M extends DynamicMethod>
  implements PrincipalSource<AuthenticatorAnswer<M>>
{
  abstract readonly authprovider: "dynamic" | "function";
  protected readonly context: AuthContext;
  readonly #authmethod: M;
  readonly #rules: AuthenticatorRules & { authenticator: string };

  constructor(
    authmethod: M,
    rules: AuthenticatorRules & { authenticator: string },
    context: AuthContext,
  ) {
    this.#authmethod = authmethod;
    this.#rules = rules;
    this.context = context;
  }

  /**
   * Resolves with what the authenticator returns.
   *
   * @throws CallError for an ERROR; Failure when it cannot be asked.
   */
  protected abstract ask(question: Question): Promise<unknown>;

  /** Whether an ERROR with a sound URI is the authenticator's decision, and no failure of the call. */
  protected abstract isDecision(uri: string): boolean;

  async find(query: PrincipalQuery): Promise<AuthenticatorAnswer<M> | Deny> {
    let returned: unknown;
    try {
      returned = await this.#ask(query);
    } catch (thrown) {
      return this.#denyThrown(thrown, query);
    }
    const answer = readAnswer(this.#authmethod, returned);
    if ("reason" in answer) {
      return this.#denyFailed(query, `its answer makes no sense: ${answer.reason}`);
    }
    const { principal } = answer;
    const role = principal.role ?? this.#rules["default-role"] ?? undefined;
    // The client's own `authextra` is not used in place of a missing `extra`.
    return { ...principal, role, extra: principal.extra ?? {} };
  }

  async #ask(query: PrincipalQuery): Promise<unknown> {
    const { realm, authid } = query.request;
    const milliseconds = this.#rules["authenticator-timeout"];
    const timeout = new AbortController();
    const timer = setTimeout(
      () => timeout.abort(new Error(`no answer within ${milliseconds} ms`)),
      milliseconds,
    );
    const signal = AbortSignal.any([this.context.signal, timeout.signal]);
    const args = [realm, authid ?? null, detailsOf(query, this.context)];
    try {
      return await abortable(this.ask({ realm, args, signal }), signal);
    } finally {
      clearTimeout(timer);
    }
  }

  #denyThrown(thrown: unknown, query: PrincipalQuery): Deny {
    if (!(thrown instanceof CallError)) return this.#denyFailed(query, sentenceOf(thrown));
    const { uri, args } = thrown;
    const [first] = args;
    const message = typeof first === "string" ? redact(first, query) : "";
    if (uri.length <= MAX_URI && isLooseUri(uri) && this.isDecision(uri)) {
      const refusal = { ...denyUnverified(query), uri };
      return message === "" ? refusal : { ...refusal, message: message.slice(0, MAX_MESSAGE) };
    }
    const failed = this.#denyFailed(query, `${uri} ${message}`);
    // A router also sends this URI, when the role may not call; its message names parts of the node.
    return uri === ErrorUri.notAuthorized ? { ...failed, uri, isBlameless: false } : failed;
  }

  /** Logs that the authenticator failed, which refuses the client too. */
  #denyFailed(query: PrincipalQuery, reason: string): Deny {
    const { askable, signal } = this.context;
    // A client that left before the answer is no failure of the authenticator.
    if (!signal.aborted) {
      askable.authenticators.log.warn("authenticator failed", {
        authmethod: this.#authmethod,
        authenticator: this.#rules.authenticator,
        peer: query.request.transport.peer,
        reason: redact(reason, query).trim().slice(0, MAX_MESSAGE),
      });
    }
    return { ...denyUnverified(query), isBlameless: true };
  }
}

function denyUnverified({ authmethod }: PrincipalQuery): Deny {
  return deny(authmethod, "the client could not be verified");
}

/** An authenticator's message without the secrets that it was sent, which it may quote. */
function redact(message: string, { details = {} }: PrincipalQuery): string {
  return Object.values(details).reduce(
    (text, secret) => (secret === "" ? text : text.replaceAll(secret, "***")),
    message,
  );
}

/** Crossbar's `details` without HTTP headers, cookies and process ids; the authmethod's own come last. */
function detailsOf(
  query: PrincipalQuery,
  { pendingSession }: AuthContext,
): Record<string, unknown> {
  const { request, authmethod, details } = query;
  const transport = printTransport(request.transport);
  const { peer_cert } = transport as { peer_cert?: unknown };
  return {
    // The certificate has two names, as in Crossbar, whose authenticators read either.
    transport: peer_cert === undefined ? transport : { ...transport, client_cert: peer_cert },
    session: pendingSession,
    authmethod,
    authextra: request.authextra,
    ...(request.authid !== undefined && { authid: request.authid }),
    ...(request.authrole !== undefined && { authrole: request.authrole }),
    ...details,
  };
}
