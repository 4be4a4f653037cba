/**
 * LongPoll: WAMP over HTTP long polling at one path. (WAMP specification, section "HTTP Longpoll Transport".)
 *
 *     POST /open             {"protocols": ["wamp.2.json"]} -> {"transport": "9f86…", "protocol": "wamp.2.json"}
 *     POST /9f86…/receive    the next message
 *     POST /9f86…/send       a message
 *     POST /9f86…/close
 *
 * A request for a transport of another worker, which shares the port, is handed over to that one.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { LongPollServiceConfig } from "#config/web-service/longpoll-config.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import { traceContextOf } from "#transport/http/trace-context.ts";
import type { AcceptPeerWithSession, TransportContext } from "#transport/listener.ts";
import type { StreamedRequest, StreamingService } from "#transport/web/streaming-service.ts";
import { openBatchedSession } from "#transport/websocket/batched-peer.ts";
import { CookieTracker, openCookieStore } from "#transport/websocket/cookie-tracker.ts";
import type { ChosenSubprotocol } from "#transport/websocket/subprotocol.ts";
import { ticketInCookie } from "#transport/websocket/token-cookie.ts";
import { CloseCode, type Peer, type TransportDetails } from "#wamp/peer.ts";
import { HandedOverRequests } from "./handed-over-requests.ts";
import { bodyFaultAnswer, NO_SUCH_TRANSPORT, sentenceAnswer } from "./longpoll-answers.ts";
import { LongPollOrigins } from "./longpoll-origin.ts";
import { LongPollPeer } from "./longpoll-peer.ts";
import { type BodyReceiver, LongPollRequest } from "./longpoll-request.ts";
import { LongPollTransports } from "./longpoll-transports.ts";
import { protocolOf } from "./open-request.ts";
import { originOf, placeIdOf } from "./transport-id.ts";

const METHODS = "POST, OPTIONS";

/** Longest body of a request that opens a transport, and of one that has no use for a body. */
const OPEN_OCTETS = 64 * 1024;
const IGNORED_OCTETS = 4 * 1024;

const SHUTDOWN = "the node shuts down";

const FOR_BROWSERS = sentenceAnswer(
  200,
  "WAMP over HTTP long polling is spoken here: a transport is opened with POST",
);

/** What the path below the mount asks for; `id` is that of a transport. */
type Operation =
  | { name: "page" }
  | { name: "open" }
  | { name: "receive" | "send" | "close"; id: string };

/** The transports of one path. */
export class LongPoll implements StreamingService {
  readonly #config: LongPollServiceConfig;
  readonly #context: TransportContext;
  readonly #accept: AcceptPeerWithSession;
  readonly #origins: LongPollOrigins;
  readonly #cookies: CookieTracker | null;
  readonly #transports: LongPollTransports;
  readonly #handedOver: HandedOverRequests;
  readonly #place: string;
  readonly #peers = new Set<LongPollPeer>();
  readonly #open = new Set<LongPollRequest>();

  /**
   * `accept` is called with the peer of every transport that is opened.
   *
   * @throws Failure when the file of cookies cannot be read or written.
   */
  constructor(
    config: LongPollServiceConfig,
    accept: AcceptPeerWithSession,
    context: TransportContext,
  ) {
    const { cookie } = config;
    const { log } = context;
    this.#config = config;
    this.#context = context;
    this.#accept = accept;
    this.#origins = new LongPollOrigins(config);
    this.#cookies = cookie
      ? new CookieTracker(cookie, openCookieStore(cookie.store, log), log)
      : null;
    this.#transports = context.longPolls ?? new LongPollTransports(null);
    this.#place = placeIdOf(config.place);
    this.#handedOver = new HandedOverRequests(config, this.#transports, log);
    this.#transports.serve(this.#place, this);
  }

  open(streamed: StreamedRequest): ConnectionEvents {
    const { request } = streamed;
    const operation = operationOf(streamed.path);
    const refusal = this.#refusalOf(streamed, operation);
    const worker = refusal === null && operation !== null ? this.#otherWorkerOf(operation) : null;
    if (worker !== null) {
      return this.#handedOver.open(streamed, worker, this.#origins.headersFor(request));
    }
    const { stall_timeout, max_outgoing, message_timeout } = this.#config.options;
    const one = new LongPollRequest(streamed, {
      headers: this.#origins.headersFor(request),
      stallTimeoutMs: stall_timeout,
      maxOutgoing: max_outgoing,
      bodyTimeoutMs: message_timeout,
      onOver: (over) => this.#open.delete(over),
    });
    this.#open.add(one);
    if (refusal !== null || operation === null) one.answer(refusal ?? NO_SUCH_TRANSPORT);
    else this.#perform(operation, one, streamed);
    return one;
  }

  /** Whether a transport or a request is open. */
  get isInUse(): boolean {
    return this.#peers.size > 0 || this.#open.size > 0;
  }

