/**
 * Composition root of a router worker: its realms, then the transports that lead to them.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { RouterWorkerConfig, SessionConfig } from "#config/node-config.ts";
import { openRealms } from "#router/realm-table.ts";
import { RouterSession } from "#router/router-session.ts";
import type { Peer, PeerHandler } from "#wamp/peer.ts";
import type { RunningWorker, WorkerContext } from "./running-worker.ts";
import { SessionTable } from "./session-table.ts";
import { startTransports, stopTransports } from "./worker-transports.ts";

const JOIN_TIMEOUT_MS = 30_000;

/** Starts a router worker; resolves once every transport listens. */
export async function startRouterWorker(
  config: RouterWorkerConfig,
  context: WorkerContext,
): Promise<RunningWorker> {
  const realms = openRealms(config.realms, context.log);

  const sessions = new SessionTable<RouterSession>();
  const shared = {
    log: context.log,
    joinTimeoutMs: JOIN_TIMEOUT_MS,
    onEnd: (session: RouterSession) => sessions.remove(session),
  };
  const accept = (peer: Peer, { auth }: SessionConfig): PeerHandler => {
    if (auth === "passthrough") {
      throw new Failure("Cannot pass authentication through: a router authenticates by itself", {
        source: "internal",
      });
    }
    return sessions.add(new RouterSession(peer, auth, realms, shared));
  };

  const listeners = await startTransports(config.transports, accept, context);
  return {
    urls: listeners.flatMap((listener) => listener.urls),
    sessions: () => sessions.size,
    renewCertificates() {
      for (const listener of listeners) listener.renewCertificates();
    },
    shutdown: () => stopTransports(listeners, sessions),
  };
}
