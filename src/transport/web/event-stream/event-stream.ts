/**
 * EventStream: sends the events of WAMP topics to listeners of one path as Server-Sent Events.
 *
 *     $ curl -N 'http://localhost:8080/events?topic=com.example.news'
 *     data: {"topic":"com.example.news","args":["hello"],"kwargs":{}}
 *
 * @module
 */

import { abortable } from "#base/abortable.ts";
import { Failure, sentenceOf } from "#base/failure.ts";
import type { EventStreamServiceConfig } from "#config/web-service/event-stream-config.ts";
import { addressRanges } from "#transport/endpoint/address-ranges.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import type { ConnectionSlot } from "#transport/endpoint/connection-limit.ts";
import { addressOf } from "#transport/endpoint/peer-address.ts";
import type { ReadableFields } from "#transport/http/header-fields.ts";
import type { ClientRequest } from "#transport/http/http-request.ts";
import type { TransportContext } from "#transport/listener.ts";
import {
  accessForAll,
  isRefusal,
  type PathAccess,
  type RequestAccess,
} from "#transport/web/auth/request-access.ts";
import { type BridgeAnswer, denial } from "#transport/web/bridge/bridge-answer.ts";
import { SignedRequests } from "#transport/web/bridge/signed-requests.ts";
import { REMEMBERED_PREFLIGHT } from "#transport/web/cross-origin.ts";
import type { StreamedRequest, StreamingService } from "#transport/web/streaming-service.ts";
import { isOriginAllowed } from "#transport/websocket/origin.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { lacksRole, RefusedSubscription, type TopicPattern } from "#wamp/wamp-caller.ts";
import { EventListener, type ListenerOwner } from "./event-listener.ts";
import { distinctTopics, topicsOf } from "./event-request.ts";
import { findStart } from "./stream-start.ts";
import type { TopicFeed } from "./topic-feed.ts";
import { TooManyTopics, TopicFeeds } from "./topic-feeds.ts";

const METHODS = "GET, HEAD, OPTIONS";

const NO_OCTETS = Buffer.alloc(0);

const TOO_MANY_LISTENERS = denial(503, "Cannot listen: there are too many listeners", {
  "Retry-After": "1",
});

const SHUTTING_DOWN = denial(503, "Cannot listen: the node shuts down", { "Retry-After": "1" });

/** Time for the router to take the subscriptions of a listener. */
const SUBSCRIBE_TIMEOUT_MS = 10_000;

/** The event stream at one path. */
export class EventStream implements StreamingService, ListenerOwner {
  readonly #config: EventStreamServiceConfig;
  readonly log: TransportContext["log"];
  readonly #feeds: TopicFeeds;
  /** What every listener gets; null: each names its topics. */
  readonly #topics: readonly TopicPattern[] | null;
  readonly #signed: SignedRequests | null;
  readonly #isPermitted: ((address: string) => boolean) | null;
  readonly #access: PathAccess;
  /** Undefined where connections are not counted. */
  readonly #listeners = new Map<EventListener, ConnectionSlot | undefined>();
  readonly #heartbeat: ReturnType<typeof setInterval>;
  readonly #closing = new AbortController();

  /** @throws Failure when the worker has no WampCaller. */
  constructor(
    config: EventStreamServiceConfig,
    { log, wampCaller }: TransportContext,
    access: PathAccess = accessForAll(config),
  ) {
    if (wampCaller === undefined) {
      const sentence = "Cannot open an event stream: this worker has no WAMP sessions of its own";
      throw new Failure(sentence, { source: "internal" });
    }
    const { key, secret, require_ip, timestamp_delta_limit, heartbeat_interval } = config.options;
    this.#config = config;
    this.#topics = config.topics && distinctTopics(config.topics);
    this.log = log;
    this.#access = access;
    this.#feeds = new TopicFeeds(wampCaller, config.realm, log);
    const isSigned = key !== null && secret !== null;
    this.#signed = isSigned ? new SignedRequests({ key, secret, timestamp_delta_limit }) : null;
    this.#isPermitted = require_ip === null ? null : addressRanges(require_ip);
    this.#heartbeat = setInterval(() => this.#beat(), heartbeat_interval);
  }

