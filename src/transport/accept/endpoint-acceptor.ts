/**
 * FrontDoor: accepts the connections of an endpoint itself, finds out who they are and what they
 * speak, and hands each on.
 *
 *     PROXY header       where the endpoint has trusted_proxies and one of them connects
 *     TLS handshake       where the endpoint has tls
 *     first octet         7F is RawSocket, a letter begins an HTTP request
 *     head of a request   HTTP only: whole, so that a line can be added
 *
 * Bun's Web server can neither adopt a socket, nor learn from a load balancer who is on the other side
 * of it, nor show a client's certificate: that is what this is for.
 *
 * @module
 */

import type { Socket, SocketHandler, TLSOptions } from "bun";

import type { ListeningEndpointConfig } from "#config/node-config.ts";
import { addressRanges } from "#transport/endpoint/address-ranges.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import { GracefulClose } from "#transport/endpoint/graceful-close.ts";
import { type ListeningSocket, listenOn } from "#transport/endpoint/listen.ts";
import { hasLeft, printTcpPeer, printUnixPeer } from "#transport/endpoint/peer-address.ts";
import { hasTls, TlsContexts, type TlsEndpoint } from "#transport/endpoint/tls-contexts.ts";
import type { ConnectionDetails } from "#wamp/peer.ts";
import { tlsUnique } from "./channel-binding.ts";
import { clientCertificate } from "./client-certificate.ts";
import { type DetectionOptions, ProtocolDetection } from "./protocol-detection.ts";

/**
 * A detection, then whom it was handed on to. Null: the accepted socket behind one that has begun TLS;
 * its events are the other one's too.
 */
type SocketData = ConnectionEvents | null;

/** What Bun takes for a server's side of TLS, though its types name a client's alone. */
interface ServerUpgrade {
  tls: TLSOptions;
  data: SocketData;
  socket: SocketHandler<SocketData>;
  isServer: true;
  initialData?: Uint8Array;
}

/** An endpoint whose connections are looked at before they are handed on. */
export class EndpointAcceptor {
  readonly #endpoint: ListeningEndpointConfig;
  readonly #options: DetectionOptions;
  readonly #tls: TlsEndpoint["tls"] | null;
  /** Null until it listens, and where there is no TLS. */
  #contexts: TlsContexts | null = null;
  readonly #isTrusted: ((address: string) => boolean) | null;
  readonly #open = new Set<Socket<SocketData>>();
  readonly #events: SocketHandler<SocketData>;
  #listening: ListeningSocket | null = null;
  readonly #closing = new GracefulClose(() => this.#open.size === 0);

  /** `open` begins to listen. */
  constructor(endpoint: ListeningEndpointConfig, options: DetectionOptions) {
    const tls = endpoint.type === "tcp" ? endpoint.tls : undefined;
    const proxies = endpoint.type === "tcp" ? endpoint.trusted_proxies : undefined;
    this.#endpoint = endpoint;
    this.#options = options;
    this.#tls = tls ?? null;
    this.#isTrusted = proxies === undefined ? null : addressRanges(proxies);
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
      this.#listening = await listenOn(endpoint, events, { allowHalfOpen: true });
    } catch (thrown) {
      this.#contexts?.stop();
      throw thrown;
    }
    return this.#listening.port;
  }

  /** Lets nobody in any more. */
  stop(): void {
    this.#listening?.stop();
    this.#listening = null;
    this.#contexts?.stop();
  }

  /** Reads the certificates again, where there are any. */
  renewCertificates(): void {
    this.#contexts?.renew();
  }

  /** Cuts off who has not been handed on, and waits a while for the others to leave. */
  async close(): Promise<void> {
    this.stop();
    await this.#closing.run(
      () => {
        for (const socket of [...this.#open])
          if (socket.data instanceof ProtocolDetection) socket.terminate();
      },
      () => {
        for (const socket of [...this.#open]) socket.terminate();
      },
    );
  }

  /** For the listening socket, and again for each that begins TLS behind a header. */
  #socketEvents(): SocketHandler<SocketData> {
    return {
      handshake: (socket, isDone, fault) => this.#secured(socket, isDone, fault),
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
    if (hasLeft(this.#endpoint, socket)) {
      socket.data = null;
      socket.terminate();
      return;
    }
    const isTrusted = this.#isTrusted?.(socket.remoteAddress) ?? false;
    const contexts = this.#contexts;
    let current = socket;
    const detection = new ProtocolDetection(
      {
        socket,
        details: this.#detailsOf(socket),
        expectsProxyHeader: isTrusted,
        needsCertificate: this.#tls?.ca_certificates !== undefined,
        readsHello: contexts !== null && this.#tls?.certificates !== undefined,
        startTls:
          contexts &&
          ((first, serverName) => {
            current = this.#startTls(socket, detection, first, contexts.for(serverName));
            return current;
          }),
        handOver(receiver) {
          current.data = receiver;
        },
      },
      this.#options,
    );
    socket.data = detection;
    this.#open.add(socket);
    detection.begin();
  }

  #detailsOf(socket: Socket<SocketData>): ConnectionDetails {
    const endpoint = this.#endpoint;
    if (endpoint.type === "unix") {
      return { peer: printUnixPeer(endpoint.path), isSecure: false, isUnixSocket: true };
    }
    const peer = printTcpPeer(socket.remoteAddress, socket.remotePort);
    return { peer, isSecure: this.#tls !== null, isUnixSocket: false };
  }

  #startTls(
    socket: Socket<SocketData>,
    detection: ProtocolDetection,
    first: Uint8Array,
    tls: TLSOptions,
  ): Socket<SocketData> {
    const upgrade: ServerUpgrade = {
      tls,
      data: detection,
      socket: this.#events,
      isServer: true,
      ...(first.length > 0 && { initialData: first }),
    };
    const [accepted, secure] = socket.upgradeTLS<SocketData>(upgrade);
    socket.data = null;
    accepted.data = null;
    this.#open.delete(socket);
    this.#open.add(secure);
    return secure;
  }

  #secured(socket: Socket<SocketData>, isDone: boolean, fault: Error | null): void {
    const detection = socket.data;
    // Who only looks whether somebody listens is no failure, and closed follows.
    const isReset = fault !== null && "code" in fault && fault.code === "ECONNRESET";
    if (!(detection instanceof ProtocolDetection) || isReset) return;
    const asksForCertificate = this.#tls?.ca_certificates !== undefined;
    const certificate = asksForCertificate ? clientCertificate(socket) : undefined;
    if (!isDone || (asksForCertificate && (fault !== null || certificate === undefined))) {
      detection.secured(fault?.message ?? "no client certificate", {});
    } else {
      detection.secured(null, {
        tlsUnique: () => tlsUnique(socket),
        ...(certificate && { clientCertificate: certificate }),
      });
    }
  }

  #closed(socket: Socket<SocketData>, error: Error | undefined): void {
    if (!this.#open.delete(socket)) return;
    socket.data?.closed(error);
    this.#closing.noteClosed();
  }
}
