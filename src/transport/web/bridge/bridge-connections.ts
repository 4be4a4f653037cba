/**
 * BridgeConnections: reads and answers requests of the HTTP bridge on the accepted sockets.
 *
 * Bun's Web server closes a connection when octets follow a request that is not answered yet, so the
 * result of a call would be lost. Here pipelined octets wait for the answer.
 *
 * @module
 */

import { STATUS_CODES } from "node:http";
import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import { SocketWriter } from "#transport/endpoint/socket-writer.ts";
import type { ReadNextRequest } from "#transport/http/persistent-connection.ts";
import { type BridgeAnswer, denial } from "./bridge-answer.ts";
import type { BridgeHead, HttpBridge } from "./http-bridge.ts";
import { type Framing, framingOf, RequestBody } from "./request-body.ts";

/** Time for a whole body. */
const BODY_TIMEOUT_MS = 30_000;

/** Time for a client to take a long answer. */
const ANSWER_TIMEOUT_MS = 30_000;

/** Most pipelined octets that wait for an answer; with more, the connection closes (RFC 9112, 9.6). */
const MAX_PIPELINED_OCTETS = 64 * 1024;

/** Unused: a writer reports only after a `write` that answered false, so `drained` checks its queue. */
const NO_OBSERVER = { onQueueDrained() {} };

const CONTINUE = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");

/** A request for a bridge; its head is complete. */
export interface AcceptedBridgeRequest {
  bridge: HttpBridge;
  head: BridgeHead;
  isHttp10: boolean;
  socket: ConnectionSocket;
  octetsAfterHead: Uint8Array;
  /** Called after an answer that leaves the connection open. */
  readNextRequest: ReadNextRequest;
}

/** The requests that are being answered on one transport. */
export class BridgeConnections {
  readonly #open = new Set<BridgeConnection>();

