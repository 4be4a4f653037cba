/**
 * BridgeConnections: requests of the HTTP bridge on the very sockets that were accepted.
 *
 * Bun's Web server cuts a connection off when octets follow a request whose answer is still to come, so
 * that a call that was made would be answered to nobody. Here what follows waits for the answer.
 *
 * @module
 */

import { STATUS_CODES } from "node:http";
import { SocketWriter, type WritableSocket } from "#transport/endpoint/socket-writer.ts";
import { type BridgeAnswer, denial } from "./bridge-answer.ts";
import type { BridgeHead, HttpBridge } from "./http-bridge.ts";
import { framingOf, RequestBody } from "./request-body.ts";

/** Time for a body to come whole. */
const BODY_TIMEOUT_MS = 30_000;

/** Time for a client to take a long answer. */
const ANSWER_TIMEOUT_MS = 30_000;

/** Octets behind a request that wait for its answer; of more, none is looked at (RFC 9112, 9.6). */
const MOST_WAITING_OCTETS = 64 * 1024;

const CONTINUE = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");

/** A request at a bridge, whose head has come. */
export interface AcceptedBridgeRequest {
  bridge: HttpBridge;
  head: BridgeHead;
  /** Whether the request is one of HTTP/1.0. */
  isOld: boolean;
  socket: WritableSocket;
  /** What came behind the head. */
  first: Uint8Array;
  /** Goes on behind an answer that leaves the connection open, with what has come since. */
  readNextRequest: (rest: Uint8Array) => void;
}

/** The requests that are being answered on one transport. */
export class BridgeConnections {
  readonly #open = new Set<BridgeConnection>();

