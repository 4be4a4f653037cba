/**
 * A proxy before a router on every kind of endpoint. What clients connect to is the matter of
 * test/acceptance/endpoints.test.ts.
 */

import { describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import type { ConnectingTransportConfig } from "#config/connection/connection-config.ts";
import type {
  ConnectingTlsConfig,
  ListeningEndpointConfig,
} from "#config/endpoint/endpoint-config.ts";
import type {
  RawSocketTransportConfig,
  TransportConfig,
  WebSocketTransportConfig,
} from "#config/transport/transport-config.ts";
import { connectPeer } from "#transport/router-connector.ts";
import type { Peer } from "#wamp/peer.ts";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import { hasOpenssl, selfSigned } from "../support/certificates.ts";
import { afterTest } from "../support/cleanups.ts";
import { startProxy } from "../support/proxy-worker.ts";
import { scriptedRouterOn } from "../support/scripted-router.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { anyPort, rawSocketTransport, webSocketTransport } from "../support/transports.ts";

const folder = temporaryFolder();

const certificate = hasOpenssl ? selfSigned(folder, "machine") : null;
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === "::1"),
);
if (!hasIpv6) console.log("LEFT OUT: the tests over IPv6, as this machine has no ::1");

type Address = "127.0.0.1" | "::1" | "::" | "unix";
type Framing = "websocket" | "rawsocket";

const rows = (["127.0.0.1", "::1", "::", "unix"] as Address[]).flatMap((address) =>
  [false, true].flatMap((isSecure) =>
    (["websocket", "rawsocket"] as Framing[]).map((framing) => ({ address, isSecure, framing })),
  ),
);
const possible = rows.filter(
  ({ address, isSecure }) =>
    !(isSecure && (address === "unix" || !hasOpenssl)) && (hasIpv6 || !address.includes(":")),
);

let count = 0;
function listening(address: Address, isSecure: boolean): ListeningEndpointConfig {
  if (address === "unix") {
    return { type: "unix", path: join(folder, `${count++}.sock`), permission: 0o600 };
  }
  const tls = isSecure && certificate !== null ? { tls: certificate } : {};
  return { ...anyPort, interface: address, ...tls };
}

function transport(
  framing: Framing,
  endpoint: ListeningEndpointConfig,
): WebSocketTransportConfig | RawSocketTransportConfig {
  const options = { stall_timeout: 0 };
  const changes = { endpoint, serializers: ["cbor" as const], backend: "router" };
  return framing === "rawsocket"
    ? rawSocketTransport(options, changes)
    : webSocketTransport(options, changes);
}

/** How to connect to what listens there. */
function connecting(config: TransportConfig, url: string): ConnectingTransportConfig {
  const { endpoint } = config;
  const trust: ConnectingTlsConfig = { ca_certificates: [certificate?.certificate ?? ""] };
  const place =
    endpoint.type === "unix"
      ? { type: "unix" as const, path: endpoint.path, timeoutMs: 2000 }
      : {
          type: "tcp" as const,
          host: endpoint.interface === "::" ? "::1" : endpoint.interface,
          port: Number(/:(\d+)\/?$/.exec(url)?.[1]),
          timeoutMs: 2000,
          ...(endpoint.tls && { tls: trust }),
        };
  return config.type === "rawsocket"
    ? { type: "rawsocket", endpoint: place, serializer: "cbor", max_message_size: 2 ** 24 }
    : { type: "websocket", endpoint: place, url: "ws://localhost", serializers: ["cbor"] };
}

/** A client over the connecting side of a transport. */
async function client(transportConfig: ConnectingTransportConfig) {
  const messages: unknown[][] = [];
  let wake = () => {};
  const handler = {
    onMessage(message: Uint8Array) {
      messages.push(decodeMessage(message, "cbor"));
      wake();
    },
    onDrain() {},
    onClose() {},
  };
  const wanted = { serializer: "cbor", maxBuffered: 2 ** 24 } as const;
  const peer: Peer = await connectPeer(transportConfig, wanted, handler);
  afterTest(() => peer.close(1000, "done"));
  return {
    says: (message: unknown[]) => peer.send(encodeMessage(message, "cbor")),
    async next() {
      while (messages.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return messages.shift() ?? [];
    },
  };
}

describe("a session through a proxy joins and carries a long call", () => {
  test.each(possible)("over $framing at $address, TLS: $isSecure", async (row) => {
    const behind = transport(row.framing, listening(row.address, row.isSecure));
    const router = await scriptedRouterOn(behind);
    const before = transport("rawsocket", listening("unix", false));
    const connections = {
      router: {
        id: "router",
        transport: connecting(behind, router.urls[0] ?? ""),
        auth: "anonymous-proxy" as const,
      },
    };
    const worker = await startProxy({ connections, transports: [before] });

    const caller = await client(connecting(before, worker.url));
    caller.says([1, "realm1", { roles: { caller: {} } }]);
    const session = await router.session();
    await session.welcome();
    expect((await caller.next())[0]).toBe(2);
    const long = "x".repeat(2_000_000);
    caller.says([48, 1, {}, "a.b", [long]]);
    expect(await session.next()).toEqual([48, 1, {}, "a.b", [long]]);
    session.says([50, 1, {}, [long]]);
    expect(await caller.next()).toEqual([50, 1, {}, [long]]);

    const { isSecure } = row;
    const isUnixSocket = row.address === "unix";
    expect(session.details).toMatchObject({ isSecure, isUnixSocket });
    const family = row.address.includes(":") ? /^tcp6:\[::1\]:\d+$/ : /^tcp4:127\.0\.0\.1:\d+$/;
    if (!isUnixSocket) expect(session.details.peer).toMatch(family);
  });
});
