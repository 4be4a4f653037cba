/**
 * HttpBridge: turns the HTTP requests for one path into calls or publications.
 *
 * (Crossbar: path types `caller` and `publisher`, "HTTP bridge".)
 *
 * @module
 */

import type { CancelSignal } from "#base/cancellation.ts";
import { Failure, sentenceOf } from "#base/failure.ts";
import type { BridgeServiceConfig } from "#config/web-service/web-service-config.ts";
import { addressRanges } from "#transport/endpoint/address-ranges.ts";
import { addressOf } from "#transport/endpoint/peer-address.ts";
import type { ReadableFields } from "#transport/http/header-fields.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { RequestHandler } from "#transport/http/http-exchange.ts";
import type { ClientRequest } from "#transport/http/http-request.ts";
import type { TransportContext } from "#transport/listener.ts";
import {
  accessForAll,
  isRefusal,
  type PathAccess,
  type RequestAccess,
} from "#transport/web/auth/request-access.ts";
import { REMEMBERED_PREFLIGHT } from "#transport/web/cross-origin.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { LostAnswer, lacksRole, type WampCaller } from "#wamp/wamp-caller.ts";
import { AnswerTimeout, requestWithin } from "./answer-timeout.ts";
import { type BridgeAnswer, denial, withCommonHeaders } from "./bridge-answer.ts";
import { type BridgeRequest, printAnswer, readBody } from "./bridge-body.ts";
import { jsonTypeFault } from "./content-type.ts";
import { statusOfError } from "./error-status.ts";
import { IdempotentRequests, type Outcome, readIdempotencyKey } from "./idempotent-requests.ts";
import { type RequestSlot, RequestSlots } from "./request-slots.ts";
import { SignedRequests } from "./signed-requests.ts";

/** Supported methods, as the answers 200 to OPTIONS and 405 name them. */
const METHODS = "POST,PUT,OPTIONS";

/** The bridge at one path. */
export class HttpBridge implements RequestHandler {
  readonly #config: BridgeServiceConfig;
  readonly #log: TransportContext["log"];
  readonly #caller: WampCaller;
  readonly #signed: SignedRequests | null;
  /** Null: an Idempotency-Key is ignored. */
  readonly #idempotent: IdempotentRequests | null;
  readonly #isPermitted: ((address: string) => boolean) | null;
  readonly #access: PathAccess;
  readonly #slots = new RequestSlots();

  /** @throws Failure when the worker has no WampCaller. */
  constructor(
    config: BridgeServiceConfig,
    { log, wampCaller }: TransportContext,
    access: PathAccess = accessForAll(config),
  ) {
    if (wampCaller === undefined) {
      throw new Failure(
        `Cannot open a ${config.type}: this worker has no WAMP sessions of its own`,
        {
          source: "internal",
        },
      );
    }
    const { key, secret, require_ip, timestamp_delta_limit } = config.options;
    const { idempotency_key_lifetime: lifetime } = config.options;
    this.#config = config;
    this.#access = access;
    this.#log = log;
    this.#caller = wampCaller;
    this.#signed =
      key === null || secret === null
        ? null
        : new SignedRequests({ key, secret, timestamp_delta_limit });
    this.#idempotent = lifetime === 0 ? null : new IdempotentRequests(lifetime);
    this.#isPermitted = require_ip === null ? null : addressRanges(require_ip);
  }

  /** Longest body in octets. */
  get maxBodyOctets(): number {
    return this.#config.options.post_body_limit;
  }

  /** Takes a slot for one request, to be released after it; null: all are taken. */
  takeSlot(): RequestSlot | null {
    return this.#slots.take();
  }

  /** The answer that follows from the head alone, mostly an error; null: the body has to be read. */
  answerToHead(request: ClientRequest): HttpAnswer | null {
    const answer = this.#answerToHead(request);
    return answer && withCommonHeaders(answer, request.headers);
  }