  /** Ends every transport, and answers every request. */
  close(): void {
    for (const peer of [...this.#peers]) peer.shutDown(SHUTDOWN);
    for (const request of [...this.#open]) {
      request.answer(sentenceAnswer(503, `Cannot take the request: ${SHUTDOWN}`));
    }
    this.#handedOver.close();
  }

  /** The answer that follows from the head alone; null: the operation is performed. */
  #refusalOf({ request }: StreamedRequest, operation: Operation | null): HttpAnswer | null {
    const { method } = request;
    if (!this.#origins.isAllowed(request)) {
      return sentenceAnswer(403, "Pages of this origin may not connect here");
    }
    if (operation === null) return NO_SUCH_TRANSPORT;
    if (method === "OPTIONS") {
      return { status: 204, headers: this.#origins.preflightFor(request, METHODS), body: null };
    }
    if (operation.name === "page" && (method === "GET" || method === "HEAD")) return FOR_BROWSERS;
    if (operation.name === "page" || method !== "POST") {
      return sentenceAnswer(405, "Only POST requests are taken here", { Allow: METHODS });
    }
    return null;
  }

  /** The socket of the worker that a transport belongs to; null: it is this worker, or there is none. */
  #otherWorkerOf(operation: Operation): string | null {
    const origin = "id" in operation ? originOf(operation.id) : null;
    if (origin === null || origin.place !== this.#place) return null;
    return origin.worker === this.#transports.worker
      ? null
      : this.#transports.socketOf(origin.worker);
  }

  #perform(operation: Operation, request: LongPollRequest, streamed: StreamedRequest): void {
    if (!("id" in operation)) {
      request.readBody(limitsOf(OPEN_OCTETS), {
        ...ANSWER_FAULTS,
        onBody: (_, body) => this.#openTransport(request, streamed, body),
      });
      return;
    }
    const isHere = originOf(operation.id)?.place === this.#place;
    const peer = isHere ? this.#transports.find(operation.id) : undefined;
    if (peer === undefined) request.answer(NO_SUCH_TRANSPORT);
    else if (operation.name === "send") peer.post(request);
    else {
      const isReceive = operation.name === "receive";
      request.readBody(limitsOf(IGNORED_OCTETS), {
        ...ANSWER_FAULTS,
        onBody: () => (isReceive ? peer.receive(request) : peer.end(request)),
      });
    }
  }

  #openTransport(request: LongPollRequest, streamed: StreamedRequest, body: Uint8Array): void {
    const { options, serializers } = this.#config;
    const chosen = protocolOf(body, serializers);
    if (typeof chosen === "string") {
      request.answer(sentenceAnswer(400, `Cannot open a transport: ${chosen}`));
      return;
    }
    const isFull = this.#transports.size >= options.max_transports;
    const slot = isFull ? null : streamed.limit?.take(streamed.request.peer);
    if (slot === null) {
      request.answer(sentenceAnswer(503, "Cannot open a transport: there are too many"));
      return;
    }
    const cookies = this.#cookies;
    const cookie = cookies?.track(streamed.request.headers.get("cookie"), Date.now());
    const details = {
      ...detailsOf(streamed, chosen),
      ...ticketInCookie(this.#config.auth, streamed.request.headers),
      ...(cookies && cookie && { cookieId: cookie.id, cookie: cookies.cookieOf(cookie) }),
    };
    const transport = this.#addPeer(details, chosen, () => slot?.release());
    const { protocol } = chosen;
    const setCookie = cookie?.setCookie ? { "Set-Cookie": cookie.setCookie } : {};
    const headers = { "Content-Type": "application/json; charset=utf-8", ...setCookie };
    const text = JSON.stringify({ transport, protocol });
    request.answer({ status: 200, headers, body: Buffer.from(text) });
  }

  /** Opens the session of a new transport; gives its id. */
  #addPeer(
    details: TransportDetails,
    { isBatched }: ChosenSubprotocol,
    release: () => void,
  ): string {
    const { log } = this.#context;
    const { options } = this.#config;
    const onClosed = () => {
      this.#transports.remove(id);
      this.#peers.delete(peer);
      release();
    };
    const peer = new LongPollPeer({ details, isBatched, options, log, onClosed });
    const id = this.#transports.add(peer, this.#place);
    this.#peers.add(peer);
    const accept = (wampPeer: Peer) => this.#accept(wampPeer, this.#config);
    try {
      peer.attach(isBatched ? openBatchedSession(peer, accept) : accept(peer));
    } catch (thrown) {
      log.error("peer not accepted", { error: sentenceOf(thrown) });
      peer.close(CloseCode.internalError, "internal error");
    }
    return id;
  }
}

/** Requests with a body that is not taken have no other effect. */
const ANSWER_FAULTS: Pick<BodyReceiver, "onBodyFault"> = {
  onBodyFault: (request, fault) => request.answer(bodyFaultAnswer(fault)),
};

function limitsOf(maxOctets: number) {
  return { maxOctets, maxIncomplete: Number.POSITIVE_INFINITY };
}

/** Null: there is nothing at this path. */
function operationOf(path: string): Operation | null {
  if (path === "" || path === "/") return { name: "page" };
  if (path === "/open") return { name: "open" };
  const [, id, name] = /^\/([^/]+)\/(receive|send|close)$/.exec(path) ?? [];
  if (id === undefined || name === undefined) return null;
  return { name: name as "receive" | "send" | "close", id };
}

/** What is known of a client, whose requests come on several connections: what the first of them has shown. */
function detailsOf(
  { details, request }: StreamedRequest,
  { serializer }: ChosenSubprotocol,
): TransportDetails {
  const { isSecure, clientCertificate } = details;
  // A client behind an HTTP proxy is not local, even if the proxy uses a Unix socket.
  const isUnixSocket = details.isUnixSocket && details.peer === request.peer;
  return {
    peer: request.peer,
    type: "longpoll",
    serializer,
    isSecure,
    isUnixSocket,
    ...(clientCertificate && { clientCertificate }),
    ...traceContextOf(request.headers),
  };
}
