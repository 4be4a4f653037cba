/**
 * EndpointAcceptor: accepts the connections of an endpoint and hands each to the handler of its protocol.
 *
 *     PROXY header        where the endpoint has trusted_proxies and one of them connects
 *     TLS handshake       where the endpoint has tls
 *     first octet         7F is RawSocket, 10 is MQTT, a letter begins an HTTP request
 *     head of a request   HTTP only: gathered whole
 *
 * Where all of this is RawSocket without PROXY header and TLS, there is nothing to detect.
 *
 * Bun's Web server cannot read a PROXY header, show a client's certificate or share its port with RawSocket,
 * so connections are accepted here. What follows the acceptance can change while the socket listens.
 *
 * @module
 */

import type { Socket, SocketHandler, TLSOptions } from "bun";

import { errorCodeOf, Failure } from "#base/failure.ts";
import type { PreparedChange } from "#base/prepared-change.ts";
import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import { addressRanges } from "#transport/endpoint/address-ranges.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import { descriptorBudget } from "#transport/endpoint/descriptor-budget.ts";
import { GracefulClose } from "#transport/endpoint/graceful-close.ts";
import {
  type InheritedListener,
  type ListeningSocket,
  listenOn,
} from "#transport/endpoint/listen.ts";
import { detailsOfAccepted, printEndpoint } from "#transport/endpoint/peer-address.ts";
import { hasTls, TlsContexts } from "#transport/endpoint/tls-contexts.ts";
import type { ConnectionDetails } from "#wamp/peer.ts";
import { tlsUnique } from "./channel-binding.ts";
import { clientCertificate } from "./client-certificate.ts";
import {
  type DetectionOptions,
  ProtocolDetection,
  type ProtocolHandlers,
} from "./protocol-detection.ts";

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

/** What is done with connections that are accepted from now on. */
interface Acceptance {
  endpoint: ListeningEndpointConfig;
  options: DetectionOptions;
  /** Null: no TLS. */
  contexts: TlsContexts | null;
  /** Null: no PROXY protocol. */
  isTrustedProxy: ((address: string) => boolean) | null;
  /** Set where RawSocket alone is spoken, without TLS and PROXY headers. */
  rawSocket: ProtocolHandlers["rawSocket"];
}

/** Accepts the connections of one endpoint. */
export class EndpointAcceptor {
  #acceptance: Acceptance;
  readonly #open = new Set<Socket<SocketData>>();
  readonly #events: SocketHandler<SocketData>;
  #listening: ListeningSocket | null = null;
  readonly #closing = new GracefulClose(this.#open);

  /**
   * `open` starts listening.
   *
   * @throws Failure when a certificate cannot be used.
   */
  constructor(endpoint: ListeningEndpointConfig, options: DetectionOptions) {
    this.#acceptance = acceptanceOf(endpoint, options);
    this.#events = this.#socketEvents();
  }

  /**
   * Listens; gives the port, null for a Unix socket. `inherited`: on that socket, which is open already.
   *
   * @throws Failure when the endpoint cannot be listened on.
   */
  async open(inherited: InheritedListener | null = null): Promise<number | null> {
    const { endpoint, options, contexts } = this.#acceptance;
    const events = { ...this.#events, open: (socket: Socket<SocketData>) => this.#accept(socket) };
    try {
      this.#listening = await listenOn(endpoint, events, options.log, inherited);
    } catch (thrown) {
      contexts?.stop();
      throw thrown;
    }
    return this.#listening.port;
  }

  /**
   * Prepares another configuration of the same endpoint, for the connections that are accepted after it. A port that
   * is to be shared is so at once, because others are about to listen on it.
   *
   * @throws Failure when a certificate cannot be used, or the port cannot be shared.
   */
  prepare(endpoint: ListeningEndpointConfig, options: DetectionOptions): PreparedChange {
    const before = this.#acceptance;
    const next = acceptanceOf(endpoint, options);
    const needsSharing = isOnSharedPort(endpoint) && !isOnSharedPort(before.endpoint);
    if (needsSharing && this.#listening?.share() === false) {
      next.contexts?.stop();
      throw new Failure(`Cannot share "${printEndpoint(endpoint)}": not while it is open`, {
        source: "internal",
      });
    }
    return {
      apply: () => {
        before.contexts?.stop();
        this.#acceptance = next;
        if (!hasSameSocketOptions(before.endpoint, endpoint)) this.#listening?.adapt(endpoint);
      },
      abandon: () => next.contexts?.stop(),
    };
  }

  /** The descriptor of the listening socket; null: it does not listen any more. */
  get descriptor(): number | null {
    return this.#listening?.descriptor ?? null;
  }

  /** Whether a connection that was accepted is in its handshakes yet. */
  get hasHandshakes(): boolean {
    return this.#open.values().some(({ data }) => data?.isInHandshake === true);
  }

  /** Stops accepting, and leaves the socket to another process that has it too; open connections stay. */
  leave(): void {
    this.#listening?.leave();
    this.#listening = null;
    this.#acceptance.contexts?.stop();
  }

  /** Whether any connection that it has accepted is open. */
  get hasConnections(): boolean {
    return this.#open.size > 0;
  }

  /** The process before has left the socket. */
  takeFile(): void {
    this.#listening?.takeFile();
  }

  /** Stops accepting; open connections stay. */
  stop(): void {
    this.#listening?.stop();
    this.#listening = null;
    this.#acceptance.contexts?.stop();
  }

  /** Reads the certificates again, where there are any. */
  renewCertificates(): void {
    this.#acceptance.contexts?.renew();
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
      handshake: (socket, isDone, fault) => tlsHandshakeDone(socket, isDone, fault),
      data: (socket, chunk) => socket.data?.received(chunk),
      drain: (socket) => socket.data?.drained(),
      end: (socket) => socket.data?.ended(),
      close: (socket, error) => this.#closed(socket, error),
      error: (socket, error) => {
        if (socket.data === null) return;
        const { transport, log } = this.#acceptance.options;
        log.warn("connection failed", { transport, error: error.message });
        socket.terminate();
      },
    };
  }

