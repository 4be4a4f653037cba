/**
 * Sessions of a proxy between real sockets: transports for clients before it, a scripted router and
 * one that says nothing behind it. Deadlines are the test's.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  ConnectingTransportConfig,
  ConnectionConfig,
  SessionConfig,
  SessionEndOptions,
  WebSocketOptions,
} from "#config/node-config.ts";
import type { LogFields } from "#observe/logger.ts";
import { RouteTable } from "#proxy/routing/route-table.ts";
import { ServiceSessions } from "#proxy/service/service-sessions.ts";
import { FrontendSession } from "#proxy/session/frontend-session.ts";
import type { Listener } from "#transport/listener.ts";
import { startTransport } from "#transport/start-transport.ts";
import type { Peer, WireMessage } from "#wamp/peer.ts";
import { SessionTable } from "#worker/session-table.ts";
import { quietContext } from "./quiet-context.ts";
import { ScriptedClient } from "./scripted-client.ts";
import { type ScriptedRouterOptions, scriptedRouter } from "./scripted-router.ts";
import { webSocketDefaults } from "./websocket-defaults.ts";

/** How clients reach the proxy in a test. */
export const TRANSPORTS = ["websocket", "rawsocket"] as const;

/** What may differ from a proxy that lets everybody in as `anonymous`, and has time. */
export interface HarnessOptions {
  auth?: SessionConfig["auth"];
  joinTimeoutMs?: number;
  goodbyeTimeoutMs?: number;
  /** Time to connect to a router, handshake included. */
  connectTimeoutMs?: number;
  router?: ScriptedRouterOptions;
  /** How the connection `silent` is spoken. */
  silent?: "rawsocket" | "websocket";
  options?: Partial<WebSocketOptions> & SessionEndOptions;
  /** Is called behind every message of a client. */
  afterMessage?(session: FrontendSession): void;
}

const anyTcpPort = { type: "tcp", port: 0, interface: "127.0.0.1", shared: false } as const;

