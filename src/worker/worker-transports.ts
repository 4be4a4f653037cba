/**
 * WorkerTransports: all listening transports of a worker, started and stopped together.
 *
 * @module
 */

import { type PreparedChange, prepareTogether } from "#base/prepared-change.ts";
import type { TransportConfig } from "#config/transport/transport-config.ts";
import type { WebServiceConfig } from "#config/web-service/web-service-config.ts";
import { type HandoverListener, startHandoverListener } from "#transport/handover-listener.ts";
import type { AcceptPeerWithSession, Listener, TransportContext } from "#transport/listener.ts";
import { MqttSessions } from "#transport/mqtt/session-store.ts";
import { startTransport } from "#transport/start-transport.ts";
import { LongPollTransports } from "#transport/web/longpoll/longpoll-transports.ts";
import type { EndableSession, SessionTable } from "./session-table.ts";

const SHUTDOWN_TIMEOUT_MS = 2_000;

/** The share of a drain that is kept for the sessions, when others are still to join. */
const DRAIN_SHARE = 0.5;

const LOOK_AGAIN_MS = 20;

/** A listening socket. */
export interface SharedSocket {
  /** Id of its transport. */
  transport: string;
  descriptor: number;
}

/** The running transports of one worker. */
export class WorkerTransports {
  readonly #accept: AcceptPeerWithSession;
  readonly #context: TransportContext;
  readonly #longPolls: LongPollTransports;
  #listeners: readonly Listener[] = [];
  #configs: readonly TransportConfig[] = [];
  #hasLeft = false;
  /** Those whose sockets are closed; their sessions go on. They are closed at a change after the last session. */
  #retired: readonly Listener[] = [];
  /** Null: no request is handed over to this worker. */
  #handover: HandoverListener | null = null;

  private constructor(
    accept: AcceptPeerWithSession,
    context: TransportContext,
    longPolls: LongPollTransports,
  ) {
    this.#accept = accept;
    this.#context = { ...context, longPolls, mqttSessions: new MqttSessions() };
    this.#longPolls = longPolls;
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
    const transports = new WorkerTransports(accept, context, new LongPollTransports(runFolder));
    (await transports.prepare(configs, false)).apply();
    return transports;
  }

  /** The URLs of all transports. */
  get urls(): string[] {
    return this.#listeners.flatMap((listener) => listener.urls);
  }

  renewCertificates(): void {
    for (const listener of this.#listeners) listener.renewCertificates();
  }

  /**
   * The listening sockets, for another process that is to accept from them. From now on this worker takes requests for
   * its long-poll transports from it.
   */
  async shareSockets(): Promise<SharedSocket[]> {
    await this.#openHandover(this.#configs.some(hasLongPolls));
    return this.#listeners.flatMap(({ id, descriptor }) =>
      descriptor === null ? [] : [{ transport: id, descriptor }],
    );
  }

  /** Accepts no more: another process accepts from the same sockets. */
  leaveSockets(): void {
    this.#hasLeft = true;
    for (const listener of this.#listeners) listener.leaveSocket();
  }

  /** The process before accepts from no inherited socket any more. */
  takeSocketFiles(): void {
    for (const listener of this.#listeners) listener.takeSocketFile();
  }

  /**
   * Prepares other transports. Those on the same sockets are prepared to change; new ones listen at once, with all
   * that the worker is before the change; the others are retired by it.
   *
   * @throws Failure of the first transport that cannot listen, or change.
   */
  async prepare(configs: readonly TransportConfig[], isForced: boolean): Promise<PreparedChange> {
    await this.#openHandover(configs.some(sharesLongPolls));
    const others = new Set(this.#listeners);
    const listeners: Listener[] = [];
    const change = await prepareTogether(
      configs.map((config) => async () => {
        const present = [...others].filter((one) => one.listensOn(config.endpoint));
        // Several on ports that the system chooses are told apart by their ids.
        const same = present.find(({ id }) => id === config.id) ?? present[0];
        const listener = same ?? (await startTransport(config, this.#accept, this.#context));
        listeners.push(listener);
        if (same === undefined) return { apply() {}, abandon: () => void listener.close() };
        others.delete(same);
        return same.prepare(config, isForced);
      }),
    );
    const apply = () => {
      change.apply();
      for (const listener of others) listener.retire();
      for (const listener of this.#retired) if (!listener.isInUse) void listener.close();
      this.#retired = [...this.#retired.filter(({ isInUse }) => isInUse), ...others];
      this.#listeners = listeners;
      this.#configs = configs;
    };
    return { apply, abandon: change.abandon };
  }

  /**
   * Stops accepting, and ends the sessions one after the other, for so many milliseconds. Where clients come to another
   * process already, those that are on their way to a session here have it first.
   */
  async drain(sessions: SessionTable<EndableSession>, durationMs: number): Promise<void> {
    const end = performance.now() + durationMs;
    this.#stopAccepting();
    if (this.#hasLeft) await this.#untilJoined(sessions, end - durationMs * DRAIN_SHARE);
    if (durationMs > 0) await sessions.drain(end - performance.now());
  }

  /** Stops accepting, ends every session and waits for them up to a deadline, then closes. */
  async stop(sessions: SessionTable<EndableSession>): Promise<void> {
    this.#stopAccepting();
    // The clients of other workers, which shut down too, are told by this one.
    const answered = this.#longPolls.untilAnswered(SHUTDOWN_TIMEOUT_MS);
    await Promise.all([sessions.shutdown(SHUTDOWN_TIMEOUT_MS), answered]);
    const all = [...this.#listeners, ...this.#retired, this.#handover];
    await Promise.all(all.map((listener) => listener?.close()));
  }

  /** Listens for requests that other workers hand over, as soon as there may be any. */
  async #openHandover(isNeeded: boolean): Promise<void> {
    if (this.#handover !== null || !isNeeded) return;
    this.#handover = await startHandoverListener(this.#longPolls, this.#context);
  }

  /** Waits until all handshakes and joins have come to their ends, or the time is over. */
  async #untilJoined(sessions: SessionTable<EndableSession>, end: number): Promise<void> {
    const isOnItsWay = () =>
      sessions.hasJoining || this.#listeners.some(({ hasHandshakes }) => hasHandshakes);
    while (isOnItsWay() && performance.now() < end) await Bun.sleep(LOOK_AGAIN_MS);
  }

  #stopAccepting(): void {
    for (const listener of this.#listeners) listener.stopAccepting();
  }
}

/** Whether a transport has long-poll paths on a port that other workers may share. */
function sharesLongPolls(config: TransportConfig): boolean {
  return config.endpoint.type === "tcp" && config.endpoint.shared && hasLongPolls(config);
}

function hasLongPolls(config: TransportConfig): boolean {
  return "paths" in config && hasLongPollBelow(config.paths ?? {});
}

function hasLongPollBelow(paths: Record<string, WebServiceConfig>): boolean {
  return Object.values(paths).some((service) =>
    service.type === "path" ? hasLongPollBelow(service.paths) : service.type === "longpoll",
  );
}
