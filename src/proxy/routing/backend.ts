/**
 * Backend: a router as one worker sees it through a connection of node.json, or at one address of its host: how
 * many sessions it carries and, if there are other backends as well, whether it is up.
 *
 *     up  --fall failures in a row-->  down  --rise successes in a row-->  up, at first with few sessions
 *
 * Beside that an operator may have marked it down: it gets no session then, whatever its health.
 *
 * A failure is a connection that could not be opened, a router that shut down during a join, or a
 * router that sent no WELCOME in time. A success is a session that joined. A health check opens a
 * connection, handshake included, and closes it.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import type { ConnectionAuth, ConnectionConfig } from "#config/connection/connection-config.ts";
import type { BackendFacts, BackendName } from "#observe/backend-facts.ts";
import type { LogFields, Logger } from "#observe/logger.ts";
import type { RouterHealth } from "#observe/statistics.ts";
import { connectPeer, RouterConnector } from "#transport/router-connector.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { CloseCode } from "#wamp/peer.ts";
import type { DownMarks } from "./down-marks.ts";
import { LostSessions } from "./lost-sessions.ts";

/** What the backends of one worker have in common. */
export interface BackendContext {
  log: Logger;
  /** Milliseconds until a backend that came up again has its full share; 0: it has it at once. */
  slowStartMs: number;
  marks: DownMarks;
}

/** A session that its backend ends when it goes down. */
export interface EndableBackendSession {
  /** Ends the session as if the router had ended the connection. */
  abandon(reason: string): void;
}

/** The share of a backend that has just come up again. */
const LOWEST_SHARE = 0.1;

/** One router, with its sessions and its health. */
export class Backend {
  readonly config: ConnectionConfig;
  readonly name: BackendName;
  readonly connector: RouterConnector;
  /** Sessions that are connected or connecting. */
  sessions = 0;
  /** Whether the router has been reached since the worker was started. */
  wasReached = false;
  readonly #context: BackendContext;
  readonly #lostSessions: LostSessions;
  /** How the log names it. */
  readonly #where: LogFields;
  /** Those that end when it goes down; undefined: all sessions stay. */
  readonly #open: Set<EndableBackendSession> | undefined;
  #isUp = true;
  #isMarkedDown: boolean;
  /** Ends the watch of the marks. */
  readonly #unwatch: () => void;
  /** Undefined: there was none yet. */
  #lastOutcome: "success" | "failure" | undefined;
  /** Outcomes in a row that contradict the present state. */
  #contrary = 0;
  #upSince = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #probe: Promise<boolean> | undefined;
  #checks: "none" | "scheduled" | "running" | "stopped" = "none";

