/**
 * WebSocketReverseProxy: relays the WebSockets for one path to a backend, with any subprotocol. (Crossbar: path
 * type `websocket-reverseproxy`.)
 *
 * The backend is connected first, so that its subprotocol can be the answer to the client.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { WebSocketReverseProxyServiceConfig } from "#config/web-service/reverse-proxy-config.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import type { ConnectionSlot } from "#transport/endpoint/connection-limit.ts";
import type { ReadableFields } from "#transport/http/header-fields.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import { StreamedAnswer } from "#transport/http/streamed-answer.ts";
import type { TransportContext } from "#transport/listener.ts";
import { errorPage } from "#transport/web/error-page.ts";
import { forwardedHeaders } from "#transport/web/reverse-proxy/forwarded-headers.ts";
import type { StreamedRequest, StreamingService } from "#transport/web/streaming-service.ts";
import { answerHandshake } from "#transport/websocket/handshake-answer.ts";
import { badHandshake, checkHandshake } from "#transport/websocket/handshake-check.ts";
import { reverseProxyPage } from "#transport/websocket/status-page.ts";
import type {
  WebSocketConnection,
  WebSocketOwner,
} from "#transport/websocket/websocket-connection.ts";
import { CloseCode } from "#wamp/peer.ts";
import { type Backend, connectBackend } from "./backend-connector.ts";
import { RelayedWebSocket } from "./relayed-websocket.ts";

/** The WebSockets for one path. */
export class WebSocketReverseProxy implements StreamingService, WebSocketOwner {
  readonly log: TransportContext["log"];
  readonly #config: WebSocketReverseProxyServiceConfig;
  readonly #serverName: string;
  readonly #open = new Map<RelayedWebSocket, ConnectionSlot | undefined>();
  readonly #handshakes = new Set<RelayedHandshake>();

  constructor(config: WebSocketReverseProxyServiceConfig, { log, nodeInfo }: TransportContext) {
    this.#config = config;
    this.log = log;
    this.#serverName = `crossproxy/${nodeInfo.release}`;
  }

  open(streamed: StreamedRequest): ConnectionEvents {
    const handshake = new RelayedHandshake(streamed);
    const refusal = this.#refusalOf(streamed);
    if (refusal !== null) {
      handshake.answer(refusal);
      return handshake;
    }
    const slot = streamed.limit?.take(streamed.request.peer);
    if (slot === null) handshake.answer(errorPage(503, { "Retry-After": "1" }));
    else void this.#connect(streamed, handshake, slot);
    return handshake;
  }

  /** Notes that a WebSocket has closed. */
  noteClosed(connection: RelayedWebSocket): void {
    this.#open.get(connection)?.release();
    this.#open.delete(connection);
  }

  /** Whether a WebSocket is open, or about to be. */
  get isInUse(): boolean {
    return this.#open.size > 0 || this.#handshakes.size > 0;
  }

