/**
 * ProtocolDetection: one connection from its acceptance until the handler of its protocol takes it over.
 *
 * @module
 */

import { STATUS_CODES } from "node:http";
import type { Logger } from "#observe/logger.ts";
import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import { printTcpPeer } from "#transport/endpoint/peer-address.ts";
import { HEAD_REFUSALS, type HeadRefusal, RequestHead } from "#transport/http/request-head.ts";
import type { ConnectionDetails } from "#wamp/peer.ts";
import { readProxyHeader } from "./proxy-protocol-header.ts";
import { readClientHello } from "./tls-client-hello.ts";

/** Time for a PROXY header. */
const PROXY_HEADER_MS = 10_000;

const RAWSOCKET_MAGIC = 0x7f;

/** CONNECT, without flags. */
const MQTT_CONNECT = 0x10;

const HANDSHAKE = "complete handshake";

/** The handlers of an endpoint's protocols; each takes connections over. Null: not spoken here. */
export interface ProtocolHandlers {
  /** The octets received so far follow as the first `received`. */
  rawSocket: {
    accept(socket: ConnectionSocket, details: ConnectionDetails): ConnectionEvents;
  } | null;
  /** The same. */
  mqtt: {
    accept(socket: ConnectionSocket, details: ConnectionDetails): ConnectionEvents;
  } | null;
  http: {
    dispatch(
      socket: ConnectionSocket,
      details: ConnectionDetails,
      head: RequestHead,
    ): ConnectionEvents;
    /** Answers a request that no service will get. */
    refuse(
      socket: ConnectionSocket,
      details: ConnectionDetails,
      head: RequestHead,
      refusal: HeadRefusal,
    ): ConnectionEvents;
  } | null;
}

/** What all connections of one endpoint have in common. */
export interface DetectionOptions {
  /** Id of the transport, for the log. */
  transport: string;
  handlers: ProtocolHandlers;
  /** Time for everything until a handler takes the connection over, in milliseconds. */
  handshakeMs: number;
  /** Descriptors that a client needs: its own, and one to a router on a proxy. */
  descriptorsPerClient: number;
  log: Logger;
}

/** One accepted connection. */
export interface AcceptedConnection {
  socket: ConnectionSocket;
  details: ConnectionDetails;
  /** Whether a PROXY header has to come first. */
  expectsProxyHeader: boolean;
  /** Whether a client without a certificate is rejected. */
  needsCertificate: boolean;
  /**
   * Begins TLS on the octets received so far; gives the socket that replaces the accepted one. Null:
   * the endpoint has no TLS.
   */
  startTls: ((octets: Uint8Array, serverName: string | null) => ConnectionSocket) | null;
  /** Whether the server name is read from the ClientHello before TLS begins. */
  readsClientHello: boolean;
  /** Makes `events` the receiver of the socket's events, which ends the detection. */
  handOver: (events: ConnectionEvents) => void;
}

