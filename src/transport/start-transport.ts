/**
 * startTransport: composes a listening transport. RawSocket, MQTT, WebSocket and HTTP are spoken on the sockets that an
 * EndpointAcceptor accepts.
 *
 * Another configuration of the same endpoint is prepared beside the present one, and then replaces it for what comes
 * later: the socket goes on listening, and open connections stay.
 *
 * @module
 */

import type { PreparedChange } from "#base/prepared-change.ts";
import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { MqttServiceConfig } from "#config/mqtt/mqtt-config.ts";
import type { TransportLimits } from "#config/options/limits-config.ts";
import type { RawSocketOptions } from "#config/options/rawsocket-config.ts";
import type { SessionConfig } from "#config/options/session-config.ts";
import type { TransportConfig } from "#config/transport/transport-config.ts";
import { EndpointAcceptor } from "./accept/endpoint-acceptor.ts";
import type { DetectionOptions } from "./accept/protocol-detection.ts";
import {
  type ConnectionLimit,
  connectionLimitFor,
  UNLIMITED,
} from "./endpoint/connection-limit.ts";
import {
  type AcceptPeerWithSession,
  descriptorsPerClient,
  type Listener,
  type TransportContext,
} from "./listener.ts";
import { MqttAcceptor, mqttUrl } from "./mqtt/mqtt-acceptor.ts";
import { rateLimitedAccept } from "./rate-limited-peer.ts";
import { RawSocketAcceptor, rawSocketUrl } from "./rawsocket/rawsocket-acceptor.ts";
import { RequestDispatch } from "./web/request-dispatch.ts";
import { type WebServerConfig, wampWebSocketsOf, webServerUrls } from "./web/service-paths.ts";

/** Time for a handshake where no WebSocket path configures `open_handshake_timeout`. */
const HANDSHAKE_MS = 10_000;

/** The protocols of a transport; null: not spoken. */
interface Protocols {
  rawsocket: (SessionConfig & { options: RawSocketOptions }) | null;
  mqtt: MqttServiceConfig | null;
  web: WebServerConfig | null;
}

/** What speaks the protocols of a transport; null: never spoken yet. */
interface Speakers {
  rawSocket: RawSocketAcceptor | null;
  mqtt: MqttAcceptor | null;
  http: RequestDispatch | null;
}

/**
 * Starts one transport; `accept` is called with a peer for every client that connects.
 *
 * @throws Failure when it cannot listen, or a Web service cannot be opened.
 */
export async function startTransport(
  config: TransportConfig,
  accept: AcceptPeerWithSession,
  context: TransportContext,
): Promise<Listener> {
  const { rawsocket, mqtt, web } = protocolsOf(config);
  const limit = connectionLimitFor(config, context.log);
  const acceptLimited = rateLimitedAccept(limitsOf(config), accept, context.log);
  const options = { accept: acceptLimited, limit };
  const service = rawsocket && { ...options, config: { ...rawsocket, id: config.id } };
  const rawSocket = service && new RawSocketAcceptor(service, context.log);
  const mqttAcceptor = mqtt && new MqttAcceptor({ ...options, config: mqtt }, context);
  const http = web && (await RequestDispatch.open(web, options, context));
  const speakers = { rawSocket, mqtt: mqttAcceptor, http };
  try {
    const acceptor = new EndpointAcceptor(config.endpoint, detection(config, speakers, context));
    const inherited = context.inheritedSockets?.get(config.id) ?? null;
    context.inheritedSockets?.delete(config.id);
    const port = await acceptor.open(inherited);
    return new TransportListener({ config, limit, port, speakers, acceptor, accept, context });
  } catch (thrown) {
    await http?.close();
    throw thrown;
  }
}

/** What a running transport consists of. */
interface TransportParts {
  config: TransportConfig;
  limit: ConnectionLimit | undefined;
  /** Null for a Unix socket. */
  readonly port: number | null;
  speakers: Speakers;
  readonly acceptor: EndpointAcceptor;
  readonly accept: AcceptPeerWithSession;
  readonly context: TransportContext;
}

/** A transport that is listening, on the same socket as long as it runs. */
class TransportListener implements Listener {
  readonly #parts: TransportParts;

  constructor(parts: TransportParts) {
    this.#parts = parts;
  }

  get id(): string {
    return this.#parts.config.id;
  }

  get urls(): string[] {
    const { config, port } = this.#parts;
    const { rawsocket, mqtt, web } = protocolsOf(config);
    return [
      ...(rawsocket ? [rawSocketUrl(config.endpoint, port)] : []),
      ...(mqtt ? [mqttUrl(config.endpoint, port)] : []),
      ...(web ? webServerUrls(web, port) : []),
    ];
  }

