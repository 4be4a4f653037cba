/**
 * ProxiedRequest: one request that is passed to an upstream server, and its answer, both as they come.
 *
 *     connecting   the upstream server is not reached yet; a body waits in the client's connection
 *     waiting      the request is sent, or a part of it; the answer has not begun
 *     answering    the answer is passed on; the rest of the request may still come
 *     tunnel       a WebSocket: octets go both ways
 *     over         the answer is complete, or the client or the server has gone
 *
 * A side that does not read is not sent more: the other one is paused.
 *
 * @module
 */

import type { ReverseProxyServiceConfig } from "#config/web-service/reverse-proxy-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import { StreamedAnswer } from "#transport/http/streamed-answer.ts";
import { errorPage } from "#transport/web/error-page.ts";
import type { StreamedRequest } from "#transport/web/streaming-service.ts";
import { Deadline } from "./deadline.ts";
import { type AnswerReceiver, ProxiedAnswer } from "./proxied-answer.ts";
import { ProxiedBody } from "./proxied-body.ts";
import { UpstreamConnection, type UpstreamEvents } from "./upstream-connection.ts";
import type { UpstreamPool } from "./upstream-pool.ts";
import {
  nameOf,
  type UpstreamTarget,
  upstreamRequest,
  wantsWebSocket,
} from "./upstream-request.ts";

/** These have no effect on the server, so they can be sent again where a kept connection was just closed. */
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

const NO_OCTETS = Buffer.alloc(0);

/** What the requests for one path share. */
export interface ProxiedPath {
  config: UpstreamTarget & Pick<ReverseProxyServiceConfig, "options">;
  pool: Pick<UpstreamPool, "take" | "keep">;
  log: Logger;
  /** The answer where the upstream server gives none; absent: the page of its status. */
  failureAnswer?: (status: 502 | 504) => HttpAnswer;
  /** Set where a client that ends its side before the answer has gone; otherwise it may still wait for it. */
  endsWithClient?: boolean;
  /** Called once: whether the client has taken the whole answer, or has gone before. */
  onClientDone?: (isWhole: boolean) => void;
}

/** One request, from its head to the end of its answer. */
export class ProxiedRequest implements ConnectionEvents, UpstreamEvents, AnswerReceiver {
  readonly #streamed: StreamedRequest;
  readonly #path: ProxiedPath;
  readonly #onOver: () => void;
  readonly #client: StreamedAnswer;
  readonly #answer: ProxiedAnswer;
  readonly #deadline = new Deadline();
  #state: "connecting" | "waiting" | "answering" | "tunnel" | "over" = "connecting";
  #upstream: UpstreamConnection | null = null;
  /** Whether the connection was kept from another request, and has said nothing to this one yet. */
  #isReused = false;
  /** The rest of the request; null: it is sent whole. */
  #body: ProxiedBody | null = null;
  /** Whether what follows the request may be octets of a WebSocket. */
  #isWebSocket: boolean;
  /** Octets of the client that wait for the upstream server; the client is paused, so this is at most one read. */
  #held: Buffer = NO_OCTETS;
  #isUpstreamFull = false;
  #isClientDone = false;

