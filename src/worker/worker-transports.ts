/**
 * Starting and stopping all transports of a worker.
 *
 * @module
 */

import type { TransportConfig } from "#config/node-config.ts";
import type { AcceptPeerWithSession, Listener, TransportContext } from "#transport/listener.ts";
import { startTransport } from "#transport/start-transport.ts";
import type { EndableSession, SessionTable } from "./session-table.ts";

const SHUTDOWN_TIMEOUT_MS = 2_000;

/**
 * Starts the transports in order; when one fails, those already started are closed again.
 *
 * @throws Failure of the first transport that cannot listen.
 */
export async function startTransports(
  configs: readonly TransportConfig[],
  accept: AcceptPeerWithSession,
  context: TransportContext,
): Promise<Listener[]> {
  const listeners: Listener[] = [];
  try {
    for (const config of configs) {
      listeners.push(await startTransport(config, accept, context));
    }
    return listeners;
  } catch (thrown) {
    await Promise.all(listeners.map((listener) => listener.close()));
    throw thrown;
  }
}

/** Lets nobody in any more, tells every session, waits for them a while, and closes. */
export async function stopTransports(
  listeners: readonly Listener[],
  sessions: SessionTable<EndableSession>,
): Promise<void> {
  for (const listener of listeners) listener.stopAccepting();
  await sessions.shutdown(SHUTDOWN_TIMEOUT_MS);
  await Promise.all(listeners.map((listener) => listener.close()));
}
