/**
 * Roles with an authorizer, a procedure that decides about each action (Crossbar: "dynamic
 * authorizer"):
 *
 *     authorizer(details, uri, action, options) -> boolean | {allow, cache?, disclose?, validate?}
 *
 * @module
 */

import { CallError } from "#auth/authenticators.ts";
import { Failure, sentenceOf } from "#base/failure.ts";
import type { AuthorizerConfig } from "#config/realm/realm-config.ts";
import type { Logger } from "#observe/logger.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { AuthorizerCalls } from "./authorizer-calls.ts";
import {
  type AuthorizerAnswer,
  AuthorizerQuestion,
  AuthorizerWait,
} from "./authorizer-question.ts";
import { type Decision, readAuthorizerResult } from "./authorizer-result.ts";
import { DecisionCache } from "./decision-cache.ts";
import type { ActionRequest, ActionSubject } from "./requests.ts";
import {
  type Authorization,
  DISCLOSED,
  notAuthorized,
  type PendingAuthorization,
  type Requester,
  type Role,
  UNDISCLOSED,
} from "./role.ts";

/** Longest text of an error that is sent to the client and logged, in characters. */
const MAX_REASON = 500;

/** Clients can cause failures at any rate; further ones within this time are logged at debug. */
const WARNING_INTERVAL_MS = 10_000;

/** What is known of the authorizer's decisions. */
interface Memory {
  readonly decisions: DecisionCache;
  /** The questions that have no answer yet; undefined: each request asks its own. */
  readonly questions: Map<string, AuthorizerQuestion> | undefined;
}

/** Calls the authorizer of a role on its realm. */
export class AuthorizerRole implements Role {
  readonly name: string;
  readonly asksAuthorizer = true;
  readonly #config: AuthorizerConfig;
  readonly #calls: AuthorizerCalls;
  readonly #log: Logger;
  #memory: Memory;
  #lastWarning = Number.NEGATIVE_INFINITY;
  #warnedOfValidate = false;

  /** `calls` are those of the authorizer of the configuration. */
  constructor(name: string, config: AuthorizerConfig, calls: AuthorizerCalls, log: Logger) {
    this.name = name;
    this.#config = config;
    this.#calls = calls;
    this.#log = log;
    this.#memory = newMemory(config);
  }

  authorize(requester: Requester, request: ActionRequest): Authorization | PendingAuthorization {
    const decision = this.#memory.decisions.get(requester, request);
    if (decision !== undefined) return this.#apply(decision, request);
    const wait = new AuthorizerWait();
    const { action, match, uri, options } = request;
    const outcome = this.#outcome(requester, { action, match, uri, options }, wait);
    return { outcome, cancel: () => wait.withdraw() };
  }

  /** The authorizer was asked about the pattern, and permitted whatever it matches. */
  permitsMatch(): boolean {
    return true;
  }

  permitsExact(): boolean {
    return true;
  }

  left(requester: Requester): void {
    this.#memory.decisions.left(requester);
  }

  /** Answers to questions that have been asked before are not kept either. */
  forgetDecisions(): void {
    this.#memory = newMemory(this.#config);
  }

  async #outcome(
    requester: Requester,
    request: ActionSubject,
    wait: AuthorizerWait,
  ): Promise<Authorization> {
    const answer = await this.#answer(requester, request, wait);
    if ("reason" in answer) throw this.#failure(requester, request, answer.reason);
    if (answer.validate) this.#warnOfValidate();
    return this.#apply(answer, request);
  }

  /** Where decisions are kept, a question about the same that waits for its answer is not asked again. */
  async #answer(
    requester: Requester,
    request: ActionSubject,
    wait: AuthorizerWait,
  ): Promise<AuthorizerAnswer> {
    const { questions } = this.#memory;
    if (questions === undefined) return wait.answerTo(this.#ask(requester, request));
    const key = this.#memory.decisions.keyOf(requester, request);
    const asked = questions.get(key);
    if (asked === undefined || asked.isWithdrawn) {
      const question = this.#ask(requester, request);
      questions.set(key, question);
      void question.answer.then(() => {
        if (questions.get(key) === question) questions.delete(key);
      });
      return wait.answerTo(question);
    }
    const answer = await wait.answerTo(asked);
    const isMeantToo = "reason" in answer || answer.cache;
    return isMeantToo ? answer : wait.answerTo(this.#ask(requester, request));
  }

  #ask(requester: Requester, request: ActionSubject): AuthorizerQuestion {
    const canceled = new AbortController();
    const { decisions } = this.#memory;
    const answer = this.#call(requester, request, canceled).then((given) => {
      if (!("reason" in given)) decisions.keep(requester, request, given);
      return given;
    });
    return new AuthorizerQuestion(answer, canceled);
  }

  async #call(
    requester: Requester,
    request: ActionSubject,
    canceled: AbortController,
  ): Promise<AuthorizerAnswer> {
    const milliseconds = this.#config["authorizer-timeout"];
    const timer = setTimeout(
      () => canceled.abort(new Error(`the authorizer did not answer within ${milliseconds} ms`)),
      milliseconds,
    );
    try {
      const returned = await this.#calls.call({
        session: requester.id,
        args: [detailsOf(requester), request.uri, request.action, request.options],
        signal: canceled.signal,
      });
      return readAuthorizerResult(returned);
    } catch (thrown) {
      return { reason: reasonOf(thrown) };
    } finally {
      clearTimeout(timer);
    }
  }

  #apply(decision: Decision, request: ActionSubject): Authorization {
    if (!decision.allow) throw notAuthorized(this.name, request);
    return decision.disclose ? DISCLOSED : UNDISCLOSED;
  }

  #failure(requester: Requester, { action, uri }: ActionSubject, fullReason: string): Failure {
    const reason = fullReason.slice(0, MAX_REASON);
    const isLoud = performance.now() - this.#lastWarning >= WARNING_INTERVAL_MS;
    if (isLoud) this.#lastWarning = performance.now();
    this.#log[isLoud ? "warn" : "debug"]("authorizer failed", {
      role: this.name,
      authorizer: this.#config.authorizer,
      session: requester.id,
      reason,
    });
    return new Failure(`Cannot ${action} "${uri}": its authorization failed: ${reason}`, {
      source: "client",
      uri: ErrorUri.authorizationFailed,
    });
  }

  #warnOfValidate(): void {
    if (this.#warnedOfValidate) return;
    this.#warnedOfValidate = true;
    this.#log.warn("authorizer's validate not honoured", {
      role: this.name,
      authorizer: this.#config.authorizer,
    });
  }
}

function newMemory({ "authorizer-cache": cache }: AuthorizerConfig): Memory {
  return { decisions: new DecisionCache(cache), questions: cache && new Map() };
}

/** What an authorizer learns of the session, as in Crossbar. */
function detailsOf(requester: Requester): Record<string, unknown> {
  const { authid, authrole, authmethod, authprovider, authextra } = requester.identity;
  return {
    session: requester.id,
    authid,
    authrole,
    authmethod,
    authprovider,
    authextra,
    transport: requester.transport(),
  };
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof CallError)) return sentenceOf(thrown);
  return [thrown.uri, ...thrown.args.filter((arg) => typeof arg === "string")].join(" ");
}
