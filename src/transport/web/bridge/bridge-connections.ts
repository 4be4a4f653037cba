/**
 * BridgeConnections: requests of the HTTP bridge on the very sockets that were accepted.
 *
 * Bun's Web server cuts a connection off when octets follow a request whose answer is still to come, so
 * that a call that was made would be answered to nobody. Here what follows is let go, and the connection
 * is closed behind the answer, which says so (RFC 9112, section 9.6).
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

const CONTINUE = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");

/** A request at a bridge, whose head has come. */
export interface BridgeVisit {
  bridge: HttpBridge;
  head: BridgeHead;
  /** Whether the request is one of HTTP/1.0. */
  isOld: boolean;
  socket: WritableSocket;
}

/** The requests that are being answered on one transport. */
export class BridgeConnections {
  readonly #open = new Set<BridgeConnection>();

  /** Begins; what came behind the head is to be handed in next, and be it nothing. */
  open(visit: BridgeVisit): BridgeConnection {
    const connection = new BridgeConnection(visit, () => this.#open.delete(connection));
    this.#open.add(connection);
    return connection;
  }

  /** Answers every request that waits with 503. */
  close(): void {
    for (const connection of [...this.#open]) connection.shutDown();
  }
}

/** One connection with one request. */
export class BridgeConnection {
  readonly #visit: BridgeVisit;
  readonly #onEnd: () => void;
  readonly #writer: SocketWriter;
  readonly #gone = new AbortController();
  readonly #place: ReturnType<HttpBridge["enter"]>;
  #body: RequestBody | null = null;
  #isAnswered = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Answers at once what needs no body. */
  constructor(visit: BridgeVisit, onEnd: () => void) {
    this.#visit = visit;
    this.#onEnd = onEnd;
    this.#writer = new SocketWriter(visit.socket, 0, { caughtUp: () => this.#writer.end() });
    this.#place = visit.bridge.enter();
    this.#begin();
  }

  received(chunk: Uint8Array): void {
    const body = this.#body;
    if (body === null) return;
    const state = body.push(chunk);
    if (state === "incomplete") return;
    this.#body = null;
    clearTimeout(this.#timer);
    if (state === "complete") void this.#perform(body.take());
    else this.#refuseBody(state);
  }

  drained(): void {
    this.#writer.drained();
  }

  /** The client sends nothing more; it may wait for the answer all the same. */
  ended(): void {
    if (this.#body !== null) this.#answer(denial(400, "Cannot read the body: it is cut off"));
    else if (this.#isAnswered) this.#writer.end();
  }

  closed(): void {
    clearTimeout(this.#timer);
    this.#isAnswered = true;
    this.#body = null;
    this.#writer.drop();
    this.#place?.release();
    this.#gone.abort();
    this.#onEnd();
  }

  /** The worker shuts down. */
  shutDown(): void {
    this.#answer(denial(503, "Cannot take the request: the node shuts down"));
  }

  #begin(): void {
    const { bridge, head, isOld } = this.#visit;
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
    if (this.#place === null) {
      const headers = { "Retry-After": "1" };
      this.#answer(denial(503, "Cannot take the request: too many are waiting", headers));
      return;
    }
    const answer = bridge.judge(head);
    if (answer !== null) {
      this.#answer(answer);
      return;
    }
    this.#body = new RequestBody(framing, bridge.mostBodyOctets);
    this.#timer = setTimeout(() => this.#late(), BODY_TIMEOUT_MS);
    const isFit = framing.kind === "chunked" || framing.octets <= bridge.mostBodyOctets;
    if (isFit && !isOld && head.headers.get("expect")?.toLowerCase() === "100-continue") {
      this.#writer.write(CONTINUE);
    }
  }

  #late(): void {
    const seconds = BODY_TIMEOUT_MS / 1000;
    this.#answer(denial(408, `Cannot read the body: it did not come within ${seconds} s`));
  }

  #refuseBody(state: "malformed" | "too long"): void {
    const most = this.#visit.bridge.mostBodyOctets;
    this.#answer(
      state === "too long"
        ? denial(413, `Cannot read the body: it is longer than ${most} octets`)
        : denial(400, "Cannot read the body: its chunks are malformed"),
    );
  }

  async #perform(body: Uint8Array): Promise<void> {
    const { bridge, head } = this.#visit;
    this.#answer(await bridge.perform(head, body, this.#gone.signal));
  }

  #answer({ status, headers, body }: BridgeAnswer): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#body = null;
    clearTimeout(this.#timer);
    this.#place?.release();
    this.#gone.abort();
    const { bridge, head, socket } = this.#visit;
    const fields = {
      Date: new Date().toUTCString(),
      ...bridge.headersFor(head),
      ...headers,
      "Content-Length": String(body.length),
      Connection: "close",
    };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const first = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n`;
    this.#timer = setTimeout(() => socket.terminate(), ANSWER_TIMEOUT_MS);
    const octets = Buffer.from(first, "latin1");
    const hasBody = head.method !== "HEAD";
    // Flushed, so that a socket that takes it all is told apart from one that is behind.
    this.#writer.write(hasBody ? Buffer.concat([octets, body]) : octets);
    this.#writer.flush();
    if (this.#writer.bufferedOctets === 0) this.#writer.end();
  }
}
