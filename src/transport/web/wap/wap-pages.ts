/**
 * WapPages: answers the requests for one path of type `wap`. A route calls a procedure with the values of the path,
 * and its template makes a page of the result.
 *
 * (Crossbar: "WAMP application pages".)
 *
 * @module
 */

import type { CancelSignal } from "#base/cancellation.ts";
import { Failure, sentenceOf } from "#base/failure.ts";
import { UrlMap, type UrlMatch } from "#base/url-map.ts";
import type { PathValue } from "#base/url-rule.ts";
import type { WapRouteConfig, WapServiceConfig } from "#config/web-service/wap-config.ts";
import { RenderError } from "#template/render-error.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { RequestHandler } from "#transport/http/http-exchange.ts";
import type { ClientRequest } from "#transport/http/http-request.ts";
import type { TransportContext } from "#transport/listener.ts";
import { AnswerTimeout, requestWithin } from "#transport/web/bridge/answer-timeout.ts";
import { type RequestSlot, RequestSlots } from "#transport/web/bridge/request-slots.ts";
import { errorPage, refusedRequest } from "#transport/web/error-page.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import type { WampAnswer, WampCaller } from "#wamp/wamp-caller.ts";
import { callPayload, MalformedRequest } from "./call-arguments.ts";
import { PageTemplates } from "./page-templates.ts";
import { errorJson, isJsonWanted, jsonAnswer, pageAnswer } from "./wap-answer.ts";

/** Longest body of a request, where Crossbar has no limit. */
const MAX_BODY_OCTETS = 1_048_576;

/** Time for the answer to a call, that to reach the router included. */
const CALL_TIMEOUT_MS = 30_000;

/** A request for a route. */
interface RoutedRequest {
  request: ClientRequest;
  body: Uint8Array;
  route: WapRouteConfig;
  values: ReadonlyMap<string, PathValue>;
}

/** The routes of one path. */
export class WapPages implements RequestHandler {
  readonly maxBodyOctets = MAX_BODY_OCTETS;
  readonly #config: WapServiceConfig;
  readonly #log: TransportContext["log"];
  readonly #caller: WampCaller;
  readonly #templates: PageTemplates;
  readonly #routes = new UrlMap<WapRouteConfig>();
  readonly #slots = new RequestSlots();
  readonly #callTimeoutMs: number;

  private constructor(
    config: WapServiceConfig,
    log: TransportContext["log"],
    caller: WampCaller,
    templates: PageTemplates,
    callTimeoutMs: number,
  ) {
    this.#config = config;
    this.#log = log;
    this.#caller = caller;
    this.#templates = templates;
    this.#callTimeoutMs = callTimeoutMs;
    for (const route of config.routes) this.#routes.add(route.rule, route.method, route);
  }

  /** @throws Failure when a template is missing or malformed, or the worker has no WampCaller. */
  static async open(
    config: WapServiceConfig,
    { log, wampCaller, jinja2 }: Pick<TransportContext, "log" | "wampCaller" | "jinja2">,
    callTimeoutMs = CALL_TIMEOUT_MS,
  ): Promise<WapPages> {
    if (wampCaller === undefined) {
      const sentence = "Cannot open a wap: this worker has no WAMP sessions of its own";
      throw new Failure(sentence, { source: "internal" });
    }
    const templates = await PageTemplates.open(config, log, jinja2);
    return new WapPages(config, log, wampCaller, templates, callTimeoutMs);
  }

  /** Takes a slot for one request; null: all are taken. */
  takeSlot(): RequestSlot | null {
    return this.#slots.take();
  }