  /** Closes every WebSocket with 1001. */
  close(): void {
    for (const handshake of this.#handshakes) handshake.answer(errorPage(503));
    for (const connection of [...this.#open.keys()]) {
      connection.closeBoth(CloseCode.goingAway, "the node shuts down");
    }
  }

  #refusalOf({ request }: StreamedRequest): HttpAnswer | null {
    const refusal = checkHandshake(request, this.#config.options, reverseProxyPage);
    return refusal ?? (request.isHttp10 ? badHandshake() : null);
  }

  async #connect(
    streamed: StreamedRequest,
    handshake: RelayedHandshake,
    slot: ConnectionSlot | undefined,
  ): Promise<void> {
    this.#handshakes.add(handshake);
    handshake.hold();
    try {
      const protocols = protocolsOf(streamed.request.headers);
      const offer = { protocols, fields: originFields(streamed) };
      const canceled = handshake.gone;
      const backend = await connectBackend({ config: this.#config, offer, canceled });
      if (handshake.isOver) {
        backend.webSocket.close(CloseCode.goingAway, "the client has gone");
        slot?.release();
      } else this.#relay(streamed, handshake, backend, slot);
    } catch (thrown) {
      slot?.release();
      if (handshake.isOver) return;
      this.log.warn("WebSocket not relayed", { reason: sentenceOf(thrown) });
      handshake.answer(errorPage(503, { "Retry-After": "1" }));
    } finally {
      this.#handshakes.delete(handshake);
    }
  }

  #relay(
    { request, socket }: StreamedRequest,
    handshake: RelayedHandshake,
    { webSocket: backend, protocol }: Backend,
    slot: ConnectionSlot | undefined,
  ): void {
    const { options } = this.#config;
    const server = options.show_server_version ? this.#serverName : null;
    const fields = { protocol, options, server, setCookie: null };
    const { answer, codec } = answerHandshake(request.headers, fields);
    const { peer } = request;
    const relayed = new RelayedWebSocket(
      { socket, answer, options, peer, codec, owner: this },
      options.stall_timeout,
    );
    this.#open.set(relayed, slot);
    handshake.handTo(relayed);
    relayed.join(backend);
  }
}

/** The connection of a client until its backend is reached; afterwards its events go to the WebSocket. */
class RelayedHandshake implements ConnectionEvents {
  readonly #streamed: StreamedRequest;
  readonly #answer: StreamedAnswer;
  readonly #gone = new AbortController();
  #held: Buffer = Buffer.alloc(0);
  #webSocket: WebSocketConnection | null = null;

  constructor(streamed: StreamedRequest) {
    const { socket, request, readNextRequest, octetsAfterHead } = streamed;
    this.#streamed = streamed;
    this.#answer = new StreamedAnswer({ socket, request, readNextRequest, onDrained() {} });
    const { framing } = request;
    const hasBody = framing.kind === "chunked" || framing.octets > 0;
    // What follows a handshake may be frames.
    if (!hasBody && !request.headers.has("upgrade")) this.#answer.endRequest(octetsAfterHead);
  }

  /** Aborts when the client has gone. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Whether the request is answered, or its client gone. */
  get isOver(): boolean {
    return this.#answer.hasBegun || this.gone.aborted;
  }

  /** Keeps what the client sends until the backend is reached. */
  hold(): void {
    this.#held = Buffer.from(this.#streamed.octetsAfterHead);
  }

  /** Answers with a page; only once. */
  answer(answer: HttpAnswer): void {
    if (!this.isOver) this.#answer.answer(answer);
  }

  /** Has the WebSocket get the events from now on. */
  handTo(webSocket: WebSocketConnection): void {
    this.#webSocket = webSocket;
    if (this.#held.length > 0) webSocket.received(this.#held);
    this.#held = Buffer.alloc(0);
  }

  received(chunk: Uint8Array): void {
    if (this.#webSocket !== null) this.#webSocket.received(chunk);
    else if (this.isOver) this.#answer.received(chunk);
    else {
      // One read is kept, and the rest waits in the system.
      this.#held = Buffer.concat([this.#held, chunk]);
      this.#streamed.socket.pause();
    }
  }

  drained(): void {
    if (this.#webSocket !== null) this.#webSocket.drained();
    else this.#answer.drained();
  }

  ended(): void {
    if (this.#webSocket !== null) this.#webSocket.ended();
    else if (this.isOver) this.#answer.ended();
    else this.#leave();
  }

  closed(error: Error | undefined): void {
    if (this.#webSocket !== null) this.#webSocket.closed(error);
    else {
      this.#gone.abort();
      this.#answer.closed();
    }
  }

  /** A client that ends its side before it has a WebSocket wants none. */
  #leave(): void {
    this.#gone.abort();
    this.#streamed.socket.end();
  }
}

function protocolsOf(headers: ReadableFields): string[] {
  const offered = headers.get("sec-websocket-protocol")?.split(",") ?? [];
  return offered.map((protocol) => protocol.trim()).filter((protocol) => protocol !== "");
}

/** Where the WebSocket comes from: the page and the client. */
function originFields(streamed: StreamedRequest): [name: string, value: string][] {
  const page = streamed.request.headers.get("origin");
  const forwarded = forwardedHeaders(streamed, { port: null, proto: null });
  return page === null ? forwarded : [["Origin", page], ...forwarded];
}
