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
import { printAuthority } from "#transport/endpoint/peer-address.ts";
import { BodyDecoder } from "#transport/http/body-decoder.ts";
import { StreamedAnswer } from "#transport/http/streamed-answer.ts";
import { type ErrorStatus, errorPage } from "#transport/web/error-page.ts";
import type { StreamedRequest } from "#transport/web/streaming-service.ts";
import { AnswerHead, type UpstreamAnswer, valuesOf } from "./upstream-answer.ts";
import { UpstreamConnection, type UpstreamEvents } from "./upstream-connection.ts";
import type { UpstreamPool } from "./upstream-pool.ts";
import { endToEnd, upstreamRequest, wantsWebSocket } from "./upstream-request.ts";

/** Most interim answers (1xx) to one request. */
const MAX_INTERIM_ANSWERS = 16;

/** These have no effect on the server, so they can be sent again where a kept connection was just closed. */
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

const NO_OCTETS = Buffer.alloc(0);
const CHUNK_END = Buffer.from("\r\n");
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** What the requests for one path share. */
export interface ProxiedPath {
  config: ReverseProxyServiceConfig;
  pool: UpstreamPool;
  log: Logger;
}

/** One request, from its head to the end of its answer. */
export class ProxiedRequest implements ConnectionEvents, UpstreamEvents {
  readonly #streamed: StreamedRequest;
  readonly #path: ProxiedPath;
  readonly #onOver: () => void;
  readonly #answer: StreamedAnswer;
  readonly #isWebSocket: boolean;
  #state: "connecting" | "waiting" | "answering" | "tunnel" | "over" = "connecting";
  #upstream: UpstreamConnection | null = null;
  /** Whether the connection was kept from another request, and has said nothing to this one yet. */
  #isReused = false;
  /** The rest of the request; null: it is sent whole. */
  #body: BodyDecoder | null = null;
  /** Octets of the client that wait for the upstream server. */
  #held: Buffer = NO_OCTETS;
  #isUpstreamFull = false;
  #head: AnswerHead;
  #interimAnswers = 0;
  /** The rest of the answer; null: it ends with the connection, or its head has not come. */
  #answerBody: BodyDecoder | null = null;
  #persists = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `onOver` is called once, when the upstream server is not needed any more. */
  constructor(streamed: StreamedRequest, path: ProxiedPath, onOver: () => void) {
    const { socket, request, readNextRequest } = streamed;
    this.#streamed = streamed;
    this.#path = path;
    this.#onOver = onOver;
    this.#isWebSocket = wantsWebSocket(request);
    this.#head = new AnswerHead(request.method);
    const onDrained = () => this.#onClientDrained();
    this.#answer = new StreamedAnswer({ socket, request, readNextRequest, onDrained });
  }

  /** Connects to the upstream server. */
  begin(): void {
    const { request, octetsAfterHead, socket } = this.#streamed;
    const { framing, method } = request;
    const hasBody = framing.kind === "chunked" || framing.octets > 0;
    if (hasBody || this.#isWebSocket) {
      this.#held = Buffer.from(octetsAfterHead);
      socket.pause();
    } else this.#answer.endRequest(octetsAfterHead);
    if (hasBody) this.#body = new BodyDecoder(framing);
    const mayReuse = !hasBody && !this.#isWebSocket && SAFE_METHODS.has(method);
    this.#connect(mayReuse ? this.#path.pool.take() : undefined);
  }

