/**
 * A proxy before a router on every kind of endpoint. What clients connect to is the matter of
 * test/acceptance/endpoints.test.ts.
 */

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import type {
  ConnectingTlsConfig,
  ConnectingTransportConfig,
  ListeningEndpointConfig,
  RawSocketTransportConfig,
  TransportConfig,
  WebSocketTransportConfig,
} from "#config/node-config.ts";
import { connectPeer } from "#transport/peer-connector.ts";
import type { Peer } from "#wamp/peer.ts";
import { decodeMessage, encodeMessage } from "#wamp/serializer/control-message-values.ts";
import { startProxyWorker } from "#worker/proxy-worker.ts";
import { hasOpenssl, selfSigned } from "../support/certificates.ts";
import { noPings } from "../support/no-pings.ts";
import { quietContext } from "../support/quiet-context.ts";
import { scriptedRouterOn } from "../support/scripted-router.ts";
import { webSocketDefaults } from "../support/websocket-defaults.ts";

const folder = mkdtempSync(join(tmpdir(), "crossproxy-endpoints-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

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
const buffers = { max_buffered: 2 ** 20, stall_timeout: 0 };

function listening(address: Address, isSecure: boolean): ListeningEndpointConfig {
  if (address === "unix") {
    return { type: "unix", path: join(folder, `${count++}.sock`), permission: 0o600 };
  }
  const tls = isSecure && certificate !== null ? { tls: certificate } : {};
  return { type: "tcp", port: 0, interface: address, shared: false, ...tls };
}

function transport(
  framing: Framing,
  endpoint: ListeningEndpointConfig,
): WebSocketTransportConfig | RawSocketTransportConfig {
  const session = { serializers: ["cbor" as const], auth: "passthrough" as const };
  const shared = { id: "transport", endpoint, ...session, backend: "router" };
  const max_message_size = 2 ** 24;
  if (framing === "rawsocket") {
    return {
      ...shared,
      type: "rawsocket",
      options: {
        max_message_size,
        ...buffers,
        ...noPings,
      },
    };
  }
  const options = {
    ...webSocketDefaults,
    max_message_size: 2 ** 24,
    ...buffers,
  };
  return { ...shared, type: "websocket", options };
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
    onMessage(message: string | Uint8Array) {
      messages.push(decodeMessage(message, "cbor"));
      wake();
    },
    onDrain() {},
    onClose() {},
  };
  const wanted = { serializer: "cbor", maxBuffered: 2 ** 24 } as const;
  const peer: Peer = await connectPeer(transportConfig, wanted, handler);
  cleanups.push(() => peer.close(1000, "done"));
  return {
    says: (message: unknown[]) => peer.send(encodeMessage(message, "cbor", false)),
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
    cleanups.push(() => router.close());
    const before = transport("rawsocket", listening("unix", false));
    const worker = await startProxyWorker(
      {
        type: "proxy",
        id: "proxy",
        connections: {
          router: {
            id: "router",
            transport: connecting(behind, router.urls[0] ?? ""),
            auth: "anonymous-proxy",
          },
        },
        routes: {},
        transports: [before],
      },
      { ...quietContext },
    );
    cleanups.push(() => worker.shutdown());

    const caller = await client(connecting(before, worker.urls[0] ?? ""));
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