/** Detects the protocol of one connection. */
export class ProtocolDetection implements ConnectionEvents {
  readonly isInHandshake = true;
  readonly #options: DetectionOptions;
  readonly #accepted: AcceptedConnection;
  #socket: ConnectionSocket;
  #details: ConnectionDetails;
  /** The PROXY header so far; null: none is expected any more. */
  #proxyHeader: Buffer<ArrayBuffer> | null;
  /** The ClientHello so far; null: it is not read, or has been. */
  #clientHello: Buffer<ArrayBuffer> | null;
  #head: RequestHead | null = null;
  #isRejected = false;
  #isClosed = false;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(accepted: AcceptedConnection, options: DetectionOptions) {
    this.#options = options;
    this.#accepted = accepted;
    this.#socket = accepted.socket;
    this.#details = accepted.details;
    this.#proxyHeader = accepted.expectsProxyHeader ? Buffer.alloc(0) : null;
    this.#clientHello = accepted.readsClientHello ? Buffer.alloc(0) : null;
    if (accepted.expectsProxyHeader) this.#expect("PROXY header", PROXY_HEADER_MS);
    else this.#expect(HANDSHAKE, this.#options.handshakeMs);
  }

  /** Whether a client without a certificate is rejected. */
  get needsCertificate(): boolean {
    return this.#accepted.needsCertificate;
  }

  /** Begins TLS at once where nothing has to be read before. */
  begin(): void {
    if (this.#proxyHeader === null && this.#clientHello === null) {
      this.#startTls(new Uint8Array(0), null);
    }
  }

  /** The TLS handshake has failed. */
  tlsFailed(fault: string): void {
    if (!this.#isRejected) this.#reject(`TLS handshake failed: ${fault}`);
  }

  /** The TLS handshake is done; `details` are known from it. */
  tlsEstablished(details: Partial<ConnectionDetails>): void {
    if (!this.#isRejected) this.#addDetails(details);
  }

  received(chunk: Uint8Array): void {
    if (this.#isRejected) return;
    if (this.#proxyHeader !== null) this.#readProxyHeader(chunk);
    else if (this.#clientHello !== null) this.#readClientHello(this.#clientHello, chunk);
    else if (this.#head !== null) this.#readHead(this.#head, chunk);
    else this.#chooseProtocol(chunk);
  }

  drained(): void {}

  ended(): void {
    this.#socket.end();
  }

  closed(): void {
    this.#isClosed = true;
    this.#stopTimer();
  }

  /** Restarts the timer: the next step has to come within this time. */
  #expect(step: string, timeoutMs: number): void {
    this.#stopTimer();
    const reason = `no ${step} within ${timeoutMs} ms`;
    this.#timer = setTimeout(() => {
      if (this.#head === null) this.#reject(reason);
      else this.#refuse(this.#head, HEAD_REFUSALS.late);
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
      this.#reject(`malformed PROXY header: ${header.sentence}`);
      return;
    }
    if (header.kind === "incomplete") {
      this.#proxyHeader = octets;
      return;
    }
    this.#proxyHeader = null;
    const { source } = header;
    if (source !== null) this.#addDetails({ peer: printTcpPeer(source.address, source.port) });
    this.#expect(HANDSHAKE, this.#options.handshakeMs);
    const afterHeader = octets.subarray(header.octets);
    if (this.#accepted.startTls !== null && this.#clientHello === null) {
      this.#startTls(afterHeader, null);
    } else if (afterHeader.length > 0) this.received(afterHeader);
  }

  #readClientHello(before: Buffer<ArrayBuffer>, chunk: Uint8Array): void {
    const octets = Buffer.concat([before, chunk]);
    const hello = readClientHello(octets);
    if (hello.kind === "incomplete") {
      this.#clientHello = octets;
      return;
    }
    this.#clientHello = null;
    this.#startTls(octets, hello.serverName);
  }

  #startTls(octets: Uint8Array, serverName: string | null): void {
    const { startTls } = this.#accepted;
    if (startTls !== null) this.#socket = startTls(octets, serverName);
  }

  #addDetails(details: Partial<ConnectionDetails>): void {
    this.#details = { ...this.#details, ...details };
  }

  #chooseProtocol(chunk: Uint8Array): void {
    const first = chunk[0] ?? 0;
    const { rawSocket, mqtt, http } = this.#options.handlers;
    const details = this.#details;
    if (this.#accepted.needsCertificate && details.clientCertificate === undefined) {
      this.#reject("no client certificate");
    } else if (first === RAWSOCKET_MAGIC && rawSocket !== null) {
      const events = rawSocket.accept(this.#socket, details);
      this.#handOver(events);
      events.received(chunk);
    } else if (first === MQTT_CONNECT && mqtt !== null) {
      const events = mqtt.accept(this.#socket, details);
      this.#handOver(events);
      events.received(chunk);
    } else if (isLetter(first) && http !== null) {
      this.#head = new RequestHead();
      this.#readHead(this.#head, chunk);
    } else {
      this.#reject(`no protocol here begins with the octet ${first.toString(16).padStart(2, "0")}`);
    }
  }

  #readHead(head: RequestHead, chunk: Uint8Array): void {
    const { http } = this.#options.handlers;
    const state = head.push(chunk);
    if (state === "incomplete") return;
    if (state !== "complete") this.#refuse(head, HEAD_REFUSALS[state]);
    else if (http !== null) this.#handOver(http.dispatch(this.#socket, this.#details, head));
  }

  #handOver(events: ConnectionEvents): void {
    this.#stopTimer();
    this.#accepted.handOver(events);
    // The octets that came with the request may already have closed the connection.
    if (this.#isClosed) events.closed(undefined);
  }

  /** Answers a request that no service will get. */
  #refuse(head: RequestHead, refusal: HeadRefusal): void {
    const { status } = refusal;
    this.#warn(`${status} ${STATUS_CODES[status]}`);
    const { http } = this.#options.handlers;
    if (http !== null) this.#handOver(http.refuse(this.#socket, this.#details, head, refusal));
  }

  #reject(reason: string): void {
    this.#warn(reason);
    this.#isRejected = true;
    this.#stopTimer();
    this.#socket.terminate();
  }

  #warn(reason: string): void {
    const { log, transport } = this.#options;
    log.warn("connection refused", { transport, peer: this.#details.peer, reason });
  }
}

/** Whether an octet is an ASCII letter, as the first octet of an HTTP request is. */
function isLetter(octet: number): boolean {
  const lowerCase = octet | 0x20;
  return lowerCase >= 0x61 && lowerCase <= 0x7a;
}
