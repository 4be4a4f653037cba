/**
 * Backend: a router as one worker sees it through a connection: how many sessions it carries, and,
 * where there are others to go to, whether it is up.
 *
 *     up  --fall failures in a row-->  down  --rise successes in a row-->  up, at first with few sessions
 *
 * A failure is a connection that did not come about, or a router that took a session and shut down or
 * was silent; a success is a session that joined. A check connects, handshake included, and closes.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { ConnectionConfig } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";
import { connectPeer } from "#transport/peer-connector.ts";
import { CloseCode } from "#wamp/peer.ts";

/** What the backends of one worker have in common. */
export interface BackendContext {
  log: Logger;
  /** Milliseconds in which one that is up again comes to its full share; 0: at once. */
  slowStartMs: number;
}

/** Share of a backend that has just come up again. */
const LOWEST_SHARE = 0.1;

/** One connection of node.json, and what became of those who used it. */
export class Backend {
  readonly config: ConnectionConfig;
  /** Sessions that are on it or on their way to it. */
  sessions = 0;
  /** Whether the router has ever been there since the worker was started. */
  wasThere = false;
  readonly #context: BackendContext;
  #isUp = true;
  /** Outcomes in a row that speak against the present state. */
  #contrary = 0;
  #upSince = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #checks: "none" | "one waits" | "one runs" | "stopped" = "none";

  constructor(config: ConnectionConfig, context: BackendContext) {
    this.config = config;
    this.#context = context;
    this.#checkLater();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** How much of its part of the sessions it is to have now: from 0.1 just after it came up, to 1. */
  get share(): number {
    const { slowStartMs } = this.#context;
    const age = performance.now() - this.#upSince;
    return age >= slowStartMs ? 1 : Math.max(LOWEST_SHARE, age / slowStartMs);
  }

  /** Something that needed the router came about. */
  succeeded(): void {
    this.wasThere = true;
    const { health_check, id } = this.config;
    if (this.#isUp || health_check === undefined) this.#contrary = 0;
    else if (++this.#contrary >= health_check.rise) {
      this.#turn(true);
      this.#upSince = performance.now();
      this.#context.log.info("router up", { connection: id });
    }
  }

  /** Something failed for which the router is to blame. */
  failed(reason: string): void {
    const { health_check, id } = this.config;
    if (!this.#isUp || health_check === undefined) this.#contrary = 0;
    else if (++this.#contrary >= health_check.fall) {
      this.#turn(false);
      this.#context.log.warn("router down", { connection: id, reason });
    }
  }

  /**
   * The router hung up on a session that wanted to join. It may be gone, or only not have liked what
   * that one client said, which must not harm others: a check at once tells.
   */
  hungUp(): void {
    if (this.config.health_check === undefined || !this.#isUp) return;
    if (this.#checks === "one runs" || this.#checks === "stopped") return;
    clearTimeout(this.#timer);
    void this.#check();
  }

  /** No more checks. */
  stop(): void {
    this.#checks = "stopped";
    clearTimeout(this.#timer);
  }

  #turn(isUp: boolean): void {
    this.#isUp = isUp;
    this.#contrary = 0;
    this.#checkLater();
  }

  #checkLater(): void {
    const { health_check } = this.config;
    if (health_check === undefined || this.#checks !== "none") return;
    if (this.#isUp && !health_check.while_up) return;
    this.#checks = "one waits";
    this.#timer = setTimeout(() => void this.#check(), health_check.interval);
  }

  async #check(): Promise<void> {
    this.#checks = "one runs";
    const wanted = { serializer: "cbor", maxBuffered: Number.POSITIVE_INFINITY } as const;
    try {
      const peer = await connectPeer(this.config.transport, wanted, DEAF);
      peer.close(CloseCode.normal, "health check");
      this.succeeded();
    } catch (thrown) {
      this.failed(sentenceOf(thrown));
    }
    // Stopped while it ran, it was the last one.
    if (this.#checks === "one runs") this.#checks = "none";
    this.#checkLater();
  }
}

const DEAF = { onMessage() {}, onDrain() {}, onClose() {} };
