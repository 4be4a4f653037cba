/**
 * startAcceptingListener: composes a transport whose connections are accepted by an EndpointAcceptor.
 *
 * RawSocket, WebSocket and HTTP are spoken on the accepted sockets.
 *
 * @module
 */

import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { RawSocketOptions } from "#config/options/rawsocket-config.ts";
import type { SessionConfig } from "#config/options/session-config.ts";
import type { TransportConfig } from "#config/transport/transport-config.ts";
import { EndpointAcceptor } from "./accept/endpoint-acceptor.ts";
import { connectionLimitFor } from "./endpoint/connection-limit.ts";
import {
  type AcceptPeerWithSession,
  descriptorsPerClient,
  type Listener,
  type TransportContext,
} from "./listener.ts";
import { RawSocketAcceptor, rawSocketUrl } from "./rawsocket/rawsocket-acceptor.ts";
import { RequestDispatch } from "./web/request-dispatch.ts";
import { type WebServerConfig, wampWebSocketsOf, webServerUrls } from "./web/service-paths.ts";

/** Time for a handshake where no WebSocket path configures `open_handshake_timeout`. */
const HANDSHAKE_MS = 10_000;

/** The transports whose connections an EndpointAcceptor accepts. */
type AcceptedConfig = Extract<
  TransportConfig,
  { type: "web" | "websocket" | "websocket.testee" | "rawsocket" | "universal" }
>;

/** The protocols of a transport; null: not spoken. */
interface Protocols {
  rawsocket: (SessionConfig & { options: RawSocketOptions }) | null;
  web: WebServerConfig | null;
}

/** Whether an endpoint of any transport needs an EndpointAcceptor: for TLS or PROXY headers. */
export function needsAcceptor(endpoint: ListeningEndpointConfig): boolean {
  if (endpoint.type === "unix") return false;
  return endpoint.trusted_proxies !== undefined || endpoint.tls !== undefined;
}

/**
 * Starts a transport on an EndpointAcceptor.
 *
 * @throws Failure when it cannot listen, or a Web service cannot be opened.
 */
export async function startAcceptingListener(
  config: AcceptedConfig,
  accept: AcceptPeerWithSession,
  context: TransportContext,
): Promise<Listener> {
  const { id, endpoint } = config;
  const { log } = context;
  const { rawsocket, web } = protocolsOf(config);
  const limit = connectionLimitFor(config, log);
  const rawSocket = rawsocket && new RawSocketAcceptor({ ...rawsocket, id }, accept, log, limit);
  const http = web && (await RequestDispatch.open(web, { accept, limit }, context));
  const handlers = { rawSocket, http };
  const handshakeMs = handshakeTimeoutOf(web);
  const acceptor = new EndpointAcceptor(endpoint, {
    transport: id,
    handlers,
    handshakeMs,
    descriptorsPerClient: descriptorsPerClient(context),
    log,
  });
  try {
    const port = await acceptor.open();
    return {
      id,
      urls: [
        ...(rawsocket ? [rawSocketUrl(endpoint, port)] : []),
        ...(web ? webServerUrls(web, port) : []),
      ],
      stopAccepting: () => acceptor.stop(),
      renewCertificates: () => acceptor.renewCertificates(),
      async close() {
        acceptor.stop();
        await Promise.all([rawSocket?.close(), http?.close()]);
        await acceptor.close();
      },
    };
  } catch (thrown) {
    await http?.close();
    throw thrown;
  }
}

function protocolsOf(config: AcceptedConfig): Protocols {
  switch (config.type) {
    case "web":
    case "websocket":
    case "websocket.testee":
      return { rawsocket: null, web: config };
    case "rawsocket":
      return { rawsocket: config, web: null };
    case "universal": {
      const { rawsocket, paths } = config;
      return { rawsocket, web: paths && { ...config, type: "web", paths } };
    }
  }
}

/** The longest timeout of all paths: the path of a request is known only at the end of its head. */
function handshakeTimeoutOf(web: WebServerConfig | null): number {
  const webSockets = web === null ? [] : wampWebSocketsOf(web);
  const timeouts = webSockets.map(({ options }) => options.open_handshake_timeout);
  return Math.max(0, ...timeouts) || HANDSHAKE_MS;
}