  /** The answer to all requests but those that a route takes. */
  answerToHead({ method, url }: ClientRequest): HttpAnswer | null {
    if (!["GET", "HEAD", "POST", "OPTIONS"].includes(method))
      return methodNotAllowed(["GET", "POST"]);
    if (method === "OPTIONS") {
      return { status: 204, headers: { Allow: "GET, HEAD, POST, OPTIONS" }, body: null };
    }
    return refusalOf(this.#routes.match(url.pathname, method), url.search);
  }

  /** The page for a request, or the result of its call as JSON. */
  async perform(
    request: ClientRequest,
    body: Uint8Array,
    clientGone: () => CancelSignal,
  ): Promise<HttpAnswer> {
    const match = this.#routes.match(request.url.pathname, request.method);
    if (match.kind !== "found") return refusalOf(match, request.url.search) ?? errorPage(404);
    const { target: route, values } = match;
    if (!route.isOffered || !this.#templates.isUsable(route.render)) return errorPage(501);
    const gone = clientGone();
    try {
      const routed = { request, body, route, values };
      const answer = route.call === null ? null : await this.#call(route.call, routed, gone);
      return await this.#answer(routed, answer);
    } catch (thrown) {
      return gone.aborted ? errorPage(503) : this.#failed(thrown, request, route);
    }
  }

  /** The answer to a request in error. */
  refuse(_request: ClientRequest, status: number, sentence: string): HttpAnswer {
    return refusedRequest(status, sentence);
  }

  async #call(
    uri: string,
    { request, body, values }: RoutedRequest,
    clientGone: CancelSignal,
  ): Promise<WampAnswer> {
    const payload = await callPayload(request, body, values);
    const { realm, role } = this.#config;
    const call = { kind: "call", realm, role, uri, options: {}, payload } as const;
    return requestWithin(this.#callTimeoutMs, this.#caller, call, clientGone);
  }

  async #answer({ request, route }: RoutedRequest, answer: WampAnswer | null): Promise<HttpAnswer> {
    const isJson = isJsonWanted(request);
    if (answer?.kind === "error") {
      const { realm, role } = this.#config;
      const facts = { procedure: route.call, realm, authrole: role, error: answer.uri };
      this.#log.warn("page not made", { peer: request.peer, ...facts });
      if (isJson) return errorJson(500, answer.uri);
      return errorPage(500, {}, `The procedure answered ${Bun.escapeHTML(answer.uri)}.`);
    }
    if (answer?.kind === "published") return errorPage(500);
    const payload = answer?.payload ?? null;
    if (isJson) return jsonAnswer(payload);
    return pageAnswer(await this.#templates.render(route.render, payload));
  }

  /** The reason is only logged: it may name addresses behind this node, or variables of templates. */
  #failed(thrown: unknown, request: ClientRequest, { call, render }: WapRouteConfig): HttpAnswer {
    if (thrown instanceof MalformedRequest) {
      return errorPage(400, {}, `Its arguments cannot be read: ${Bun.escapeHTML(thrown.message)}.`);
    }
    const { realm, role } = this.#config;
    const place = { procedure: call, realm, authrole: role, template: render };
    const facts = { peer: request.peer, ...place, reason: sentenceOf(thrown) };
    const isExpected =
      thrown instanceof RenderError ||
      thrown instanceof Failure ||
      thrown instanceof AnswerTimeout ||
      thrown instanceof UnrepresentableValue ||
      thrown instanceof MalformedMessage;
    if (isExpected) this.#log.warn("page not made", facts);
    else this.#log.error("page not made", facts);
    const status = statusOf(thrown);
    if (isJsonWanted(request)) return errorJson(status, JSON_ERRORS[status]);
    return errorPage(status, status === 503 ? { "Retry-After": "1" } : {});
  }
}

const JSON_ERRORS = {
  500: "wamp.error.runtime_error",
  501: "wamp.error.feature_not_supported",
  503: "wamp.error.unavailable",
  504: "wamp.error.timeout",
} as const;

function statusOf(thrown: unknown): keyof typeof JSON_ERRORS {
  if (thrown instanceof AnswerTimeout) return 504;
  if (thrown instanceof RenderError && thrown.kind === "unsupported") return 501;
  return thrown instanceof Failure ? 503 : 500;
}

function refusalOf(match: UrlMatch<unknown>, search: string): HttpAnswer | null {
  switch (match.kind) {
    case "found":
      return null;
    case "redirect":
      return {
        status: 308,
        headers: { Location: match.path + search, "Cache-Control": "no-store" },
        body: Buffer.alloc(0),
      };
    case "other method":
      return methodNotAllowed([...match.methods]);
    case "none":
      return errorPage(404);
  }
}

function methodNotAllowed(methods: readonly string[]): HttpAnswer {
  const allowed = methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  return errorPage(405, { Allow: [...new Set(allowed), "OPTIONS"].join(", ") });
}
