/** Servers behind a reverse proxy, octet by octet, and the path that leads to one. */

import { type AddressInfo, createServer } from "node:net";
import type { WebTransportConfig } from "#config/transport/transport-config.ts";
import type { ReverseProxyServiceConfig } from "#config/web-service/reverse-proxy-config.ts";
import type { WorkerContext } from "#worker/running-worker.ts";
import { afterTest } from "./cleanups.ts";
import { jsonAt } from "./json-service.ts";
import { quietContext } from "./quiet-context.ts";
import { anyPort, openTransport } from "./transports.ts";
import { OctetClient } from "./universal-transport.ts";

/** A server that says what a test says. */
export interface RawUpstream {
  port: number;
  /** How many connections it has accepted. */
  count(): number;
  /** The next connection that is accepted and not given yet. */
  next(): Promise<OctetClient>;
}

/** Listens until the test has ended. */
export async function rawUpstream(): Promise<RawUpstream> {
  const accepted: OctetClient[] = [];
  const waiting: ((connection: OctetClient) => void)[] = [];
  let count = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    count += 1;
    const connection = new OctetClient(socket);
    afterTest(() => socket.destroy());
    const take = waiting.shift();
    if (take === undefined) accepted.push(connection);
    else take(connection);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterTest(() => server.close());
  return {
    port: (server.address() as AddressInfo).port,
    count: () => count,
    next: async () =>
      accepted.shift() ?? (await new Promise<OctetClient>((resolve) => waiting.push(resolve))),
  };
}

/** A path that leads to a port of this machine. */
export function proxyTo(
  port: number,
  changes: Partial<ReverseProxyServiceConfig> = {},
  options: Partial<ReverseProxyServiceConfig["options"]> = {},
): ReverseProxyServiceConfig {
  return {
    type: "reverseproxy",
    upstream: { type: "tcp", host: "127.0.0.1", port, timeoutMs: 5_000, isWebServer: true },
    path: "",
    forwarded_port: null,
    forwarded_proto: null,
    options: { response_timeout: 60_000, idle_timeout: 60_000, max_requests: 100, ...options },
    ...changes,
  };
}

/** A Web transport with `app` and whatever else; gives its port. */
export async function frontOf(
  app: ReverseProxyServiceConfig,
  changes: Partial<WebTransportConfig> = {},
  context: Partial<WorkerContext> = {},
): Promise<number> {
  const paths = { "/": jsonAt('"root"'), app };
  const config: WebTransportConfig = {
    type: "web",
    id: "web",
    endpoint: anyPort,
    paths,
    ...changes,
  };
  const { port } = await openTransport(config, undefined, { ...quietContext, ...context });
  return port;
}
