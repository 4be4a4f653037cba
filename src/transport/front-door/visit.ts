/**
 * Visit: one connection at a front door, from the moment it is accepted until it is handed on.
 *
 * @module
 */

import type { Logger } from "#observe/logger.ts";
import { printTcpPeer } from "#transport/endpoint/peer-address.ts";
import type { ConnectionDetails } from "#wamp/peer.ts";
import { readClientHello } from "./client-hello.ts";
import { readPreface } from "./proxy-preface.ts";
import { RequestHead } from "./request-head.ts";

/** Time for a PROXY preface. */
const PREFACE_MS = 10_000;

/** A client that was refused has this long to read why and to close. */
const REFUSED_MS = 1000;

const RAWSOCKET_MAGIC = 0x7f;

const HANDSHAKE = "complete handshake";

/** What a door uses of a Bun socket. */
export interface DoorSocket {
  write(octets: Uint8Array, offset?: number, length?: number): number;
  shutdown(): void;
  end(): void;
  terminate(): void;
  pause(): void;
  resume(): void;
}

/** Takes the events of a connection that was handed on. */
export interface Receiver {
  received(chunk: Uint8Array): void;
  drained(): void;
  /** The other side sends nothing more; this side may. */
  ended(): void;
  closed(error: Error | undefined): void;
}

/** Where connections are handed on to; null: nobody here speaks that. */
export interface Ways {
  /** What the client has sent already follows as the first `received`. */
  rawSocket: ((socket: DoorSocket, details: ConnectionDetails) => Receiver) | null;
  http: ((socket: DoorSocket, details: ConnectionDetails, head: RequestHead) => Receiver) | null;
}

/** What holds for every visit of one door. */
export interface VisitRules {
  /** Id of the transport, for the log. */
  transport: string;
  ways: Ways;
  /** Time for everything until the connection is handed on, in milliseconds. */
  handshakeMs: number;
  log: Logger;
}

/** What is particular to one visit. */
export interface Arrival {
  socket: DoorSocket;
  details: ConnectionDetails;
  /** Whether a PROXY preface has to come first. */
  expectsPreface: boolean;
  /** Whether nobody is handed on without a certificate. */
  needsCertificate: boolean;
  /**
   * Begins TLS behind a preface: gives the socket that takes the place of the one that was accepted.
   * Null: octets behind the preface are plain, or the socket has done TLS itself.
   */
  startTls: ((first: Uint8Array, serverName: string | null) => DoorSocket) | null;
  /** Whether the name that a client asks for is looked at before TLS begins. */
  readsHello: boolean;
  /** Gives the events of the socket to whom the connection is handed on; the visit is over. */
  handOn: (receiver: Receiver) => void;
}

/** One connection that has not been handed on. */
export class Visit implements Receiver {
  readonly #rules: VisitRules;
  #socket: DoorSocket;
  #details: ConnectionDetails;
  readonly #needsCertificate: boolean;
  readonly #startTls: Arrival["startTls"];
  readonly #handOver: Arrival["handOn"];
  /** What came of the preface. */
  #preface: Buffer<ArrayBuffer> | null;
  /** What came of a ClientHello; null: it is not looked at, or no longer. */
  #hello: Buffer<ArrayBuffer> | null;
  #head: RequestHead | null = null;
  #isRefused = false;
  #isClosed = false;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(arrival: Arrival, rules: VisitRules) {
    this.#rules = rules;
    this.#socket = arrival.socket;
    this.#details = arrival.details;
    this.#needsCertificate = arrival.needsCertificate;
    this.#startTls = arrival.startTls;
    this.#handOver = arrival.handOn;
    this.#preface = arrival.expectsPreface ? Buffer.alloc(0) : null;
    this.#hello = arrival.readsHello ? Buffer.alloc(0) : null;
    if (arrival.expectsPreface) this.#expect("PROXY preface", PREFACE_MS);
    else this.#expect(HANDSHAKE, this.#rules.handshakeMs);
  }

  /** Begins TLS by hand where no preface has to come first. */
  begin(): void {
    if (this.#preface === null && this.#hello === null && this.#startTls !== null) {
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
    if (this.#preface !== null) this.#readPreface(chunk);
    else if (this.#hello !== null) this.#readHello(this.#hello, chunk);
    else if (this.#head !== null) this.#readHead(this.#head, chunk);
    else this.#chooseWay(chunk);
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
      else this.#refuse(408, "Request Timeout");
    }, timeoutMs);
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #readPreface(chunk: Uint8Array): void {
    const octets = Buffer.concat([this.#preface ?? Buffer.alloc(0), chunk]);
    const preface = readPreface(octets);
    if (preface.kind === "malformed") {
      this.#cut(`malformed PROXY preface: ${preface.sentence}`);
      return;
    }
    if (preface.kind === "incomplete") {
      this.#preface = octets;
      return;
    }
    this.#preface = null;
    const { source } = preface;
    if (source !== null) this.#learn({ peer: printTcpPeer(source.address, source.port) });
    this.#expect(HANDSHAKE, this.#rules.handshakeMs);
    const rest = octets.subarray(preface.octets);
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

  #chooseWay(chunk: Uint8Array): void {
    const first = chunk[0] ?? 0;
    const { rawSocket, http } = this.#rules.ways;
    const details = this.#details;
    if (this.#needsCertificate && details.clientCertificate === undefined) {
      this.#cut("no client certificate");
    } else if (first === RAWSOCKET_MAGIC && rawSocket !== null) {
      const receiver = rawSocket(this.#socket, details);
      this.#handOn(receiver);
      receiver.received(chunk);
    } else if (isLetter(first) && http !== null) {
      this.#head = new RequestHead();
      this.#readHead(this.#head, chunk);
    } else {
      this.#cut(`no protocol here begins with the octet ${first.toString(16).padStart(2, "0")}`);
    }
  }

  #readHead(head: RequestHead, chunk: Uint8Array): void {
    const { http } = this.#rules.ways;
    const state = head.push(chunk);
    if (state === "malformed") this.#refuse(400, "Bad Request");
    else if (state === "unknown method") this.#refuse(501, "Not Implemented");
    else if (state === "too long") this.#refuse(431, "Request Header Fields Too Large");
    else if (state === "complete" && http !== null) {
      this.#handOn(http(this.#socket, this.#details, head));
    }
  }

  #handOn(receiver: Receiver): void {
    this.#stopTimer();
    this.#handOver(receiver);
    // What came with the request can have been reason enough to cut the connection off.
    if (this.#isClosed) receiver.closed(undefined);
  }

  /** Answers a request that nobody will see. */
  #refuse(status: number, title: string): void {
    this.#warn(`${status} ${title}`);
    this.#isRefused = true;
    this.#head = null;
    const head = `HTTP/1.1 ${status} ${title}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
    this.#socket.write(Buffer.from(head));
    this.#socket.shutdown();
    this.#stopTimer();
    this.#timer = setTimeout(() => this.#socket.terminate(), REFUSED_MS);
  }

  #cut(reason: string): void {
    this.#warn(reason);
    this.#isRefused = true;
    this.#stopTimer();
    this.#socket.terminate();
  }

  #warn(reason: string): void {
    const { log, transport } = this.#rules;
    log.warn("connection refused", { transport, peer: this.#details.peer, reason });
  }
}

/** Whether an octet is a letter of ASCII, with which a request begins. */
function isLetter(octet: number): boolean {
  const small = octet | 0x20;
  return small >= 0x61 && small <= 0x7a;
}