  /** Begins a request; the result receives the events of the socket from now on. */
  open(accepted: AcceptedBridgeRequest): BridgeConnection {
    const connection = new BridgeConnection(accepted, () => this.#open.delete(connection));
    this.#open.add(connection);
    connection.begin();
    return connection;
  }

  /** Answers every open request with 503. */
  close(): void {
    for (const connection of [...this.#open]) connection.shutDown();
  }
}

/** One request, and its connection until it is answered. */
export class BridgeConnection implements ConnectionEvents {
  readonly #accepted: AcceptedBridgeRequest;
  readonly #onEnd: () => void;
  readonly #writer: SocketWriter;
  /** Aborts when the request is answered, or its client has gone. */
  readonly #over = new AbortController();
  readonly #slot: ReturnType<HttpBridge["takeSlot"]>;
  #body: RequestBody | null = null;
  #isAnswered = false;
  /** Octets that came after the request; null: they are ignored, because the connection closes. */
  #pipelined: Buffer | null = null;
  #announcesClose = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(accepted: AcceptedBridgeRequest, onEnd: () => void) {
    this.#accepted = accepted;
    this.#onEnd = onEnd;
    this.#writer = new SocketWriter(accepted.socket, 0, NO_OBSERVER);
    this.#slot = accepted.bridge.takeSlot();
  }

  received(chunk: Uint8Array): void {
    const body = this.#body;
    if (body === null) {
      this.#keepPipelined(chunk);
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
    if (this.#mayPersist()) this.#pipelined = Buffer.from(body.octetsAfterBody);
    void this.#perform(body.take());
  }

  drained(): void {
    this.#writer.drained();
    this.#continueWhenTaken();
  }

  /** A client that has ended its side may still wait for the answer. */
  ended(): void {
    if (this.#body !== null) this.#answer(denial(400, "Cannot read the body: it is cut off"));
    else if (this.#isAnswered && this.#pipelined === null) this.#writer.end();
  }

  closed(): void {
    clearTimeout(this.#timer);
    this.#isAnswered = true;
    this.#body = null;
    this.#pipelined = null;
    this.#writer.drop();
    this.#slot?.release();
    this.#over.abort();
    this.#onEnd();
  }

  /** The worker shuts down. */
  shutDown(): void {
    this.#pipelined = null;
    this.#answer(denial(503, "Cannot take the request: the node shuts down"));
  }

  /** Answers at once what needs no body. */
  begin(): void {
    const { bridge, head, isHttp10, octetsAfterHead } = this.#accepted;
    const host = head.headers.get("host");
    if ((host === null && !isHttp10) || host?.includes(",")) {
      this.#answer(denial(400, "Cannot take the request: it names no host, or several"));
      return;
    }
    const framing = framingOf(head.headers);
    if (framing === null || (framing.kind === "chunked" && isHttp10)) {
      this.#answer(denial(400, "Cannot read the body: its length is not told, or twice"));
      return;
    }
    if (this.#slot === null) {
      const headers = { "Retry-After": "1" };
      this.#answer(denial(503, "Cannot take the request: too many are waiting", headers));
      return;
    }
    const answer = bridge.answerToHead(head);
    if (answer === null) {
      this.#readBody(framing);
      return;
    }
    const hasNoBody = framing.kind === "length" && framing.octets === 0;
    if (hasNoBody && this.#mayPersist()) this.#pipelined = Buffer.from(octetsAfterHead);
    this.#answer(answer);
  }

  #readBody(framing: NonNullable<Framing>): void {
    const { bridge, head, isHttp10, octetsAfterHead } = this.#accepted;
    this.#body = new RequestBody(framing, bridge.maxBodyOctets);
    this.#timer = setTimeout(() => this.#bodyTimedOut(), BODY_TIMEOUT_MS);
    const fits = framing.kind === "chunked" || framing.octets <= bridge.maxBodyOctets;
    if (fits && !isHttp10 && head.headers.get("expect")?.toLowerCase() === "100-continue") {
      this.#writer.write(CONTINUE);
    }
    this.received(octetsAfterHead);
  }

  /** Whether the connection persists after the answer (RFC 9112, section 9.3). */
  #mayPersist(): boolean {
    const { isHttp10, head } = this.#accepted;
    const options = head.headers.get("connection")?.toLowerCase().split(",") ?? [];
    return !isHttp10 && !options.some((option) => option.trim() === "close");
  }

  #keepPipelined(chunk: Uint8Array): void {
    if (this.#pipelined === null) return;
    const isTooLong = this.#pipelined.length + chunk.length > MAX_PIPELINED_OCTETS;
    this.#pipelined = isTooLong ? null : Buffer.concat([this.#pipelined, chunk]);
  }

  #bodyTimedOut(): void {
    const seconds = BODY_TIMEOUT_MS / 1000;
    this.#answer(denial(408, `Cannot read the body: it did not come within ${seconds} s`));
  }

  #refuseBody(state: "malformed" | "too long"): void {
    const maxOctets = this.#accepted.bridge.maxBodyOctets;
    this.#answer(
      state === "too long"
        ? denial(413, `Cannot read the body: it is longer than ${maxOctets} octets`)
        : denial(400, "Cannot read the body: its chunks are malformed"),
    );
  }

  async #perform(body: Uint8Array): Promise<void> {
    const { bridge, head } = this.#accepted;
    this.#answer(await bridge.perform(head, body, this.#over.signal));
  }

  #answer({ status, headers, body }: BridgeAnswer): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#body = null;
    clearTimeout(this.#timer);
    this.#slot?.release();
    this.#over.abort();
    const { bridge, head, socket } = this.#accepted;
    this.#announcesClose = this.#pipelined === null;
    const fields = {
      Date: new Date().toUTCString(),
      ...bridge.headersFor(head),
      ...headers,
      "Content-Length": String(body.length),
      ...(this.#announcesClose && { Connection: "close" }),
    };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const answerHead = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n`;
    this.#timer = setTimeout(() => socket.terminate(), ANSWER_TIMEOUT_MS);
    const octets = Buffer.from(answerHead, "latin1");
    const hasBody = head.method !== "HEAD";
    // Flushed, so that `bufferedOctets` shows whether the socket took everything.
    this.#writer.write(hasBody ? Buffer.concat([octets, body]) : octets);
    this.#writer.flush();
    this.#continueWhenTaken();
  }

  /** When the socket has taken the whole answer, ends the connection or reads the next request. */
  #continueWhenTaken(): void {
    if (!this.#isAnswered || this.#writer.bufferedOctets > 0) return;
    const pipelined = this.#pipelined;
    if (pipelined === null || this.#announcesClose) {
      this.#writer.end();
      return;
    }
    clearTimeout(this.#timer);
    this.#onEnd();
    this.#accepted.readNextRequest(pipelined);
  }
}
