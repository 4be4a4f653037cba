/**
 * A node in one process: a proxy in front of the program's own router, on which a test is the
 * authenticator. All ends with the test.
 */

import { join } from "node:path";
import type { AuthConfig } from "#config/auth/auth-config.ts";
import type { DynamicAuthConfig } from "#config/auth/authenticator-config.ts";
import type { RouterWorkerConfig } from "#config/node/worker-config.ts";
import type { SessionConfig } from "#config/options/session-config.ts";
import { startRouterWorker } from "#worker/router-worker.ts";
import { afterTest } from "./cleanups.ts";
import { keptLog } from "./kept-log.ts";
import { connectionTo, startProxy } from "./proxy-worker.ts";
import { quietContext } from "./quiet-context.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { rawSocketTransport, webSocketTransport } from "./transports.ts";
import { registerAuthenticator, type WampSocket, wampSocket } from "./wamp-socket.ts";

/** What the authenticator registers. */
export const procedure = "com.example.authenticate";

/** An authmethod that asks it. */
export const dynamic: DynamicAuthConfig = {
  type: "dynamic",
  authenticator: procedure,
  "authenticator-realm": "auth",
  "authenticator-role": "authenticator",
  "default-role": null,
  "authenticator-timeout": 10_000,
};

/** The URI of most refusals, and how the message of one begins to end that gives no reason. */
export const authenticationFailed = "wamp.error.authentication_failed";
export const generic = "the client could not be verified";

const allow = { call: true, register: true, publish: true, subscribe: true };
const disclose = { caller: false, publisher: false };
const role = (name: string) => ({
  name,
  permissions: [{ uri: "", match: "prefix" as const, allow, disclose }],
});

/** A path at which a router may listen. */
export const socketPath = () => join(temporaryFolder(), "router.sock");

/** A router for proxies at a Unix socket; clients that join at `url` may register authenticators. */
export async function startRouter(
  path: string,
  proxies: AuthConfig = { "anonymous-proxy": { type: "static" } },
) {
  const config: RouterWorkerConfig = {
    type: "router",
    id: "router",
    realms: [
      { name: "realm1", roles: [role("user"), role("guest")] },
      { name: "auth", roles: [role("authenticator")] },
    ],
    transports: [
      rawSocketTransport(
        { stall_timeout: 0 },
        { endpoint: { type: "unix", path, permission: 0o600 }, auth: proxies },
      ),
      webSocketTransport({}, { auth: { anonymous: { type: "static", role: "authenticator" } } }),
    ],
  };
  const worker = await startRouterWorker(config, quietContext);
  const stop = () => worker.shutdown();
  const url = worker.urls.find((one) => one.startsWith("ws:")) as string;
  afterTest(stop);
  return { url, stop };
}

/** A proxy with one WebSocket transport in front of a router; what it logged is kept. */
export async function startProxyTo(
  path: string,
  auth: AuthConfig | "passthrough",
  session: Partial<Pick<SessionConfig, "joining" | "backend">> = {},
  { key, others = [] }: { key?: string; others?: string[] } = {},
) {
  const routers = [...others, path].map((one, index) => ({
    ...connectionTo(`router${index}`, one),
    auth: key === undefined ? ("anonymous-proxy" as const) : ("cryptosign-proxy" as const),
  }));
  const ids = routers.map(({ id }) => id);
  const { log, logged } = keptLog("error", "warn", "info");
  const worker = await startProxy(
    {
      connections: Object.fromEntries(routers.map((one) => [one.id, one])),
      routes: { realm1: { user: ids, guest: ids }, auth: { authenticator: ids } },
      transports: [webSocketTransport({}, { auth, ...session })],
    },
    { log, nodeKey: key ?? null },
  );
  return { url: worker.url, logged, stop: worker.shutdown };
}

/** The HELLO of a client that joins with a ticket. */
export const ticketHello = {
  roles: { caller: {} },
  authmethods: ["ticket"],
  authid: "joe",
  authextra: { app: "shop" },
};

/** A client that has sent its HELLO and, to a CHALLENGE, its ticket. */
export async function joins(
  url: string,
  details: object = ticketHello,
  ticket = "s3cret",
): Promise<WampSocket> {
  const client = await wampSocket(url);
  client.says([1, "realm1", { roles: { caller: {} }, ...details }]);
  if (details !== ticketHello) return client;
  const [type, method] = await client.next();
  if (type !== 4 || method !== "ticket") throw new Error(`challenged with ${type}, ${method}`);
  client.says([5, ticket, {}]);
  return client;
}

/** A proxy, a router behind it, and an authenticator there that waits to be asked. */
export async function joinableNode(auth: AuthConfig) {
  const path = socketPath();
  const router = await startRouter(path);
  const proxy = await startProxyTo(path, auth);
  const authenticator = await registerAuthenticator(router.url, "auth", procedure);
  return { path, router, proxy, authenticator };
}