/** Starts it all; `close` ends it. The realm `realm1` leads to the router, `silent` to the other. */
export async function sessionHarness(options: HarnessOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), "session-harness-"));
  const timeoutMs = options.connectTimeoutMs ?? 20_000;
  const router = await scriptedRouter(join(folder, "router.sock"), options.router);
  const silent = await silentRouter(join(folder, "silent.sock"));
  const to = (
    file: string,
    serializer: "json" | "msgpack" | "cbor",
  ): ConnectingTransportConfig => ({
    type: "rawsocket",
    endpoint: { type: "unix", path: join(folder, file), timeoutMs },
    serializer,
    max_message_size: 2 ** 24,
  });
  const connection = (id: string, transport: ConnectingTransportConfig): ConnectionConfig => ({
    id,
    transport,
    auth: "anonymous-proxy",
  });
  const overWebSocket: ConnectingTransportConfig = {
    type: "websocket",
    endpoint: { type: "unix", path: join(folder, "silent.sock"), timeoutMs },
    url: "ws://localhost/",
    serializers: ["json"],
  };
  const silentTransport =
    options.silent === "websocket" ? overWebSocket : to("silent.sock", "cbor");
  const sessions = new SessionTable<FrontendSession>();
  const open: FrontendSession[] = [];
  const logged: [level: string, message: string, fields: LogFields | undefined][] = [];
  const keep = (level: string) => (message: string, fields?: LogFields) =>
    void logged.push([level, message, fields]);
  const log = {
    error: keep("error"),
    warn: keep("warn"),
    info: keep("info"),
    debug: keep("debug"),
  };
  const routes = new RouteTable(
    {
      connections: {
        router: connection("router", to("router.sock", options.router?.serializer ?? "cbor")),
        silent: connection("silent", silentTransport),
        down: connection("down", to("down.sock", "cbor")),
      },
      routes: {
        realm1: { anonymous: ["router"], user: ["router"] },
        silent: { anonymous: ["silent"] },
        down: { anonymous: ["down"] },
      },
    },
    log,
  );
  const counts = { leftOut: 0, stalled: 0, late: 0 };
  const { joinTimeoutMs = 20_000 } = options;
  const ended: (() => void)[] = [];
  const shared = {
    log,
    node: { nodeId: "node" },
    routes,
    services: new ServiceSessions({ routes, node: { nodeId: "node" }, log }),
    failedAttempts: () => undefined,
    goodbyeTimeoutMs: options.goodbyeTimeoutMs ?? 20_000,
    counts,
    onEnd(session: FrontendSession) {
      sessions.remove(session);
      for (const wake of ended.splice(0)) wake();
    },
  };
  const accept = (peer: Peer, config: SessionConfig) => {
    const session = sessions.add(new FrontendSession(peer, config, shared));
    open.push(session);
    const { afterMessage } = options;
    if (afterMessage) {
      const onMessage = session.onMessage.bind(session);
      session.onMessage = (message: WireMessage) => {
        onMessage(message);
        afterMessage(session);
      };
    }
    return session;
  };
  const auth = options.auth ?? { anonymous: { type: "static" as const, role: "anonymous" } };
  const session = {
    serializers: ["json" as const, "cbor" as const, "msgpack" as const],
    auth,
    backend: auth === "passthrough" ? "router" : null,
    joining: {
      hello_timeout: joinTimeoutMs,
      join_timeout: joinTimeoutMs,
      authenticate_timeout: joinTimeoutMs,
      max_auth_failures_per_minute: 0,
    },
  };
  const transportOptions = { ...webSocketDefaults, max_message_size: 65_536, ...options.options };
  const context = { ...quietContext, log };
  const listeners: Record<(typeof TRANSPORTS)[number], Listener> = {
    websocket: await startTransport(
      { ...session, type: "websocket", id: "ws", endpoint: anyTcpPort, options: transportOptions },
      accept,
      context,
    ),
    rawsocket: await startTransport(
      {
        ...session,
        type: "rawsocket",
        id: "rs",
        endpoint: anyTcpPort,
        options: transportOptions,
      },
      accept,
      context,
    ),
  };
  const clients: ScriptedClient[] = [];
  return {
    router,
    silent,
    sessions,
    urls: {
      websocket: listeners.websocket.urls[0] ?? "",
      rawsocket: listeners.rawsocket.urls[0] ?? "",
    },
    /** Every session that was ever begun. */
    open,
    counts,
    logged,
    async connect(transport: (typeof TRANSPORTS)[number]): Promise<ScriptedClient> {
      const url = listeners[transport].urls[0] ?? "";
      const client = await ScriptedClient.open(url, transport === "websocket" ? "json" : "cbor");
      clients.push(client);
      return client;
    },
    /** Resolves when no session is open. */
    async empty(): Promise<void> {
      while (sessions.size > 0) await new Promise<void>((resolve) => ended.push(resolve));
    },
    async close(): Promise<void> {
      for (const { socket } of clients) socket.destroy();
      silent.close();
      await Promise.all([listeners.websocket.close(), listeners.rawsocket.close(), router.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A connection to a router that says nothing by itself. */
export interface SilentSide {
  socket: Socket;
  /** Resolves when the proxy has begun its handshake. */
  handshake: Promise<unknown>;
  closed: Promise<unknown>;
}

/** A router that accepts connections and says nothing by itself. */
async function silentRouter(path: string) {
  const waiting: PromiseWithResolvers<SilentSide>[] = [];
  const sockets: Socket[] = [];
  let came = 0;
  let taken = 0;
  const slot = (index: number) => (waiting[index] ??= Promise.withResolvers<SilentSide>());
  const server = createServer((socket) => {
    socket.on("error", () => {});
    sockets.push(socket);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    const handshake = new Promise((resolve) => socket.once("data", resolve));
    slot(came++).resolve({ socket, handshake, closed });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    /** The next connection. */
    connection: () => slot(taken++).promise,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