  listensOn(endpoint: ListeningEndpointConfig): boolean {
    return addressOf(endpoint) === addressOf(this.#parts.config.endpoint);
  }

  async prepare(config: TransportConfig, isForced: boolean): Promise<PreparedChange> {
    const { speakers, acceptor, accept, context } = this.#parts;
    const { rawsocket, mqtt, web } = protocolsOf(config);
    const limit = this.#parts.limit ?? connectionLimitFor(config, context.log);
    const acceptLimited = rateLimitedAccept(limitsOf(config), accept, context.log);
    const options = { accept: acceptLimited, limit };
    const service = rawsocket && { ...options, config: { ...rawsocket, id: config.id } };
    const rawSocket =
      speakers.rawSocket ?? (service && new RawSocketAcceptor(service, context.log));
    const mqttService = mqtt && { ...options, config: mqtt };
    const mqttAcceptor = speakers.mqtt ?? (mqttService && new MqttAcceptor(mqttService, context));
    const paths = web && (await preparePaths(speakers.http, web, options, { context, isForced }));
    const http = paths?.http ?? speakers.http;
    const next = { rawSocket, mqtt: mqttAcceptor, http };
    try {
      const change = acceptor.prepare(config.endpoint, detection(config, next, context));
      return {
        apply: () => {
          change.apply();
          if (service !== null) rawSocket?.use(service);
          if (mqttService !== null) mqttAcceptor?.use(mqttService);
          if (paths === null) speakers.http?.retire();
          else paths.change.apply();
          limit?.change(limitsOf(config) ?? UNLIMITED);
          Object.assign(this.#parts, { config, limit, speakers: next });
        },
        abandon() {
          change.abandon();
          paths?.change.abandon();
        },
      };
    } catch (thrown) {
      paths?.change.abandon();
      throw thrown;
    }
  }

  get descriptor(): number | null {
    return this.#parts.acceptor.descriptor;
  }

  get hasHandshakes(): boolean {
    return this.#parts.acceptor.hasHandshakes;
  }

  stopAccepting(): void {
    this.#parts.acceptor.stop();
  }

  leaveSocket(): void {
    this.#parts.acceptor.leave();
  }

  takeSocketFile(): void {
    this.#parts.acceptor.takeFile();
  }

  retire(): void {
    this.#parts.acceptor.stop();
    this.#parts.speakers.http?.retire();
  }

  get isInUse(): boolean {
    const { acceptor, speakers } = this.#parts;
    return acceptor.hasConnections || speakers.http?.hasRetiredSessions === true;
  }

  renewCertificates(): void {
    this.#parts.acceptor.renewCertificates();
  }

  async close(): Promise<void> {
    const { acceptor, speakers } = this.#parts;
    acceptor.stop();
    const { rawSocket, mqtt, http } = speakers;
    await Promise.all([rawSocket?.close(), mqtt?.close(), http?.close()]);
    await acceptor.close();
  }
}

/** The paths of another configuration: on the server that there is, or on a new one. */
async function preparePaths(
  present: RequestDispatch | null,
  web: WebServerConfig,
  options: { accept: AcceptPeerWithSession; limit: ConnectionLimit | undefined },
  { context, isForced }: { context: TransportContext; isForced: boolean },
): Promise<{ http: RequestDispatch; change: PreparedChange }> {
  if (present !== null) {
    return { http: present, change: await present.prepare(web, options, isForced) };
  }
  const http = await RequestDispatch.open(web, options, context);
  return { http, change: { apply() {}, abandon: () => void http.close() } };
}

function detection(
  config: TransportConfig,
  speakers: Speakers,
  context: TransportContext,
): DetectionOptions {
  const { rawsocket, mqtt, web } = protocolsOf(config);
  return {
    transport: config.id,
    handlers: {
      rawSocket: rawsocket && speakers.rawSocket,
      mqtt: mqtt && speakers.mqtt,
      http: web && speakers.http,
    },
    handshakeMs: handshakeTimeoutOf(web),
    descriptorsPerClient: descriptorsPerClient(context),
    log: context.log,
  };
}

function protocolsOf(config: TransportConfig): Protocols {
  switch (config.type) {
    case "web":
    case "websocket":
    case "websocket.testee":
      return { rawsocket: null, mqtt: null, web: config };
    case "rawsocket":
      return { rawsocket: config, mqtt: null, web: null };
    case "mqtt":
      return { rawsocket: null, mqtt: config, web: null };
    case "universal": {
      const { rawsocket, mqtt = null, paths } = config;
      return { rawsocket, mqtt, web: paths && { ...config, type: "web", paths } };
    }
  }
}

function limitsOf(config: TransportConfig): TransportLimits | undefined {
  return "limits" in config ? config.limits : undefined;
}

/** What the listening socket is bound to. */
function addressOf(endpoint: ListeningEndpointConfig): string {
  if (endpoint.type === "unix") return endpoint.path;
  const { port, portrange, interface: address, version } = endpoint;
  return JSON.stringify([port, portrange, address, version]);
}

/** The longest timeout of all paths: the path of a request is known only at the end of its head. */
function handshakeTimeoutOf(web: WebServerConfig | null): number {
  const webSockets = web === null ? [] : wampWebSocketsOf(web);
  const timeouts = webSockets.map(({ config }) => config.options.open_handshake_timeout);
  return Math.max(0, ...timeouts) || HANDSHAKE_MS;
}