  open(streamed: StreamedRequest): ConnectionEvents {
    const { request, limit } = streamed;
    const listener = new EventListener(streamed, this);
    const refusal = this.#refusalOf(request);
    const isFull = this.#listeners.size >= this.options.max_listeners;
    const slot = refusal === null && !isFull ? limit?.take(request.peer) : undefined;
    if (refusal !== null) this.#refuse(listener, request, refusal);
    else if (isFull || slot === null) this.#refuse(listener, request, TOO_MANY_LISTENERS);
    else {
      this.#listeners.set(listener, slot);
      const joining = abortable(this.#join(listener, request), this.#closing.signal);
      joining.catch((thrown) => this.#failed(listener, request, thrown));
    }
    return listener;
  }

  /** The options of the path. */
  get options(): EventStreamServiceConfig["options"] {
    return this.#config.options;
  }

  /** Notes that a listener has gone, or was refused. */
  noteOver(listener: EventListener): void {
    this.#listeners.get(listener)?.release();
    this.#listeners.delete(listener);
  }

  /** Whether there is a listener. */
  get isInUse(): boolean {
    return this.#listeners.size > 0;
  }

  /** Ends every stream. */
  close(): void {
    clearInterval(this.#heartbeat);
    this.#access.close();
    this.#closing.abort();
    for (const listener of [...this.#listeners.keys()]) listener.onFeedEnd();
  }

  /** The answer to a request that may not listen; null: it may. */
  #refusalOf({
    method,
    headers,
    url,
    peer,
    isSecure,
    framing,
  }: ClientRequest): BridgeAnswer | null {
    const { require_tls, allowed_origins } = this.#config.options;
    const rules = { allowed_origins, allow_null_origin: allowed_origins.includes("*") };
    if (!isOriginAllowed(headers.get("origin"), rules)) {
      return denial(403, "Cannot listen: pages of this origin may not");
    }
    if (method === "OPTIONS") {
      return { status: 200, headers: this.#allowedOf(headers), body: NO_OCTETS };
    }
    if (method !== "GET" && method !== "HEAD") {
      return denial(405, `Cannot take ${method}: only GET and HEAD are taken`, { Allow: METHODS });
    }
    if (framing.kind === "chunked" || framing.octets > 0) {
      return denial(400, "Cannot take the request: it has a body");
    }
    if (!this.#isPermittedPeer(peer)) {
      return denial(400, "Cannot take the request: its address is not permitted");
    }
    if (require_tls && !isSecure) {
      return denial(400, "Cannot take the request: it did not come over TLS");
    }
    const refusal = this.#access.answerToHead(headers);
    if (refusal !== null) return refusal;
    return this.#signed?.refusalOf(new URLSearchParams(url.search), NO_OCTETS, Date.now()) ?? null;
  }

  /** A page of another origin asks before it sends a header of its own, such as Authorization. */
  #allowedOf(headers: ReadableFields): Record<string, string> {
    const requested = headers.get("access-control-request-headers");
    return {
      Allow: METHODS,
      "Access-Control-Allow-Methods": METHODS,
      ...REMEMBERED_PREFLIGHT,
      ...(requested !== null && { "Access-Control-Allow-Headers": requested }),
    };
  }

  /** Whether `require_ip` contains the address of a client; on a Unix socket there is none. */
  #isPermittedPeer(peer: string): boolean {
    if (this.#isPermitted === null) return true;
    const address = addressOf(peer);
    return address !== null && this.#isPermitted(address);
  }

  async #join(listener: EventListener, request: ClientRequest): Promise<void> {
    const topics = this.#topics ?? topicsOf(new URLSearchParams(request.url.search));
    if (typeof topics === "string") {
      this.#refuse(listener, request, denial(400, `Cannot listen: ${topics}`));
      return;
    }
    const { headers } = request;
    const access = await this.#access.admit(headers, this.#takesCredentials(headers));
    if (isRefusal(access)) {
      this.#refuse(listener, request, access);
      return;
    }
    if (listener.isOver) return;
    listener.listenWith(access);
    await this.#subscribe(listener, request, topics, access);
  }

  async #subscribe(
    listener: EventListener,
    request: ClientRequest,
    topics: readonly TopicPattern[],
    access: RequestAccess,
  ): Promise<void> {
    const timer = setTimeout(() => {
      const sentence = `Cannot listen: the router did not answer within ${SUBSCRIBE_TIMEOUT_MS} ms`;
      this.#refuse(listener, request, denial(504, sentence));
    }, SUBSCRIBE_TIMEOUT_MS);
    try {
      const feeds = await Promise.all(
        topics.map((topic, place) => this.#joinTopic(listener, topic, place, access)),
      );
      const start = await findStart(feeds, request.headers.get("last-event-id"));
      listener.begin(this.#headers(request), start);
    } catch (thrown) {
      this.#refuse(listener, request, this.#denialFor(thrown, access));
    } finally {
      clearTimeout(timer);
    }
  }

  async #joinTopic(
    listener: EventListener,
    topic: TopicPattern,
    place: number,
    access: RequestAccess,
  ): Promise<TopicFeed> {
    const { feed, leave } = this.#feeds.join(topic, access, listener, place);
    listener.addTopic(leave);
    await feed.subscribed;
    return feed;
  }

  #failed(listener: EventListener, request: ClientRequest, thrown: unknown): void {
    if (this.#closing.signal.aborted) {
      this.#refuse(listener, request, SHUTTING_DOWN);
      return;
    }
    this.log.error("listener not served", { error: sentenceOf(thrown) });
    this.#refuse(listener, request, denial(500, "Something went wrong here"));
  }

  #denialFor(thrown: unknown, { role, principal, roleRefusal }: RequestAccess): BridgeAnswer {
    if (thrown instanceof RefusedSubscription) {
      const isDenied = thrown.uri === ErrorUri.notAuthorized;
      return denial(isDenied ? 403 : 400, thrown.uri, {}, ["Cannot listen: the router refuses"]);
    }
    if (thrown instanceof TooManyTopics) {
      return denial(503, "Cannot listen: there are too many topics", { "Retry-After": "1" });
    }
    if (roleRefusal !== undefined && lacksRole(thrown)) return roleRefusal;
    const client = principal && { authid: principal.authid };
    const facts = { realm: this.#config.realm, authrole: role, ...client };
    this.log.warn("listener not served", { ...facts, reason: sentenceOf(thrown) });
    // The reason is not sent: it names addresses behind this node.
    const sentence = "The router cannot be reached";
    return denial(503, ErrorUri.unavailable, { "Retry-After": "1" }, [sentence]);
  }

  #refuse(listener: EventListener, request: ClientRequest, answer: BridgeAnswer): void {
    const type = { "Content-Type": "application/json; charset=UTF-8" };
    const headers = { ...type, ...this.#sharedHeaders(request), ...answer.headers };
    listener.refuse({ ...answer, headers });
  }

  #headers(request: ClientRequest): Record<string, string> {
    return { "Content-Type": "text/event-stream", ...this.#sharedHeaders(request) };
  }

  /** Pages of any origin may listen without credentials; those of listed origins with them. */
  #sharedHeaders({ headers }: ClientRequest): Record<string, string> {
    const origin = headers.get("origin");
    const common = {
      // Proxies before this node pass events on at once.
      "Cache-Control": "no-store",
      "X-Accel-Buffering": "no",
      "X-Content-Type-Options": "nosniff",
      Vary: "Origin",
    };
    if (origin !== null && this.#takesCredentials(headers)) {
      const credentials = { "Access-Control-Allow-Credentials": "true" };
      return { ...common, "Access-Control-Allow-Origin": origin, ...credentials };
    }
    const isAny = this.options.allowed_origins.includes("*");
    return isAny ? { ...common, "Access-Control-Allow-Origin": "*" } : common;
  }

  /** Whether the cookie of a request counts: its page has the origin of this path, or a listed one. */
  #takesCredentials(headers: ReadableFields): boolean {
    const allowed_origins = this.options.allowed_origins.filter((pattern) => pattern !== "*");
    return isOriginAllowed(headers.get("origin"), { allowed_origins, allow_null_origin: false });
  }

  #beat(): void {
    for (const listener of this.#listeners.keys()) listener.beat();
  }
}
