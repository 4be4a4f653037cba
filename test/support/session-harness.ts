/**
 * Sessions of a proxy between real sockets: transports for clients before it, a scripted router and
 * one that says nothing behind it. Deadlines are the test's.
 */

import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { TicketTokens } from "#auth/ticket-tokens.ts";
import type { ConnectionConfig } from "#config/connection/connection-config.ts";
import type {
  JoiningConfig,
  SessionConfig,
  SessionEndOptions,
} from "#config/options/session-config.ts";
import type { WebSocketOptions } from "#config/options/websocket-config.ts";
import type { LogFields } from "#observe/logger.ts";
import { SessionCounts } from "#observe/session-counts.ts";
import { RealmRoutes } from "#proxy/routing/realm-routes.ts";
import { ServiceSessions } from "#proxy/service/service-sessions.ts";
import { FrontendSession } from "#proxy/session/frontend-session.ts";
import { MAX_JOIN_OCTETS, type Peer, type WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { SessionTable } from "#worker/session-table.ts";
import { afterTest } from "./cleanups.ts";
import { webSocketDefaults } from "./default-options.ts";
import { connectionTo } from "./proxy-worker.ts";
import { quietContext } from "./quiet-context.ts";
import { ScriptedClient } from "./scripted-client.ts";
import { type ScriptedRouterOptions, scriptedRouter } from "./scripted-router.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { openTransport, rawSocketTransport, webSocketTransport } from "./transports.ts";

/** How clients reach the proxy in a test. */
export const TRANSPORTS = ["websocket", "rawsocket"] as const;

/** What may differ from a proxy that lets everybody in as `anonymous`, and has time. */
export interface HarnessOptions {
  auth?: SessionConfig["auth"] | undefined;
  /** For tickets of type `jwt`. */
  ticketTokens?: TicketTokens;
  joinTimeoutMs?: number;
  /** On top of `joinTimeoutMs`. */
  joining?: Partial<JoiningConfig>;
  goodbyeTimeoutMs?: number;
  /** Time to connect to the router that says nothing, handshake included. */
  connectTimeoutMs?: number;
  router?: ScriptedRouterOptions;
  /** How the connection `silent` is spoken. */
  silent?: "rawsocket" | "websocket";
  options?: Partial<WebSocketOptions> & SessionEndOptions;
  /** Is called behind every message of a client. */
  afterMessage?(session: FrontendSession): void;
}

/** Starts it all for one test. The realm `realm1` leads to the router, `silent` to the other. */
export async function sessionHarness(options: HarnessOptions = {}) {
  const folder = temporaryFolder();
  const timeoutOf = (id: string) => (id === "silent" && options.connectTimeoutMs) || 20_000;
  const router = await scriptedRouter(join(folder, "router.sock"), options.router);
  const silent = await silentRouter(join(folder, "silent.sock"));
  const to = (id: string, serializer: SerializerName = "cbor") =>
    connectionTo(id, join(folder, `${id}.sock`), { timeoutMs: timeoutOf(id), serializer });
  const connection = (id: "router" | "silent", serializer: SerializerName, over = "rawsocket") => {
    const { endpoint } = to(id).transport;
    const overWebSocket: ConnectionConfig = {
      ...to(id),
      transport: { type: "websocket", endpoint, url: "ws://localhost/", serializers: [serializer] },
    };
    return over === "websocket" ? overWebSocket : to(id, serializer);
  };
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
  const routes = new RealmRoutes(
    {
      connections: {
        router: connection("router", options.router?.serializer ?? "cbor", options.router?.over),
        silent: connection(
          "silent",
          options.router?.serializer ?? (options.silent === "websocket" ? "json" : "cbor"),
          options.silent,
        ),
        down: to("down"),
      },
      routes: {
        realm1: { anonymous: ["router"], user: ["router"] },
        silent: { anonymous: ["silent"] },
        down: { anonymous: ["down"] },
      },
    },
    log,
  );
  const counts = new SessionCounts();
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
    ticketTokens: options.ticketTokens,
    onEnd(session: FrontendSession) {
      sessions.remove(session);
      for (const wake of ended.splice(0)) wake();
    },
  };
  const accept = (peer: Peer, config: SessionConfig) => {
    const session = sessions.add(new FrontendSession(peer, config, shared));
    open.push(session);
    const onMessage = session.onMessage.bind(session);
    session.onMessage = (message: WireMessage) => {
      onMessage(message);
      // Octets are borrowed: what is needed later has to be copied.
      if (message.length <= MAX_JOIN_OCTETS) message.fill(0);
      options.afterMessage?.(session);
    };
    return session;
  };
  const auth = options.auth ?? { anonymous: { type: "static" as const, role: "anonymous" } };
  const session = {
    auth,
    backend: auth === "passthrough" ? "router" : null,
    joining: {
      hello_timeout: joinTimeoutMs,
      join_timeout: joinTimeoutMs,
      authenticate_timeout: joinTimeoutMs,
      max_auth_failures_per_minute: 0,
      ...options.joining,
    },
  };
  const transportOptions = { max_message_size: 65_536, ...options.options };
  const context = { ...quietContext, log };
  const webSocket = webSocketTransport(transportOptions, session);
  const rawSocket = rawSocketTransport(transportOptions, session);
  const patient = { ...session, joining: { ...session.joining, join_timeout: 20_000 } };
  const urls: Record<(typeof TRANSPORTS)[number] | "patient", string> = {
    websocket: (await openTransport(webSocket, accept, context)).url,
    rawsocket: (await openTransport(rawSocket, accept, context)).url,
    patient: (await openTransport(rawSocketTransport(transportOptions, patient), accept, context))
      .url,
  };
  return {
    router,
    silent,
    routes,
    sessions,
    urls,
    /** Every session that was ever begun. */
    open,
    counts,
    logged,
    /** Begins a session of a client without a connection. */
    begin: (peer: Peer) =>
      accept(peer, {
        ...session,
        serializers: [peer.serializer],
        options: { ...webSocketDefaults, ...transportOptions },
      }),
    /** `patient`: over RawSocket, with time to join whatever the test says. */
    async connect(transport: keyof typeof urls): Promise<ScriptedClient> {
      const serializer = transport === "websocket" ? "json" : "cbor";
      const client = await ScriptedClient.open(urls[transport], serializer);
      afterTest(() => client.socket.destroy());
      return client;
    },
    /** Resolves when no session is open. */
    async empty(): Promise<void> {
      while (sessions.size > 0) await new Promise<void>((resolve) => ended.push(resolve));
    },
  };
}

