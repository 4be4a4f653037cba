/**
 * EndpointAcceptor: accepts the connections of an endpoint and hands each to the handler of its protocol.
 *
 *     PROXY header        where the endpoint has trusted_proxies and one of them connects
 *     TLS handshake       where the endpoint has tls
 *     first octet         7F is RawSocket, a letter begins an HTTP request
 *     head of a request   HTTP only: gathered whole
 *
 * Bun's Web server cannot read a PROXY header, show a client's certificate or share its port with RawSocket,
 * so connections are accepted here.
 *
 * @module
 */

import type { Socket, SocketHandler, TLSOptions } from "bun";

import { errorCodeOf } from "#base/failure.ts";
import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import { addressRanges } from "#transport/endpoint/address-ranges.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import { descriptorBudget } from "#transport/endpoint/descriptor-budget.ts";
import { GracefulClose } from "#transport/endpoint/graceful-close.ts";
import { type ListeningSocket, listenOn } from "#transport/endpoint/listen.ts";
import { detailsOfAccepted } from "#transport/endpoint/peer-address.ts";
import { hasTls, TlsContexts, type TlsEndpoint } from "#transport/endpoint/tls-contexts.ts";
import { tlsUnique } from "./channel-binding.ts";
import { clientCertificate } from "./client-certificate.ts";
import { type DetectionOptions, ProtocolDetection } from "./protocol-detection.ts";

/**
 * The receiver of a socket's events: the detection, then the handler's connection. Null: a TCP socket
 * on which TLS has begun, because the TLS socket gets its events.
 */
type SocketData = ConnectionEvents | null;

/** Options of `upgradeTLS` for a server, which Bun takes though its types have a client's alone. */
interface ServerUpgrade {
  tls: TLSOptions;
  data: SocketData;
  socket: SocketHandler<SocketData>;
  isServer: true;
  initialData?: Uint8Array;
}

/** Accepts the connections of one endpoint. */
export class EndpointAcceptor {
  readonly #endpoint: ListeningEndpointConfig;
  readonly #options: DetectionOptions;
  readonly #tls: TlsEndpoint["tls"] | null;
  /** Null until it listens, and without TLS. */
  #contexts: TlsContexts | null = null;
  readonly #isTrustedProxy: ((address: string) => boolean) | null;
  readonly #open = new Set<Socket<SocketData>>();
  readonly #events: SocketHandler<SocketData>;
  #listening: ListeningSocket | null = null;
  readonly #closing = new GracefulClose(this.#open);

  /** `open` starts listening. */
  constructor(endpoint: ListeningEndpointConfig, options: DetectionOptions) {
    const tls = endpoint.type === "tcp" ? endpoint.tls : undefined;
    const proxies = endpoint.type === "tcp" ? endpoint.trusted_proxies : undefined;
    this.#endpoint = endpoint;
    this.#options = options;
    this.#tls = tls ?? null;
    this.#isTrustedProxy = proxies === undefined ? null : addressRanges(proxies);
    this.#events = this.#socketEvents();
  }

  /**
   * Listens; gives the port, null for a Unix socket.
   *
   * @throws Failure when the endpoint cannot be listened on.
   */
  async open(): Promise<number | null> {
    const endpoint = this.#endpoint;
    if (endpoint.type === "tcp" && hasTls(endpoint)) {
      this.#contexts = new TlsContexts(endpoint, this.#options.log);
    }
    const events = { ...this.#events, open: (socket: Socket<SocketData>) => this.#accept(socket) };
    try {
      this.#listening = await listenOn(endpoint, events, this.#options.log);
    } catch (thrown) {
      this.#contexts?.stop();
      throw thrown;
    }
    return this.#listening.port;
  }

  /** Stops accepting; open connections stay. */
  stop(): void {
    this.#listening?.stop();
    this.#listening = null;
    this.#contexts?.stop();
  }

  /** Reads the certificates again, where there are any. */
  renewCertificates(): void {
    this.#contexts?.renew();
  }

  /** Terminates connections whose protocol is not detected yet, and waits for the others to close. */
  async close(): Promise<void> {
    this.stop();
    await this.#closing.run((socket) => {
      if (socket.data instanceof ProtocolDetection) socket.terminate();
    });
  }

  /** For the accepted sockets, and for the TLS sockets on them. */
  #socketEvents(): SocketHandler<SocketData> {
    return {
      handshake: (socket, isDone, fault) => this.#tlsHandshakeDone(socket, isDone, fault),
      data: (socket, chunk) => socket.data?.received(chunk),
      drain: (socket) => socket.data?.drained(),
      end: (socket) => socket.data?.ended(),
      close: (socket, error) => this.#closed(socket, error),
      error: (socket, error) => {
        if (socket.data === null) return;
        const { transport, log } = this.#options;
        log.warn("connection failed", { transport, error: error.message });
        socket.terminate();
      },
    };
  }

  #accept(socket: Socket<SocketData>): void {
    const details = detailsOfAccepted(this.#endpoint, socket);
    const { descriptorsPerClient, log } = this.#options;
    if (details === null || !descriptorBudget.take(descriptorsPerClient, log)) {
      socket.data = null;
      socket.terminate();
      return;
    }
    const contexts = this.#contexts;
    let current = socket;
    const detection = new ProtocolDetection(
      {
        socket,
        details,
        expectsProxyHeader: this.#isTrustedProxy?.(socket.remoteAddress) ?? false,
        needsCertificate: this.#tls?.ca_certificates !== undefined,
        readsClientHello: contexts !== null && this.#tls?.certificates !== undefined,
        startTls:
          contexts &&
          ((octets, serverName) => {
            current = this.#startTls(socket, detection, octets, contexts.for(serverName));
            return current;
          }),
        handOver(events) {
          current.data = events;
        },
      },
      this.#options,
    );
    socket.data = detection;
    this.#open.add(socket);
    detection.begin();
  }

  #startTls(
    socket: Socket<SocketData>,
    detection: ProtocolDetection,
    octets: Uint8Array,
    tls: TLSOptions,
  ): Socket<SocketData> {
    const upgrade: ServerUpgrade = {
      tls,
      data: detection,
      socket: this.#events,
      isServer: true,
      ...(octets.length > 0 && { initialData: octets }),
    };
    const [accepted, secure] = socket.upgradeTLS<SocketData>(upgrade);
    socket.data = null;
    accepted.data = null;
    this.#open.delete(socket);
    this.#open.add(secure);
    return secure;
  }

  #tlsHandshakeDone(socket: Socket<SocketData>, isDone: boolean, fault: Error | null): void {
    const detection = socket.data;
    // A client that only probes the port resets the connection: no failure, and `close` follows.
    const isReset = errorCodeOf(fault) === "ECONNRESET";
    if (!(detection instanceof ProtocolDetection) || isReset) return;
    const asksForCertificate = this.#tls?.ca_certificates !== undefined;
    const certificate = asksForCertificate ? clientCertificate(socket) : undefined;
    if (!isDone || (asksForCertificate && (fault !== null || certificate === undefined))) {
      detection.tlsFailed(fault?.message ?? "no client certificate");
    } else {
      detection.tlsEstablished({
        tlsUnique: () => tlsUnique(socket),
        ...(certificate && { clientCertificate: certificate }),
      });
    }
  }

  #closed(socket: Socket<SocketData>, error: Error | undefined): void {
    if (!this.#open.delete(socket)) return;
    descriptorBudget.release(this.#options.descriptorsPerClient, this.#options.log);
    socket.data?.closed(error);
    this.#closing.noteClosed();
  }
}
