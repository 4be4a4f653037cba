/**
 * Webhook: publishes the HTTP requests for one path on one topic, for services such as GitHub that report what
 * happens by a POST.
 *
 *     $ curl -d 'fresh news' http://localhost:8080/hook
 *     OK
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import type { WebhookServiceConfig } from "#config/web-service/webhook-config.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { RequestHandler } from "#transport/http/http-exchange.ts";
import type { ClientRequest } from "#transport/http/http-request.ts";
import type { TransportContext } from "#transport/listener.ts";
import { AnswerTimeout, requestWithin } from "#transport/web/bridge/answer-timeout.ts";
import { commonHeaders, denial, withCommonHeaders } from "#transport/web/bridge/bridge-answer.ts";
import { charsetFault } from "#transport/web/bridge/content-type.ts";
import { type RequestSlot, RequestSlots } from "#transport/web/bridge/request-slots.ts";
import type { WampCaller } from "#wamp/wamp-caller.ts";
import { isSignedByGithub } from "./github-signature.ts";
import { webhookEvent } from "./webhook-event.ts";

/** Supported methods, as the answers 200 to OPTIONS and 405 name them. */
const METHODS = "POST,PUT,OPTIONS";

/** Time for the router to acknowledge an event; GitHub waits 10 s for its answer. */
const PUBLISH_TIMEOUT_MS = 8_000;

const NO_OCTETS = Buffer.alloc(0);

/** The webhook at one path. */
export class Webhook implements RequestHandler {
  readonly #config: WebhookServiceConfig;
  readonly #log: TransportContext["log"];
  readonly #caller: WampCaller;
  readonly #slots = new RequestSlots();

  /** @throws Failure when the worker has no WampCaller. */
  constructor(config: WebhookServiceConfig, { log, wampCaller }: TransportContext) {
    if (wampCaller === undefined) {
      const sentence = "Cannot open a webhook: this worker has no WAMP sessions of its own";
      throw new Failure(sentence, { source: "internal" });
    }
    this.#config = config;
    this.#log = log;
    this.#caller = wampCaller;
  }

  /** Longest body in octets. */
  get maxBodyOctets(): number {
    return this.#config.options.post_body_limit;
  }

  /** Takes a slot for one request; null: all are taken. */
  takeSlot(): RequestSlot | null {
    return this.#slots.take();
  }

  /** The answer that follows from the head alone; null: the body has to be read. */
  answerToHead(request: ClientRequest): HttpAnswer | null {
    const { method, headers } = request;
    if (method === "OPTIONS") {
      const allowed = { Allow: METHODS, "Access-Control-Allow-Methods": METHODS };
      return json(request, { status: 200, headers: allowed, body: NO_OCTETS });
    }
    if (method !== "POST" && method !== "PUT") {
      const sentence = `Cannot take ${method}: only POST and PUT are taken`;
      return json(request, denial(405, sentence, { Allow: METHODS }));
    }
    const fault = charsetFault(headers.get("content-type") ?? "");
    return fault === null ? null : this.refuse(request, 400, `Cannot take the request: ${fault}`);
  }

  /** Publishes a request. */
  async perform(request: ClientRequest, body: Uint8Array): Promise<HttpAnswer> {
    const { github_secret } = this.#config.options;
    if (github_secret !== null && !isSignedByGithub(request.headers, body, github_secret)) {
      const sentence = "Cannot take the request: GitHub's signature is missing or wrong";
      return this.refuse(request, 400, sentence);
    }
    const payload = webhookEvent(request.headers, body);
    if (payload === null) return this.refuse(request, 400, "Cannot read the body: it is not UTF-8");
    const { realm, role, options } = this.#config;
    const { topic: uri, success_response } = options;
    const event = { kind: "publish", realm, role, uri, payload } as const;
    const published = { ...event, options: { acknowledge: true } };
    try {
      const answer = await requestWithin(PUBLISH_TIMEOUT_MS, this.#caller, published, null);
      if (answer.kind === "error") return this.#failed(request, 500, answer.uri);
      return text(request, 202, success_response);
    } catch (thrown) {
      if (thrown instanceof AnswerTimeout) return this.#failed(request, 504, thrown.message);
      return this.#failed(request, thrown instanceof Failure ? 503 : 500, sentenceOf(thrown));
    }
  }

  /** The answer to a request in error, in Crossbar's form. */
  refuse(request: ClientRequest, status: number, sentence: string): HttpAnswer {
    return json(request, denial(status, sentence, status === 503 ? { "Retry-After": "1" } : {}));
  }

  /** The reason is only logged: it may name addresses behind this node. */
  #failed(request: ClientRequest, status: number, reason: string): HttpAnswer {
    const { realm, role, options } = this.#config;
    const facts = { topic: options.topic, realm, authrole: role, reason };
    this.#log.warn("webhook not published", { peer: request.peer, ...facts });
    const answer = text(request, status, options.error_response);
    if (status !== 503) return answer;
    return { ...answer, headers: { ...answer.headers, "Retry-After": "1" } };
  }
}

function json(request: ClientRequest, answer: ReturnType<typeof denial>): HttpAnswer {
  return withCommonHeaders(answer, request.headers);
}

/** A text of the configuration. */
function text(request: ClientRequest, status: number, body: string): HttpAnswer {
  const headers = {
    ...commonHeaders(request.headers),
    "Content-Type": "text/plain; charset=utf-8",
  };
  return { status, headers, body: Buffer.from(body) };
}
