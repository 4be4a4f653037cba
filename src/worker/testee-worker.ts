/**
 * Composition root of a `websocket-testee` worker: one transport, and nothing behind it.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { WebSocketTesteeWorkerConfig } from "#config/node-config.ts";
import type { RunningWorker, WorkerContext } from "./running-worker.ts";
import { SessionTable } from "./session-table.ts";
import { startTransports, stopTransports } from "./worker-transports.ts";

/** Starts a testee worker; resolves once its transport listens. */
export async function startTesteeWorker(
  config: WebSocketTesteeWorkerConfig,
  context: WorkerContext,
): Promise<RunningWorker> {
  const accept = () => {
    throw new Failure("Cannot open a session: a testee speaks no WAMP", { source: "internal" });
  };
  const listeners = await startTransports(config.transports, accept, context);
  return {
    urls: listeners.flatMap((listener) => listener.urls),
    sessions: () => 0,
    renewCertificates() {
      for (const listener of listeners) listener.renewCertificates();
    },
    shutdown: () => stopTransports(listeners, new SessionTable()),
  };
}
