/** Listening transports as a test wants them; each is closed once the test has ended. */

import type { ListeningTcpConfig } from "#config/endpoint/endpoint-config.ts";
import type { RawSocketOptions } from "#config/options/rawsocket-config.ts";
import type { WebSocketOptions } from "#config/options/websocket-config.ts";
import type {
  RawSocketTransportConfig,
  TransportConfig,
  WebSocketTransportConfig,
} from "#config/transport/transport-config.ts";
import type { AcceptPeerWithSession, Listener } from "#transport/listener.ts";
import { startTransport } from "#transport/start-transport.ts";
import { afterTest } from "./cleanups.ts";
import { rawSocketDefaults, webSocketDefaults } from "./default-options.ts";
import { quietContext } from "./quiet-context.ts";

/** A port of this machine that the system chooses. */
export const anyPort: ListeningTcpConfig = {
  type: "tcp",
  port: 0,
  interface: "127.0.0.1",
  shared: false,
};

const session = {
  id: "transport001",
  endpoint: anyPort,
  serializers: ["json" as const, "msgpack" as const, "cbor" as const],
  auth: "passthrough" as const,
  backend: null,
};

/** A WebSocket transport on any port, with the defaults where nothing else is said. */
export function webSocketTransport(
  options: Partial<WebSocketOptions> = {},
  changes: Partial<WebSocketTransportConfig> = {},
): WebSocketTransportConfig {
  return {
    ...session,
    type: "websocket",
    options: { ...webSocketDefaults, ...options },
    ...changes,
  };
}

/** A RawSocket transport on any port, with the defaults where nothing else is said. */
export function rawSocketTransport(
  options: Partial<RawSocketOptions> = {},
  changes: Partial<RawSocketTransportConfig> = {},
): RawSocketTransportConfig {
  return {
    ...session,
    type: "rawsocket",
    options: { ...rawSocketDefaults, ...options },
    ...changes,
  };
}

const ignore = () => ({ onMessage() {}, onDrain() {}, onClose() {} });

/** Starts a transport; sessions of `accept` see nothing by default. */
export async function openTransport(
  config: TransportConfig,
  accept: AcceptPeerWithSession = ignore,
  context = quietContext,
): Promise<{ listener: Listener; url: string; port: number }> {
  const listener = await startTransport(config, accept, context);
  afterTest(() => listener.close());
  const url = listener.urls[0] ?? "";
  return { listener, url, port: Number(/:(\d+)(?:\/|$)/.exec(url)?.[1]) };
}
