/**
 * WorkerTransports: all listening transports of a worker, started and stopped together.
 *
 * @module
 */

import type { TransportConfig } from "#config/transport/transport-config.ts";
import type { WebServiceConfig } from "#config/web-service/web-service-config.ts";
import { type HandoverListener, startHandoverListener } from "#transport/handover-listener.ts";
import type { AcceptPeerWithSession, Listener, TransportContext } from "#transport/listener.ts";
import { startTransport } from "#transport/start-transport.ts";
import { LongPollTransports } from "#transport/web/longpoll/longpoll-transports.ts";
import type { EndableSession, SessionTable } from "./session-table.ts";

const SHUTDOWN_TIMEOUT_MS = 2_000;

/** The running transports of one worker. */
export class WorkerTransports {
  readonly #listeners: readonly Listener[];
  readonly #longPolls: LongPollTransports;
  /** Null: no request is handed over to this worker. */
  readonly #handover: HandoverListener | null;

  private constructor(
    listeners: readonly Listener[],
    longPolls: LongPollTransports,
    handover: HandoverListener | null,
  ) {
    this.#listeners = listeners;
    this.#longPolls = longPolls;
    this.#handover = handover;
  }

  /**
   * Starts the transports in order; when one fails, those already started are closed again. `runFolder` is for
   * the sockets between the workers of the node; null: there are none.
   *
   * @throws Failure of the first transport that cannot listen.
   */
  static async start(
    configs: readonly TransportConfig[],
    accept: AcceptPeerWithSession,
    context: TransportContext,
    runFolder: string | null = null,
  ): Promise<WorkerTransports> {
    const listeners: Listener[] = [];
    const longPolls = new LongPollTransports(configs.some(sharesLongPolls) ? runFolder : null);
    const handover = await startHandoverListener(longPolls, context);
    try {
      for (const config of configs) {
        listeners.push(await startTransport(config, accept, { ...context, longPolls }));
      }
      return new WorkerTransports(listeners, longPolls, handover);
    } catch (thrown) {
      await Promise.all([...listeners, handover].map((listener) => listener?.close()));
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

  /** Stops accepting, and ends the sessions one after the other, for so many milliseconds. */
  async drain(sessions: SessionTable<EndableSession>, durationMs: number): Promise<void> {
    this.#stopAccepting();
    if (durationMs > 0) await sessions.drain(durationMs);
  }

  /** Stops accepting, ends every session and waits for them up to a deadline, then closes. */
  async stop(sessions: SessionTable<EndableSession>): Promise<void> {
    this.#stopAccepting();
    // The clients of other workers, which shut down too, are told by this one.
    const answered = this.#longPolls.untilAnswered(SHUTDOWN_TIMEOUT_MS);
    await Promise.all([sessions.shutdown(SHUTDOWN_TIMEOUT_MS), answered]);
    await Promise.all([...this.#listeners, this.#handover].map((listener) => listener?.close()));
  }

  #stopAccepting(): void {
    for (const listener of this.#listeners) listener.stopAccepting();
  }
}

/** Whether a transport has long-poll paths on a port that other workers may share. */
function sharesLongPolls(config: TransportConfig): boolean {
  const { endpoint } = config;
  if (endpoint.type !== "tcp" || !endpoint.shared || !("paths" in config)) return false;
  return hasLongPoll(config.paths ?? {});
}

function hasLongPoll(paths: Record<string, WebServiceConfig>): boolean {
  return Object.values(paths).some((service) =>
    service.type === "path" ? hasLongPoll(service.paths) : service.type === "longpoll",
  );
}