  #answerToHead({ method, headers, peer, isSecure }: ClientRequest): BridgeAnswer | null {
    if (method === "OPTIONS") {
      const allowed = { Allow: METHODS, "Access-Control-Allow-Methods": METHODS };
      return {
        status: 200,
        headers: { ...allowed, ...REMEMBERED_PREFLIGHT },
        body: Buffer.alloc(0),
      };
    }
    if (method !== "POST" && method !== "PUT") {
      return denial(405, `Cannot take ${method}: only POST and PUT are taken`, { Allow: METHODS });
    }
    if (!this.#isPermittedPeer(peer)) {
      return denial(400, "Cannot take the request: its address is not permitted");
    }
    if (this.#config.options.require_tls && !isSecure) {
      return denial(400, "Cannot take the request: it did not come over TLS");
    }
    const refusal = this.#access.answerToHead(headers);
    if (refusal !== null) return refusal;
    const type = headers.get("content-type");
    const fault = (type === null ? null : jsonTypeFault(type)) ?? this.#keyFault(headers);
    return fault === null ? null : denial(400, `Cannot take the request: ${fault}`);
  }

  /** What is wrong with an Idempotency-Key; null: nothing, or there is none. */
  #keyFault(headers: ReadableFields): string | null {
    const field = this.#idempotent === null ? null : headers.get("idempotency-key");
    if (field === null || readIdempotencyKey(field) !== null) return null;
    return "its Idempotency-Key is not a string of 1 to 255 characters of ASCII";
  }

  /** Whether `require_ip` contains the address of a client; on a Unix socket there is none. */
  #isPermittedPeer(peer: string): boolean {
    if (this.#isPermitted === null) return true;
    const address = addressOf(peer);
    return address !== null && this.#isPermitted(address);
  }

  /** Carries a request out. */
  async perform(
    request: ClientRequest,
    body: Uint8Array,
    clientGone: () => CancelSignal,
  ): Promise<HttpAnswer> {
    return withCommonHeaders(await this.#perform(request, body, clientGone), request.headers);
  }

  /** The answer to a request in error, in Crossbar's form. */
  refuse(request: ClientRequest, status: number, sentence: string): HttpAnswer {
    const headers = status === 503 ? { "Retry-After": "1" } : {};
    return withCommonHeaders(denial(status, sentence, headers), request.headers);
  }

  async #perform(
    { url, headers }: ClientRequest,
    body: Uint8Array,
    clientGone: () => CancelSignal,
  ): Promise<BridgeAnswer> {
    const access = await this.#access.admit(headers, false);
    if (isRefusal(access)) return access;
    const refusal = this.#signed?.refusalOf(new URLSearchParams(url.search), body, Date.now());
    if (refusal) return refusal;
    const request = readBody(this.#config.type, body);
    if ("status" in request) return request;
    const written = readIdempotencyKey(headers.get("idempotency-key") ?? "");
    if (this.#idempotent === null || written === null) {
      return (await this.#request(request, access, clientGone())).answer;
    }
    const gone = clientGone();
    const key = keyOf(written, access);
    // A client that repeats its request wants the answer to the first, which goes on without it.
    const carryOut = () => this.#request(request, access, null);
    try {
      return await this.#idempotent.answerTo({ key, body, clientGone: gone }, carryOut);
    } catch (thrown) {
      if (!gone.aborted) throw thrown;
      return denial(503, "Cannot send the answer: the client has gone");
    }
  }

  async #request(
    request: BridgeRequest,
    access: RequestAccess,
    clientGone: CancelSignal | null,
  ): Promise<Outcome> {
    const { realm, options } = this.#config;
    const { role, principal, roleRefusal } = access;
    try {
      const asked = { ...request, realm, role, principal };
      const answer = await requestWithin(options.call_timeout, this.#caller, asked, clientGone);
      const errorStatus = options.error_status_codes ? statusOfError : statusInCrossbar;
      return { answer: printAnswer(answer, errorStatus), isFinal: true };
    } catch (thrown) {
      if (thrown instanceof UnrepresentableValue) {
        const sentence = `Cannot represent the arguments for the router: ${thrown.message}`;
        return { answer: denial(400, sentence), isFinal: false };
      }
      if (thrown instanceof AnswerTimeout) {
        return { answer: denial(504, "wamp.error.timeout", {}, [thrown.message]), isFinal: true };
      }
      if (roleRefusal !== undefined && lacksRole(thrown)) {
        return { answer: roleRefusal, isFinal: false };
      }
      const isFinal = !(thrown instanceof Failure) || thrown instanceof LostAnswer;
      return { answer: this.#failed(thrown, access, clientGone), isFinal };
    }
  }

  #failed(
    thrown: unknown,
    { role, principal }: RequestAccess,
    clientGone: CancelSignal | null,
  ): BridgeAnswer {
    const { type, realm } = this.#config;
    if (clientGone?.aborted !== true) {
      const client = principal && { authid: principal.authid };
      const reason = sentenceOf(thrown);
      const facts = { service: type, realm, authrole: role, ...client, reason };
      if (thrown instanceof Failure) this.#log.warn("HTTP request not carried out", facts);
      else this.#log.error("HTTP request not carried out", facts);
    }
    if (!(thrown instanceof Failure)) {
      return denial(500, "wamp.error.runtime_error", {}, ["Something went wrong here"]);
    }
    // The reason is not sent: it names addresses behind this node.
    const headers = { "Retry-After": "1" };
    return denial(503, "wamp.error.unavailable", headers, ["The router cannot be reached"]);
  }
}

/** A client must not get the answer to another one, whose key it has guessed. */
function keyOf(key: string, { role, principal }: RequestAccess): string {
  return principal === undefined ? key : JSON.stringify([principal.authid, role, key]);
}

/** The status of an ERROR in Crossbar: the request to the bridge itself succeeded. */
const statusInCrossbar = () => 200;
