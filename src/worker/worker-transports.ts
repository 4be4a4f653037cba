/**
 * WorkerTransports: all listening transports of a worker, started and stopped together.
 *
 * @module
 */

import type { TransportConfig } from "#config/transport/transport-config.ts";
import type { AcceptPeerWithSession, Listener, TransportContext } from "#transport/listener.ts";
import { startTransport } from "#transport/start-transport.ts";
import type { EndableSession, SessionTable } from "./session-table.ts";

const SHUTDOWN_TIMEOUT_MS = 2_000;

/** The running transports of one worker. */
export class WorkerTransports {
  readonly #listeners: readonly Listener[];

  private constructor(listeners: readonly Listener[]) {
    this.#listeners = listeners;
  }

  /**
   * Starts the transports in order; when one fails, those already started are closed again.
   *
   * @throws Failure of the first transport that cannot listen.
   */
  static async start(
    configs: readonly TransportConfig[],
    accept: AcceptPeerWithSession,
    context: TransportContext,
  ): Promise<WorkerTransports> {
    const listeners: Listener[] = [];
    try {
      for (const config of configs) {
        listeners.push(await startTransport(config, accept, context));
      }
      return new WorkerTransports(listeners);
    } catch (thrown) {
      await Promise.all(listeners.map((listener) => listener.close()));
      throw thrown;
    }
  }

  /** The URLs of all transports. */
  get urls(): string[] {
    return this.#listeners.flatMap((listener) => listener.urls);
  }

  renewCertificates(): void {
    for (const listener of this.#listeners) listener.renewCertificates();
  }

  /** Stops accepting, ends every session and waits for them up to a deadline, then closes. */
  async stop(sessions: SessionTable<EndableSession>): Promise<void> {
    for (const listener of this.#listeners) listener.stopAccepting();
    await sessions.shutdown(SHUTDOWN_TIMEOUT_MS);
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }
}