  /** `onOver` is called once, when the upstream server is not needed any more. */
  constructor(streamed: StreamedRequest, path: ProxiedPath, onOver: () => void) {
    const { socket, request, readNextRequest } = streamed;
    this.#streamed = streamed;
    this.#path = path;
    this.#onOver = onOver;
    this.#isWebSocket = wantsWebSocket(request);
    const onDrained = () => this.#onClientDrained();
    this.#client = new StreamedAnswer({ socket, request, readNextRequest, onDrained });
    const asked = { method: request.method, isWebSocket: this.#isWebSocket };
    this.#answer = new ProxiedAnswer(asked, this.#client, this);
  }

  /** Connects to the upstream server. */
  begin(): void {
    const { request, octetsAfterHead, socket } = this.#streamed;
    const { framing, method } = request;
    const hasBody = framing.kind === "chunked" || framing.octets > 0;
    if (hasBody || this.#isWebSocket) {
      this.#held = Buffer.from(octetsAfterHead);
      socket.pause();
    } else this.#client.endRequest(octetsAfterHead);
    if (hasBody) this.#body = new ProxiedBody(framing);
    const mayReuse = !hasBody && !this.#isWebSocket && SAFE_METHODS.has(method);
    this.#connect(mayReuse ? this.#path.pool.take() : undefined);
  }

  /** Answers in place of the upstream server, or cuts off the answer that has begun. */
  refuse(answer: HttpAnswer): void {
    if (this.#state === "over") return;
    this.#finish(false);
    // So that the end of the connection is noticed.
    this.#streamed.socket.resume();
    if (this.#client.hasBegun) this.#client.cut();
    else this.#client.answer(answer);
  }

  // The way to the upstream server.

  #connect(kept: UpstreamConnection | undefined): void {
    this.#state = "connecting";
    this.#isReused = kept !== undefined;
    if (kept !== undefined) {
      this.#upstream = kept;
      kept.handTo(this);
      this.onUpstreamOpen();
      return;
    }
    const { upstream } = this.#path.config;
    this.#within(upstream.timeoutMs, `it was not reached within ${upstream.timeoutMs} ms`);
    this.#upstream = UpstreamConnection.open(upstream, this);
  }

  onUpstreamOpen(): void {
    this.#state = "waiting";
    const head = upstreamRequest(this.#streamed, this.#path.config);
    this.#upstream?.write(Buffer.from(head, "latin1"));
    if (this.#body === null) {
      this.#expectAnswer();
      return;
    }
    const held = this.#held;
    this.#held = NO_OCTETS;
    this.#takeBody(this.#body, held);
    if (!this.#isUpstreamFull) this.#streamed.socket.resume();
  }

  received(chunk: Uint8Array): void {
    const isWanted = this.#body !== null || this.#isWebSocket;
    if (!isWanted || this.#state === "over") this.#client.received(chunk);
    else if (this.#state === "tunnel") this.#sendToUpstream(chunk);
    else if (this.#state === "connecting" || this.#body === null) {
      this.#held = Buffer.concat([this.#held, chunk]);
    } else this.#takeBody(this.#body, chunk);
  }

  #takeBody(body: ProxiedBody, chunk: Uint8Array): void {
    const state = body.push(chunk, (octets) => this.#sendToUpstream(octets));
    if (state === "malformed") {
      this.refuse(errorPage(400, {}, "The chunks of its body are malformed."));
      return;
    }
    if (state === "incomplete") {
      if (this.#state === "waiting") this.#awaitRest();
      return;
    }
    this.#body = null;
    this.#client.endRequest(body.octetsAfterBody);
    if (this.#state === "waiting") this.#expectAnswer();
  }

  #sendToUpstream(octets: Uint8Array): void {
    if (this.#upstream?.write(octets) !== false) return;
    this.#isUpstreamFull = true;
    this.#streamed.socket.pause();
    if (this.#state === "tunnel") this.#awaitRest();
  }

  onUpstreamDrain(): void {
    this.#isUpstreamFull = false;
    if (this.#state === "tunnel") this.#deadline.clear();
    else this.#deadline.extend();
    this.#streamed.socket.resume();
  }

  ended(): void {
    if (this.#state === "tunnel") this.#upstream?.end();
    else if (this.#state === "over") this.#client.ended();
    else if (this.#body !== null) this.refuse(errorPage(400, {}, "Its body is cut off."));
    else if (this.#path.endsWithClient && !this.#client.hasBegun) {
      this.#finish(false);
      this.#client.cut();
    }
  }

  closed(): void {
    this.#client.closed();
    this.#finish(false);
    this.#clientDone(false);
  }

  // The way back to the client.

  onUpstreamOctets(chunk: Uint8Array): void {
    this.#isReused = false;
    this.#deadline.extend();
    if (this.#state === "tunnel") this.onAnswerOctets(chunk);
    else if (this.#state !== "over") this.#answer.received(chunk);
  }

  onAnswerBegin(): void {
    this.#state = "answering";
    if (this.#isWebSocket) {
      // It was refused: what the client has sent is the next request.
      this.#isWebSocket = false;
      this.#client.endRequest(this.#held);
      this.#held = NO_OCTETS;
      this.#streamed.socket.resume();
    }
    this.#awaitMore();
  }

  onAnswerOctets(octets: Uint8Array): void {
    if (this.#client.write(octets)) return;
    this.#upstream?.pause();
    // The client has its own deadline.
    if (this.#state !== "tunnel") this.#deadline.clear();
  }

  #onClientDrained(): void {
    this.#upstream?.resume();
    if (this.#state === "answering") this.#awaitMore();
  }

  drained(): void {
    this.#client.drained();
    this.#noteTaken();
  }

  onTunnel(octets: Uint8Array): void {
    this.#deadline.clear();
    this.#state = "tunnel";
    if (octets.length > 0) this.onAnswerOctets(octets);
    if (this.#held.length > 0) this.#sendToUpstream(this.#held);
    this.#held = NO_OCTETS;
    if (!this.#isUpstreamFull) this.#streamed.socket.resume();
  }

  onAnswerEnd(isReusable: boolean): void {
    if (this.#state === "over") return;
    this.#finish(isReusable && this.#body === null);
    this.#client.finish();
    this.#noteTaken();
  }

  /** Notes whether the client has taken the whole answer. */
  #noteTaken(): void {
    if (this.#client.isOver && this.#client.waitingOctets === 0) this.#clientDone(true);
  }

  #clientDone(isWhole: boolean): void {
    if (this.#isClientDone) return;
    this.#isClientDone = true;
    this.#path.onClientDone?.(isWhole);
  }

  onAnswerFault(reason: string): void {
    this.#fail(502, reason);
  }

  onUpstreamEnd(): void {
    if (this.#state === "answering") this.#answer.ended();
    else this.onUpstreamLost("it ended its answer too early");
  }

  onUpstreamLost(reason: string): void {
    if (this.#state === "over") return;
    if (this.#state === "tunnel") {
      this.#client.end();
      this.#finish(false);
    } else if (this.#isReused) {
      // It was closed while it was idle: the request was not read.
      this.#upstream?.destroy();
      this.#connect(undefined);
    } else this.#fail(502, reason);
  }

  // Deadlines, and the end.

  /** Waits for the head of the answer. */
  #expectAnswer(): void {
    const { response_timeout } = this.#path.config.options;
    this.#within(response_timeout, `its answer did not begin within ${response_timeout} ms`);
  }

  /** Waits for more of the answer. */
  #awaitMore(): void {
    const { idle_timeout } = this.#path.config.options;
    this.#within(idle_timeout, `its answer did not go on within ${idle_timeout} ms`);
  }

  /** Waits for more of the client's octets, or for the server to take what has come of them. */
  #awaitRest(): void {
    const { idle_timeout } = this.#path.config.options;
    this.#deadline.set(idle_timeout, () => {
      if (this.#isUpstreamFull) this.#fail(504, `it took nothing within ${idle_timeout} ms`);
      else this.refuse(errorPage(408));
    });
  }

  #within(milliseconds: number, state: string): void {
    this.#deadline.set(milliseconds, () => this.#fail(504, state));
  }

  /** The upstream server cannot be reached, or does not answer as it has to. */
  #fail(status: 502 | 504, reason: string): void {
    const { log, config, failureAnswer } = this.#path;
    log.warn("request not answered by upstream", { upstream: nameOf(config.upstream), reason });
    this.refuse(failureAnswer?.(status) ?? errorPage(status));
  }

  /** Keeps or closes the connection to the upstream server. */
  #finish(keeps: boolean): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#deadline.clear();
    this.#held = NO_OCTETS;
    const upstream = this.#upstream;
    this.#upstream = null;
    if (upstream !== null && keeps) this.#path.pool.keep(upstream);
    else upstream?.destroy();
    if (this.#isUpstreamFull) this.#streamed.socket.resume();
    this.#onOver();
  }
}