  /** Begins with what has come; the events of the socket are to be handed in from now on. */
  open(accepted: AcceptedBridgeRequest): BridgeConnection {
    const connection = new BridgeConnection(accepted, () => this.#open.delete(connection));
    this.#open.add(connection);
    connection.begin();
    return connection;
  }

  /** Answers every request that waits with 503. */
  close(): void {
    for (const connection of [...this.#open]) connection.shutDown();
  }
}

/** One request, and the connection until it is answered. */
export class BridgeConnection {
  readonly #accepted: AcceptedBridgeRequest;
  readonly #onEnd: () => void;
  readonly #writer: SocketWriter;
  readonly #gone = new AbortController();
  readonly #slot: ReturnType<HttpBridge["enter"]>;
  #body: RequestBody | null = null;
  #isAnswered = false;
  /** What came behind the request; null: it is not looked at, so the connection closes. */
  #rest: Buffer | null = null;
  #saysClose = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(accepted: AcceptedBridgeRequest, onEnd: () => void) {
    this.#accepted = accepted;
    this.#onEnd = onEnd;
    this.#writer = new SocketWriter(accepted.socket, 0, { caughtUp: () => this.#answered() });
    this.#slot = accepted.bridge.enter();
  }

  received(chunk: Uint8Array): void {
    const body = this.#body;
    if (body === null) {
      this.#keep(chunk);
      return;
    }
    const state = body.push(chunk);
    if (state === "incomplete") return;
    this.#body = null;
    clearTimeout(this.#timer);
    if (state !== "complete") {
      this.#refuseBody(state);
      return;
    }
    if (this.#mayGoOn()) this.#rest = Buffer.from(body.rest);
    void this.#perform(body.take());
  }

  drained(): void {
    this.#writer.drained();
  }

  /** The client sends nothing more; it may wait for the answer all the same. */
  ended(): void {
    if (this.#body !== null) this.#answer(denial(400, "Cannot read the body: it is cut off"));
    else if (this.#isAnswered && this.#rest === null) this.#writer.end();
  }

  closed(): void {
    clearTimeout(this.#timer);
    this.#isAnswered = true;
    this.#body = null;
    this.#rest = null;
    this.#writer.drop();
    this.#slot?.release();
    this.#gone.abort();
    this.#onEnd();
  }

  /** The worker shuts down. */
  shutDown(): void {
    this.#rest = null;
    this.#answer(denial(503, "Cannot take the request: the node shuts down"));
  }

  /** Answers at once what needs no body. */
  begin(): void {
    const { bridge, head, isOld } = this.#accepted;
    const host = head.headers.get("host");
    if ((host === null && !isOld) || host?.includes(",")) {
      this.#answer(denial(400, "Cannot take the request: it names no host, or several"));
      return;
    }
    const framing = framingOf(head.headers);
    if (framing === null || (framing.kind === "chunked" && isOld)) {
      this.#answer(denial(400, "Cannot read the body: its length is not told, or twice"));
      return;
    }
    if (this.#slot === null) {
      const headers = { "Retry-After": "1" };
      this.#answer(denial(503, "Cannot take the request: too many are waiting", headers));
      return;
    }
    const answer = bridge.judge(head);
    if (answer !== null) {
      const isBodiless = framing.kind === "length" && framing.octets === 0;
      if (isBodiless && this.#mayGoOn()) this.#rest = Buffer.from(this.#accepted.first);
      this.#answer(answer);
      return;
    }
    this.#body = new RequestBody(framing, bridge.mostBodyOctets);
    this.#timer = setTimeout(() => this.#late(), BODY_TIMEOUT_MS);
    const isFit = framing.kind === "chunked" || framing.octets <= bridge.mostBodyOctets;
    if (isFit && !isOld && head.headers.get("expect")?.toLowerCase() === "100-continue") {
      this.#writer.write(CONTINUE);
    }
    this.received(this.#accepted.first);
  }

  /** Whether the client would say more on this connection. */
  #mayGoOn(): boolean {
    const { isOld, head } = this.#accepted;
    const words = head.headers.get("connection")?.toLowerCase().split(",") ?? [];
    return !isOld && !words.some((word) => word.trim() === "close");
  }

  #keep(chunk: Uint8Array): void {
    if (this.#rest === null) return;
    const isTooMuch = this.#rest.length + chunk.length > MOST_WAITING_OCTETS;
    this.#rest = isTooMuch ? null : Buffer.concat([this.#rest, chunk]);
  }

  #late(): void {
    const seconds = BODY_TIMEOUT_MS / 1000;
    this.#answer(denial(408, `Cannot read the body: it did not come within ${seconds} s`));
  }

  #refuseBody(state: "malformed" | "too long"): void {
    const most = this.#accepted.bridge.mostBodyOctets;
    this.#answer(
      state === "too long"
        ? denial(413, `Cannot read the body: it is longer than ${most} octets`)
        : denial(400, "Cannot read the body: its chunks are malformed"),
    );
  }

  async #perform(body: Uint8Array): Promise<void> {
    const { bridge, head } = this.#accepted;
    this.#answer(await bridge.perform(head, body, this.#gone.signal));
  }

  #answer({ status, headers, body }: BridgeAnswer): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#body = null;
    clearTimeout(this.#timer);
    this.#slot?.release();
    this.#gone.abort();
    const { bridge, head, socket } = this.#accepted;
    this.#saysClose = this.#rest === null;
    const fields = {
      Date: new Date().toUTCString(),
      ...bridge.headersFor(head),
      ...headers,
      "Content-Length": String(body.length),
      ...(this.#saysClose && { Connection: "close" }),
    };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const first = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n`;
    this.#timer = setTimeout(() => socket.terminate(), ANSWER_TIMEOUT_MS);
    const octets = Buffer.from(first, "latin1");
    const hasBody = head.method !== "HEAD";
    // Flushed, so that a socket that takes it all is told apart from one that is behind.
    this.#writer.write(hasBody ? Buffer.concat([octets, body]) : octets);
    this.#writer.flush();
    if (this.#writer.bufferedOctets === 0) this.#answered();
  }

  /** The socket has taken the whole answer. */
  #answered(): void {
    const rest = this.#rest;
    if (rest === null || this.#saysClose) {
      this.#writer.end();
      return;
    }
    clearTimeout(this.#timer);
    this.#onEnd();
    this.#accepted.readNextRequest(rest);
  }
}
