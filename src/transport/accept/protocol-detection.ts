/**
 * Visit: one connection at a front door, from the moment it is accepted until it is handed on.
 *
 * @module
 */

import { STATUS_CODES } from "node:http";
import type { Logger } from "#observe/logger.ts";
import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import { printTcpPeer } from "#transport/endpoint/peer-address.ts";
import { RefusedConnection, refusalOctets } from "#transport/http/refused-connection.ts";
import { RequestHead } from "#transport/http/request-head.ts";
import type { ConnectionDetails } from "#wamp/peer.ts";
import { readClientHello } from "./client-hello.ts";
import { readProxyHeader } from "./proxy-protocol-header.ts";

/** Time for a PROXY header. */
const PROXY_HEADER_MS = 10_000;

const RAWSOCKET_MAGIC = 0x7f;

const HANDSHAKE = "complete handshake";

/** Where connections are handed on to; null: nobody here speaks that. */
export interface ProtocolHandlers {
  /** What the client has sent already follows as the first `received`. */
  rawSocket: ((socket: ConnectionSocket, details: ConnectionDetails) => ConnectionEvents) | null;
  http:
    | ((
        socket: ConnectionSocket,
        details: ConnectionDetails,
        head: RequestHead,
      ) => ConnectionEvents)
    | null;
}

/** What holds for every visit of one door. */
export interface DetectionOptions {
  /** Id of the transport, for the log. */
  transport: string;
  handlers: ProtocolHandlers;
  /** Time for everything until the connection is handed on, in milliseconds. */
  handshakeMs: number;
  log: Logger;
}

/** What is particular to one visit. */
export interface AcceptedConnection {
  socket: ConnectionSocket;
  details: ConnectionDetails;
  /** Whether a PROXY header has to come first. */
  expectsProxyHeader: boolean;
  /** Whether nobody is handed on without a certificate. */
  needsCertificate: boolean;
  /**
   * Begins TLS behind a header: gives the socket that takes the place of the one that was accepted.
   * Null: octets behind the header are plain, or the socket has done TLS itself.
   */
  startTls: ((first: Uint8Array, serverName: string | null) => ConnectionSocket) | null;
  /** Whether the name that a client asks for is looked at before TLS begins. */
  readsHello: boolean;
  /** Gives the events of the socket to whom the connection is handed on; the visit is over. */
  handOver: (events: ConnectionEvents) => void;
}

