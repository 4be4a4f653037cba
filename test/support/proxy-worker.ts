/** Proxy workers, and how they reach their routers; each is shut down once the test has ended. */

import type { ConnectionConfig } from "#config/connection/connection-config.ts";
import type { ProxyWorkerConfig } from "#config/node/worker-config.ts";
import { startProxyWorker } from "#worker/proxy-worker.ts";
import type { RunningWorker, WorkerContext } from "#worker/running-worker.ts";
import { afterTest } from "./cleanups.ts";
import { quietContext } from "./quiet-context.ts";

/** A connection to a router over RawSocket at a Unix path, in CBOR unless it is changed. */
export function connectionTo(
  id: string,
  path: string,
  { timeoutMs = 10_000, serializer = "cbor" as "json" | "msgpack" | "cbor" } = {},
): ConnectionConfig & { transport: { type: "rawsocket" } } {
  const endpoint = { type: "unix" as const, path, timeoutMs };
  const transport = { type: "rawsocket" as const, endpoint, serializer, max_message_size: 2 ** 24 };
  return { id, transport, auth: "anonymous-proxy" };
}

/** Starts a proxy worker that has these parts and no other. */
export async function startProxy(
  parts: Partial<ProxyWorkerConfig>,
  context: Partial<WorkerContext> = {},
): Promise<RunningWorker & { url: string }> {
  const none = { type: "proxy" as const, id: "proxy", connections: {}, routes: {}, transports: [] };
  const worker = await startProxyWorker({ ...none, ...parts }, { ...quietContext, ...context });
  let stopped: Promise<void> | undefined;
  const shutdown = () => (stopped ??= worker.shutdown());
  afterTest(shutdown);
  return { ...worker, shutdown, url: worker.urls[0] ?? "" };
}
