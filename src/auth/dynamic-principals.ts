/**
 * Principals that an authenticator knows: `type: dynamic` of every authmethod.
 *
 *     authenticator(realm, authid, details) -> role | {realm?, authid?, role?, extra?, ...}
 *
 * An ERROR with which it refuses somebody reaches the client. Whatever else goes wrong is told to the
 * log; the client learns only that it was not let in. (Crossbar passes every ERROR on, those of the
 * router and of exceptions too.)
 *
 * @module
 */

import { abortable } from "#base/abortable.ts";
import { sentenceOf } from "#base/failure.ts";
import type { DynamicAuthConfig } from "#config/node-config.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { isLooseUri } from "#wamp/loose-uri.ts";
import {
  type AuthenticatorAnswer,
  type DynamicMethod,
  readAnswer,
} from "./authenticator-answer.ts";
import { CallError } from "./authenticators.ts";
import { deny } from "./deny.ts";
import type { AuthContext, Deny } from "./pending-auth.ts";
import type { Claim, PrincipalSource } from "./principal.ts";
import { printTransport } from "./transport-details.ts";

/** Longest sentence of an authenticator that a client is told, in characters. */
const MAX_SENTENCE = 500;

/** Longest URI of an authenticator's ERROR that a client is told. */
const MAX_URI = 255;

/** URIs of WAMP's own by which an authenticator refuses; a router says none of them of a CALL. */
const REFUSALS: ReadonlySet<string> = new Set([
  ErrorUri.authenticationFailed,
  ErrorUri.noSuchPrincipal,
  ErrorUri.noSuchRealm,
  ErrorUri.noSuchRole,
]);

/** Asks the configured authenticator for each client. */
export class DynamicPrincipals<M extends DynamicMethod>
  implements PrincipalSource<AuthenticatorAnswer<M>>
{
  readonly authprovider = "dynamic";
  readonly #authmethod: M;
  readonly #config: DynamicAuthConfig;
  readonly #context: AuthContext;

  constructor(authmethod: M, config: DynamicAuthConfig, context: AuthContext) {
    this.#authmethod = authmethod;
    this.#config = config;
    this.#context = context;
  }

  async find(claim: Claim): Promise<AuthenticatorAnswer<M> | Deny> {
    let returned: unknown;
    try {
      returned = await this.#ask(claim);
    } catch (thrown) {
      return this.#refusal(thrown, claim);
    }
    const answer = readAnswer(this.#authmethod, returned);
    if ("reason" in answer) {
      return this.#unanswered(claim, `its answer makes no sense: ${answer.reason}`);
    }
    const { principal } = answer;
    const role = principal.role ?? this.#config["default-role"] ?? undefined;
    // What the client says of itself is not what the authenticator says of it.
    return { ...principal, role, extra: principal.extra ?? {} };
  }

  async #ask(claim: Claim): Promise<unknown> {
    const { request } = claim;
    const milliseconds = this.#config["authenticator-timeout"];
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new Error(`no answer within ${milliseconds} ms`)),
      milliseconds,
    );
    const signal = AbortSignal.any([this.#context.signal, late.signal]);
    const call = {
      realm: this.#config["authenticator-realm"] ?? request.realm,
      role: this.#config["authenticator-role"],
      procedure: this.#config.authenticator,
      args: [request.realm, request.authid ?? null, detailsOf(claim, this.#context)],
      signal,
    };
    try {
      return await abortable(this.#context.authenticators.call(call), signal);
    } finally {
      clearTimeout(timer);
    }
  }

  #refusal(thrown: unknown, claim: Claim): Deny {
    if (!(thrown instanceof CallError)) return this.#unanswered(claim, sentenceOf(thrown));
    const { uri, args } = thrown;
    const [first] = args;
    const said = typeof first === "string" ? withoutSecrets(first, claim) : "";
    if (isRefusal(uri)) {
      const told = said === "" ? {} : { message: said.slice(0, MAX_SENTENCE) };
      return { ...notVerified(claim), ...told, uri };
    }
    // A router says it too, of a role that may not call, and names what is no client's business.
    if (uri === ErrorUri.notAuthorized) {
      return { ...this.#unanswered(claim, `${uri} ${said}`), uri, isBlameless: false };
    }
    return this.#unanswered(claim, `${uri} ${said}`);
  }

  #unanswered(claim: Claim, reason: string): Deny {
    const { authenticators, signal } = this.#context;
    // That a client did not wait is no fault of the authenticator's.
    if (!signal.aborted) {
      authenticators.log.warn("authenticator failed", {
        authmethod: this.#authmethod,
        authenticator: this.#config.authenticator,
        peer: claim.request.transport.peer,
        reason: reason.trim().slice(0, MAX_SENTENCE),
      });
    }
    return { ...notVerified(claim), isBlameless: true };
  }
}

function notVerified({ authmethod }: Claim): Deny {
  return deny(authmethod, "the client could not be verified");
}

/** Whether an ERROR is the authenticator's judgement, and not what befell the call. */
function isRefusal(uri: string): boolean {
  if (uri.length > MAX_URI || !isLooseUri(uri)) return false;
  return REFUSALS.has(uri) || !(uri.startsWith("wamp.") || uri.startsWith("crossbar."));
}

/** What an authenticator says may quote what it was shown. */
function withoutSecrets(said: string, { details = {} }: Claim): string {
  const shown = Object.values(details).filter((value) => typeof value === "string");
  return shown.reduce(
    (text, secret) => (secret === "" ? text : text.replaceAll(secret, "***")),
    said,
  );
}

/** Crossbar's details, without headers, cookies and process ids; `ticket` and its like come last. */
function detailsOf(claim: Claim, { pendingSession }: AuthContext): Record<string, unknown> {
  const { request, authmethod, details } = claim;
  const transport = printTransport(request.transport);
  const { peer_cert } = transport as { peer_cert?: unknown };
  return {
    // Two names for one thing, as in Crossbar, whose authenticators read either.
    transport: peer_cert === undefined ? transport : { ...transport, client_cert: peer_cert },
    session: pendingSession,
    authmethod,
    authextra: request.authextra,
    ...(request.authid !== undefined && { authid: request.authid }),
    ...(request.authrole !== undefined && { authrole: request.authrole }),
    ...details,
  };
}