  /** Answers with 503, or cuts the answer off: the worker shuts down. */
  shutDown(): void {
    if (this.#state !== "over") this.#refuse(503, { "Retry-After": "1" });
  }

  received(chunk: Uint8Array): void {
    if (this.#state === "tunnel") this.#sendToUpstream(chunk);
    else if (this.#state === "over") this.#answer.received(chunk);
    else if (this.#state === "connecting" || this.#isWebSocket) this.#hold(chunk);
    else if (this.#body !== null) this.#takeBody(this.#body, chunk);
    else this.#answer.received(chunk);
  }

  drained(): void {
    this.#answer.drained();
  }

  ended(): void {
    if (this.#state === "tunnel") this.#upstream?.end();
    else if (this.#state === "over") this.#answer.ended();
    else if (this.#body !== null) this.#refuse(400);
  }

  closed(): void {
    this.#answer.closed();
    this.#finish(false);
  }

  onUpstreamOpen(): void {
    this.#state = "waiting";
    this.#upstream?.write(Buffer.from(this.#requestHead(), "latin1"));
    const held = this.#held;
    this.#held = NO_OCTETS;
    if (this.#body === null) {
      this.#held = held;
      this.#expectAnswer();
      return;
    }
    this.#takeBody(this.#body, held);
    if (!this.#isUpstreamFull) this.#streamed.socket.resume();
  }

  onUpstreamOctets(chunk: Uint8Array): void {
    this.#isReused = false;
    this.#timer?.refresh();
    if (this.#state === "waiting") this.#readHead(chunk);
    else if (this.#state === "answering") this.#passOn(chunk);
    else if (this.#state === "tunnel") this.#sendToClient(chunk);
  }

  onUpstreamDrain(): void {
    this.#isUpstreamFull = false;
    this.#timer?.refresh();
    this.#streamed.socket.resume();
  }

  onUpstreamEnd(): void {
    if (this.#state === "answering" && this.#answerBody === null) this.#complete(false);
    else this.onUpstreamLost("it ended its answer too early");
  }

  onUpstreamLost(reason: string): void {
    if (this.#state === "over") return;
    if (this.#state === "tunnel") {
      this.#answer.end();
      this.#finish(false);
    } else if (this.#isReused) {
      // It was closed while it was idle: the request was not read.
      this.#upstream?.destroy();
      this.#connect(undefined);
    } else if (this.#state === "answering" && this.#answerBody === null) this.#complete(false);
    else this.#fail(502, reason);
  }

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

  #requestHead(): string {
    const { request, lines, path, details, chain } = this.#streamed;
    const { config } = this.#path;
    const { host, port, tls } = config.upstream;
    const query = /\?[^#]*/.exec(lines[0]?.split(" ")[1] ?? "")?.[0] ?? "";
    const usual = tls === undefined ? 80 : 443;
    return upstreamRequest({
      request,
      lines,
      peer: details.peer,
      chain,
      port: config.forwarded_port,
      proto: config.forwarded_proto,
      target: `${config.path}${path}` === "" ? `/${query}` : `${config.path}${path}${query}`,
      authority: printAuthority(host, port).replace(port === usual ? /:\d+$/ : /$^/, ""),
    });
  }

  /** Keeps octets until the upstream server can take them; the client is paused, so this is at most one read. */
  #hold(chunk: Uint8Array): void {
    if (this.#body === null && !this.#isWebSocket) this.#answer.received(chunk);
    else this.#held = Buffer.concat([this.#held, chunk]);
  }

  #takeBody(body: BodyDecoder, chunk: Uint8Array): void {
    const isChunked = this.#streamed.request.framing.kind === "chunked";
    const state = body.push(chunk, (octets) => this.#sendBody(octets, isChunked));
    if (state === "malformed") {
      this.#refuse(400);
      return;
    }
    if (state === "incomplete") {
      const { idle_timeout } = this.#path.config.options;
      if (this.#state === "waiting") this.#awaitBody(idle_timeout);
      return;
    }
    this.#body = null;
    if (isChunked) this.#upstream?.write(LAST_CHUNK);
    this.#answer.endRequest(body.octetsAfterBody);
    if (this.#state === "waiting") this.#expectAnswer();
  }

  #sendBody(octets: Uint8Array, isChunked: boolean): void {
    if (isChunked) this.#upstream?.write(Buffer.from(`${octets.length.toString(16)}\r\n`));
    this.#sendToUpstream(octets);
    if (isChunked) this.#upstream?.write(CHUNK_END);
  }

  #sendToUpstream(octets: Uint8Array): void {
    if (this.#upstream?.write(octets) !== false) return;
    this.#isUpstreamFull = true;
    this.#streamed.socket.pause();
  }

  #sendToClient(octets: Uint8Array): void {
    if (this.#answer.write(octets)) return;
    this.#upstream?.pause();
    // The client has its own deadline.
    this.#stopTimer();
  }

  #onClientDrained(): void {
    this.#upstream?.resume();
    if (this.#state === "answering") this.#awaitMore();
  }

  #readHead(chunk: Uint8Array): void {
    const state = this.#head.push(chunk);
    if (state === "incomplete") return;
    const answer =
      state === "complete" ? this.#head.answer() : "the head of its answer is too long";
    if (typeof answer === "string") this.#fail(502, answer);
    else if (answer.status === 101) this.#switchProtocols(answer, this.#head.octetsAfterHead);
    else if (answer.status < 200) this.#passInterim(answer, this.#head.octetsAfterHead);
    else this.#beginAnswer(answer, this.#head.octetsAfterHead);
  }

  #passInterim({ status, reason, fields }: UpstreamAnswer, rest: Uint8Array): void {
    this.#interimAnswers += 1;
    if (this.#interimAnswers > MAX_INTERIM_ANSWERS) {
      this.#fail(502, "it sent too many interim answers");
      return;
    }
    const lines = [statusLine(status, reason), ...endToEnd(fields).map(({ line }) => line)];
    this.#answer.writeInterim(`${lines.join("\r\n")}\r\n\r\n`);
    this.#head = new AnswerHead(this.#streamed.request.method);
    if (rest.length > 0) this.#readHead(rest);
  }

  #switchProtocols({ status, reason, fields }: UpstreamAnswer, rest: Uint8Array): void {
    if (!this.#isWebSocket || valuesOf(fields, "upgrade")[0]?.toLowerCase() !== "websocket") {
      this.#fail(502, "it switched to a protocol that was not asked for");
      return;
    }
    const kept = endToEnd(fields).map(({ line }) => line);
    const upgrade = ["Connection: Upgrade", "Upgrade: websocket"];
    this.#stopTimer();
    this.#state = "tunnel";
    this.#answer.switchProtocols([statusLine(status, reason), ...upgrade, ...kept]);
    if (rest.length > 0) this.#sendToClient(rest);
    if (this.#held.length > 0) this.#sendToUpstream(this.#held);
    this.#held = NO_OCTETS;
    if (!this.#isUpstreamFull) this.#streamed.socket.resume();
  }

  #beginAnswer(answer: UpstreamAnswer, rest: Uint8Array): void {
    const { framing } = answer;
    // A WebSocket that was refused: what the client has sent is the next request.
    if (this.#isWebSocket) this.#answer.endRequest(this.#held);
    if (this.#isWebSocket) this.#streamed.socket.resume();
    this.#state = "answering";
    this.#persists = answer.persists;
    this.#answer.begin(linesOf(answer), framing.kind === "close" ? "chunked" : framing.kind);
    this.#awaitMore();
    if (framing.kind === "none") {
      this.#complete(rest.length === 0);
      return;
    }
    if (framing.kind !== "close") this.#answerBody = new BodyDecoder(framing);
    this.#passOn(rest);
  }

  #passOn(chunk: Uint8Array): void {
    if (this.#answerBody === null) {
      if (chunk.length > 0) this.#sendToClient(chunk);
      return;
    }
    const state = this.#answerBody.push(chunk, (octets) => this.#sendToClient(octets));
    if (state === "malformed") this.#fail(502, "the chunks of its answer are malformed");
    if (state === "complete") this.#complete(this.#answerBody.octetsAfterBody.length === 0);
  }

  #complete(mayKeep: boolean): void {
    if (this.#state === "over") return;
    this.#finish(mayKeep && this.#persists && this.#body === null);
    this.#answer.finish();
  }

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

  /** Waits for more of the request, or for the server to take what has come of it. */
  #awaitBody(idleTimeout: number): void {
    this.#stopTimer();
    this.#timer = setTimeout(() => {
      if (this.#isUpstreamFull) this.#fail(504, `it took nothing within ${idleTimeout} ms`);
      else this.#refuse(408);
    }, idleTimeout);
  }

  #within(milliseconds: number, state: string): void {
    this.#stopTimer();
    this.#timer = setTimeout(() => this.#fail(504, state), milliseconds);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    // Refreshed, it would begin again.
    this.#timer = undefined;
  }

  /** The upstream server cannot be reached, or does not answer as it has to. */
  #fail(status: 502 | 504, reason: string): void {
    const { host, port } = this.#path.config.upstream;
    const { log } = this.#path;
    log.warn("request not answered by upstream", { upstream: printAuthority(host, port), reason });
    this.#refuse(status);
  }

  /** Answers with a page, or cuts off the answer that has begun. */
  #refuse(status: ErrorStatus, headers: Record<string, string> = {}): void {
    if (this.#state === "over") return;
    this.#finish(false);
    // So that the end of the connection is noticed.
    this.#streamed.socket.resume();
    if (this.#answer.hasBegun) this.#answer.cut();
    else this.#answer.answer(errorPage(status, headers));
  }

  /** Keeps or closes the connection to the upstream server. */
  #finish(keeps: boolean): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#stopTimer();
    this.#held = NO_OCTETS;
    const upstream = this.#upstream;
    this.#upstream = null;
    if (upstream !== null && keeps) this.#path.pool.keep(upstream);
    else upstream?.destroy();
    if (this.#isUpstreamFull) this.#streamed.socket.resume();
    this.#onOver();
  }
}

/** The status line and the fields of an answer for the client, but those for one connection. */
function linesOf({ status, reason, fields, framing }: UpstreamAnswer): string[] {
  const kept = endToEnd(fields);
  const hasDate = kept.some(({ name }) => name.toLowerCase() === "date");
  const keepsLength = framing.kind === "none" && status !== 204;
  const passed = kept.filter(({ name }) => keepsLength || name.toLowerCase() !== "content-length");
  return [
    statusLine(status, reason),
    ...passed.map(({ line }) => line),
    ...(hasDate ? [] : [`Date: ${new Date().toUTCString()}`]),
    ...(framing.kind === "length" ? [`Content-Length: ${framing.octets}`] : []),
  ];
}

function statusLine(status: number, reason: string): string {
  return `HTTP/1.1 ${status} ${reason}`;
}