const ASKS_FOR_STREAMS = "7fff0000";

/** A connection to a router that says nothing by itself; the proxy has begun its handshake. */
export interface SilentSide {
  socket: Socket;
  /** The begin of the proxy's handshake. */
  request: Buffer;
  closed: Promise<unknown>;
}

/** A router that accepts connections, offers no streams, and says nothing else by itself. */
async function silentRouter(path: string) {
  const waiting: PromiseWithResolvers<SilentSide>[] = [];
  const sockets = new Set<Socket>();
  let came = 0;
  let taken = 0;
  let behaviour: ((side: SilentSide) => void) | undefined;
  const slot = (index: number) => (waiting[index] ??= Promise.withResolvers<SilentSide>());
  const server = createServer((socket) => {
    socket.on("error", () => {});
    sockets.add(socket);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    void closed.then(() => sockets.delete(socket));
    socket.once("data", (request: Buffer) => {
      const side = { socket, request, closed };
      if (request.toString("hex") === ASKS_FOR_STREAMS) socket.end(Buffer.from("7f100000", "hex"));
      else if (behaviour !== undefined) behaviour(side);
      else slot(came++).resolve(side);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  afterTest(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    /** The next connection. */
    connection: () => slot(taken++).promise,
    /** Does this with every connection, whether or not the proxy has waited for it. */
    behave(how: (side: SilentSide) => void) {
      behaviour = how;
    },
  };
}

/** A client that has sent its HELLO, and its router, which has got it. */
export async function joiningHarness(options: HarnessOptions = {}) {
  const harness = await sessionHarness(options);
  const client = await harness.connect("websocket");
  client.says([1, "realm1", { roles: { caller: {} } }]);
  const router = await harness.router.session();
  await router.next();
  return { harness, client, router };
}