  /** `address`: of a host that has several. */
  constructor(config: ConnectionConfig, context: BackendContext, address?: string) {
    this.config = config;
    this.name = { connection: config.id, address: address ?? null };
    this.connector = new RouterConnector(config.transport);
    this.#context = context;
    this.#lostSessions = new LostSessions(context.log, config.id);
    this.#where = { connection: config.id, ...(address !== undefined && { address }) };
    this.#open = config.on_down === "close" ? new Set() : undefined;
    this.#isMarkedDown = context.marks.has(this.name);
    this.#unwatch = context.marks.watch(() => this.#onMarks());
    this.#scheduleCheck();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Whether an operator has marked it down, so that it gets no new sessions. */
  get isMarkedDown(): boolean {
    return this.#isMarkedDown;
  }

  /** What the worker knows of it now. */
  get facts(): BackendFacts {
    const { name, health, sessions, isMarkedDown } = this;
    return { ...name, health, sessions, isMarkedDown };
  }

  /** Without health checks, what the last client found. */
  get health(): RouterHealth {
    if (this.#lastOutcome === undefined) return "unknown";
    const isChecked = this.config.health_check !== undefined;
    return (isChecked ? this.#isUp : this.#lastOutcome === "success") ? "up" : "down";
  }

  /**
   * The part of its usual number of new sessions that it gets now: 0.1 just after it came up, or lost its mark, up
   * to 1.
   */
  get share(): number {
    const { slowStartMs } = this.#context;
    const age = performance.now() - this.#upSince;
    return age >= slowStartMs ? 1 : Math.max(LOWEST_SHARE, age / slowStartMs);
  }

  /**
   * How the proxy authenticates to the router, which then believes what it says of its clients.
   *
   * @throws Failure of the configuration where it cannot, so that the router is not even connected to.
   */
  vouchingAuth(): ConnectionAuth {
    const { id, auth } = this.config;
    if (auth !== null) return auth;
    throw new Failure(
      `Cannot join over connection "${id}": the proxy has no proof for its router, which needs cryptosign-proxy`,
      { source: "config", uri: ErrorUri.authenticationFailed },
    );
  }

  /** Notes a session with an open connection. */
  opened(session: EndableBackendSession): void {
    this.#open?.add(session);
  }

  /** Notes that a session is over. */
  closed(session: EndableBackendSession): void {
    this.#open?.delete(session);
    this.#forgetMarks();
  }

  /** Counts a success of the router. */
  succeeded(): void {
    this.wasReached = true;
    this.#lastOutcome = "success";
    const { health_check } = this.config;
    if (this.#isUp || health_check === undefined) this.#contrary = 0;
    else if (++this.#contrary >= health_check.rise) {
      this.#setUp(true);
      this.#upSince = performance.now();
      this.#context.log.info("router up", this.#where);
    }
  }

  /** Counts a failure of the router. */
  failed(reason: string): void {
    this.#lastOutcome = "failure";
    const { health_check } = this.config;
    if (!this.#isUp || health_check === undefined) this.#contrary = 0;
    else if (++this.#contrary >= health_check.fall) {
      this.#setUp(false);
      this.#context.log.warn("router down", { ...this.#where, reason });
      this.#endSessions("the router is down");
    }
  }

  /**
   * Checks at once, because the router ended a join. Either it is down, or it could not bear this one
   * HELLO, which must not count against it for other clients; the check finds out which.
   */
  checkNow(): void {
    if (this.config.health_check === undefined || !this.#isUp) return;
    if (this.#checks === "running" || this.#checks === "stopped") return;
    clearTimeout(this.#timer);
    void this.#check();
  }

  /** The joined session of this client has lost the router. */
  lostSession(peer: string, reason: string): void {
    this.#lostSessions.add(peer, reason);
  }

  /**
   * Opens a connection as a health check does, and closes it; gives whether that succeeded, and counts it. There is one
   * probe at a time, however many ask for it.
   */
  probe(): Promise<boolean> {
    this.#probe ??= this.#connectOnce().finally(() => {
      this.#probe = undefined;
    });
    return this.#probe;
  }

  async #connectOnce(): Promise<boolean> {
    const wanted = { serializer: "cbor", maxBuffered: Number.POSITIVE_INFINITY } as const;
    try {
      const peer = await connectPeer(this.config.transport, wanted, NO_HANDLER);
      peer.close(CloseCode.normal, "health check");
      this.succeeded();
      return true;
    } catch (thrown) {
      this.failed(sentenceOf(thrown));
      return false;
    }
  }

  /** No more checks. */
  stop(): void {
    this.#lostSessions.flush();
    this.#checks = "stopped";
    clearTimeout(this.#timer);
    this.#forgetMarks();
  }

  /** One that is stopped watches the marks for as long as it has sessions, which may end by them. */
  #forgetMarks(): void {
    if (this.#checks === "stopped" && this.sessions === 0) this.#unwatch();
  }

  #onMarks(): void {
    const isMarkedDown = this.#context.marks.has(this.name);
    if (isMarkedDown === this.#isMarkedDown) return;
    this.#isMarkedDown = isMarkedDown;
    if (isMarkedDown) this.#endSessions("the router is marked down");
    else this.#upSince = performance.now();
  }

  /** Where `on_down` says so. */
  #endSessions(reason: string): void {
    for (const session of [...(this.#open ?? [])]) session.abandon(reason);
  }

  #setUp(isUp: boolean): void {
    this.#isUp = isUp;
    this.#contrary = 0;
    this.#scheduleCheck();
  }

  #scheduleCheck(): void {
    const { health_check } = this.config;
    if (health_check === undefined || this.#checks !== "none") return;
    if (this.#isUp && !health_check.while_up) return;
    this.#checks = "scheduled";
    this.#timer = setTimeout(() => void this.#check(), health_check.interval);
  }

  async #check(): Promise<void> {
    this.#checks = "running";
    await this.probe();
    // If `stop` was called meanwhile, no other check follows.
    if (this.#checks === "running") this.#checks = "none";
    this.#scheduleCheck();
  }
}

/** A check takes no messages. */
const NO_HANDLER = { onMessage() {}, onDrain() {}, onClose() {} };