/** One connection that has not been handed on. */
export class ProtocolDetection implements ConnectionEvents {
  readonly #options: DetectionOptions;
  #socket: ConnectionSocket;
  #details: ConnectionDetails;
  readonly #needsCertificate: boolean;
  readonly #startTls: AcceptedConnection["startTls"];
  readonly #handOverEvents: AcceptedConnection["handOver"];
  /** What came of the header. */
  #proxyHeader: Buffer<ArrayBuffer> | null;
  /** What came of a ClientHello; null: it is not looked at, or no longer. */
  #hello: Buffer<ArrayBuffer> | null;
  #head: RequestHead | null = null;
  #isRefused = false;
  #isClosed = false;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(accepted: AcceptedConnection, options: DetectionOptions) {
    this.#options = options;
    this.#socket = accepted.socket;
    this.#details = accepted.details;
    this.#needsCertificate = accepted.needsCertificate;
    this.#startTls = accepted.startTls;
    this.#handOverEvents = accepted.handOver;
    this.#proxyHeader = accepted.expectsProxyHeader ? Buffer.alloc(0) : null;
    this.#hello = accepted.readsHello ? Buffer.alloc(0) : null;
    if (accepted.expectsProxyHeader) this.#expect("PROXY header", PROXY_HEADER_MS);
    else this.#expect(HANDSHAKE, this.#options.handshakeMs);
  }

  /** Begins TLS by hand where no header has to come first. */
  begin(): void {
    if (this.#proxyHeader === null && this.#hello === null && this.#startTls !== null) {
      this.#socket = this.#startTls(new Uint8Array(0), null);
    }
  }

  /** The TLS handshake is over; `news` is what is known by it. */
  secured(fault: string | null, news: Partial<ConnectionDetails>): void {
    if (this.#isRefused) return;
    if (fault !== null) this.#cut(`TLS handshake failed: ${fault}`);
    else this.#learn(news);
  }

  /** Octets came in. */
  received(chunk: Uint8Array): void {
    if (this.#isRefused) return;
    if (this.#proxyHeader !== null) this.#readProxyHeader(chunk);
    else if (this.#hello !== null) this.#readHello(this.#hello, chunk);
    else if (this.#head !== null) this.#readHead(this.#head, chunk);
    else this.#chooseProtocol(chunk);
  }

  /** The socket is writable again. */
  drained(): void {}

  /** The client sends nothing more. */
  ended(): void {
    this.#socket.end();
  }

  /** The connection is closed. */
  closed(): void {
    this.#isClosed = true;
    this.#stopTimer();
  }

  /** Cuts the connection off. */
  terminate(): void {
    this.#socket.terminate();
  }

  /** Everything up to the next step has to happen within this time. */
  #expect(what: string, timeoutMs: number): void {
    this.#stopTimer();
    const reason = `no ${what} within ${timeoutMs} ms`;
    this.#timer = setTimeout(() => {
      if (this.#head === null) this.#cut(reason);
      else this.#refuse(408);
    }, timeoutMs);
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #readProxyHeader(chunk: Uint8Array): void {
    const octets = Buffer.concat([this.#proxyHeader ?? Buffer.alloc(0), chunk]);
    const header = readProxyHeader(octets);
    if (header.kind === "malformed") {
      this.#cut(`malformed PROXY header: ${header.sentence}`);
      return;
    }
    if (header.kind === "incomplete") {
      this.#proxyHeader = octets;
      return;
    }
    this.#proxyHeader = null;
    const { source } = header;
    if (source !== null) this.#learn({ peer: printTcpPeer(source.address, source.port) });
    this.#expect(HANDSHAKE, this.#options.handshakeMs);
    const rest = octets.subarray(header.octets);
    if (this.#startTls !== null && this.#hello === null) {
      this.#socket = this.#startTls(rest, null);
    } else if (rest.length > 0) this.received(rest);
  }

  #readHello(before: Buffer<ArrayBuffer>, chunk: Uint8Array): void {
    const octets = Buffer.concat([before, chunk]);
    const hello = readClientHello(octets);
    if (hello.kind === "incomplete") {
      this.#hello = octets;
      return;
    }
    this.#hello = null;
    if (this.#startTls !== null) this.#socket = this.#startTls(octets, hello.serverName);
  }

  #learn(news: Partial<ConnectionDetails>): void {
    this.#details = { ...this.#details, ...news };
  }

  #chooseProtocol(chunk: Uint8Array): void {
    const first = chunk[0] ?? 0;
    const { rawSocket, http } = this.#options.handlers;
    const details = this.#details;
    if (this.#needsCertificate && details.clientCertificate === undefined) {
      this.#cut("no client certificate");
    } else if (first === RAWSOCKET_MAGIC && rawSocket !== null) {
      const events = rawSocket(this.#socket, details);
      this.#handOver(events);
      events.received(chunk);
    } else if (isLetter(first) && http !== null) {
      this.#head = new RequestHead();
      this.#readHead(this.#head, chunk);
    } else {
      this.#cut(`no protocol here begins with the octet ${first.toString(16).padStart(2, "0")}`);
    }
  }

  #readHead(head: RequestHead, chunk: Uint8Array): void {
    const { http } = this.#options.handlers;
    const state = head.push(chunk);
    if (state === "malformed") this.#refuse(400);
    else if (state === "unknown method") this.#refuse(501);
    else if (state === "too long") this.#refuse(431);
    else if (state === "complete" && http !== null) {
      this.#handOver(http(this.#socket, this.#details, head));
    }
  }

  #handOver(events: ConnectionEvents): void {
    this.#stopTimer();
    this.#handOverEvents(events);
    // What came with the request can have been reason enough to cut the connection off.
    if (this.#isClosed) events.closed(undefined);
  }

  /** Answers a request that no server will see. */
  #refuse(status: number): void {
    this.#warn(`${status} ${STATUS_CODES[status]}`);
    this.#handOver(new RefusedConnection(this.#socket, refusalOctets(status)));
  }

  #cut(reason: string): void {
    this.#warn(reason);
    this.#isRefused = true;
    this.#stopTimer();
    this.#socket.terminate();
  }

  #warn(reason: string): void {
    const { log, transport } = this.#options;
    log.warn("connection refused", { transport, peer: this.#details.peer, reason });
  }
}

/** Whether an octet is a letter of ASCII, with which a request begins. */
function isLetter(octet: number): boolean {
  const small = octet | 0x20;
  return small >= 0x61 && small <= 0x7a;
}