  #accept(socket: Socket<SocketData>): void {
    const { endpoint, options, rawSocket } = this.#acceptance;
    const details = detailsOfAccepted(endpoint, socket);
    if (details === null || !descriptorBudget.take(options.descriptorsPerClient, options.log)) {
      socket.data = null;
      socket.terminate();
      return;
    }
    this.#open.add(socket);
    if (rawSocket !== null) socket.data = rawSocket.accept(socket, details);
    else this.#detect(socket, details);
  }

  #detect(socket: Socket<SocketData>, details: ConnectionDetails): void {
    const { endpoint, options, contexts, isTrustedProxy } = this.#acceptance;
    const tls = endpoint.type === "tcp" ? endpoint.tls : undefined;
    let current = socket;
    const detection = new ProtocolDetection(
      {
        socket,
        details,
        expectsProxyHeader: isTrustedProxy?.(socket.remoteAddress) ?? false,
        needsCertificate: tls?.ca_certificates !== undefined,
        readsClientHello: contexts !== null && tls?.certificates !== undefined,
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
      options,
    );
    socket.data = detection;
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

  #closed(socket: Socket<SocketData>, error: Error | undefined): void {
    if (!this.#open.delete(socket)) return;
    const { descriptorsPerClient, log } = this.#acceptance.options;
    descriptorBudget.release(descriptorsPerClient, log);
    socket.data?.closed(error);
    this.#closing.noteClosed();
  }
}

/** @throws Failure when a certificate cannot be used. */
function acceptanceOf(endpoint: ListeningEndpointConfig, options: DetectionOptions): Acceptance {
  const { rawSocket, mqtt, http } = options.handlers;
  const proxies = endpoint.type === "tcp" ? endpoint.trusted_proxies : undefined;
  const hasContexts = endpoint.type === "tcp" && hasTls(endpoint);
  const detects = hasContexts || proxies !== undefined || http !== null || mqtt !== null;
  return {
    endpoint,
    options,
    contexts: hasContexts ? new TlsContexts(endpoint, options.log) : null,
    isTrustedProxy: proxies === undefined ? null : addressRanges(proxies),
    rawSocket: detects ? null : rawSocket,
  };
}

function isOnSharedPort(endpoint: ListeningEndpointConfig): boolean {
  return endpoint.type === "tcp" && endpoint.shared;
}

/** Whether the listening socket itself can stay as it is. */
function hasSameSocketOptions(one: ListeningEndpointConfig, other: ListeningEndpointConfig) {
  const modes = [one, other].map((each) => (each.type === "unix" ? each.permission : 0));
  return one.backlog === other.backlog && modes[0] === modes[1];
}

function tlsHandshakeDone(socket: Socket<SocketData>, isDone: boolean, fault: Error | null): void {
  const detection = socket.data;
  // A client that only probes the port resets the connection: no failure, and `close` follows.
  const isReset = errorCodeOf(fault) === "ECONNRESET";
  if (!(detection instanceof ProtocolDetection) || isReset) return;
  const { needsCertificate } = detection;
  const certificate = needsCertificate ? clientCertificate(socket) : undefined;
  if (!isDone || (needsCertificate && (fault !== null || certificate === undefined))) {
    detection.tlsFailed(fault?.message ?? "no client certificate");
  } else {
    detection.tlsEstablished({
      tlsUnique: () => tlsUnique(socket),
      ...(certificate && { clientCertificate: certificate }),
    });
  }
}
