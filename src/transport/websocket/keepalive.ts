/**
 * Keepalive of one WebSocket: pings at an interval, and ends a connection that does not answer.
 *
 * Traffic only notes the time; timers are set again when they fire. So a busy connection pays one
 * clock reading per message and no timer.
 *
 * @module
 */

import type { WebSocketOptions } from "#config/node-config.ts";

/** What keepalive does to its connection and asks of it. */
export interface KeepaliveTarget {
  ping(payload: Uint8Array): void;
  /** While we do not read, no answer can reach us. */
  isPaused(): boolean;
  /** The other side did not answer in time. */
  expire(): void;
}

/** Largest payload of a control frame (RFC 6455, section 5.5). */
const largestControlPayload = 125;
const counterOctets = 4;

/** Pings one connection, by `auto_ping_interval` and its companions. */
export class Keepalive {
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  readonly #countsAnyTraffic: boolean;
  readonly #target: KeepaliveTarget;
  readonly #payload: Uint8Array;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #counter = 0;
  /** When the other side last gave a sign of life that counts, and when the wait for one began. */
  #heardAt = performance.now();
  #waitingSince = 0;

  constructor(options: WebSocketOptions, target: KeepaliveTarget) {
    this.#intervalMs = options.auto_ping_interval;
    this.#timeoutMs = options.auto_ping_timeout;
    this.#countsAnyTraffic = options.auto_ping_restart_on_any_traffic;
    this.#target = target;
    const size = Math.min(largestControlPayload, Math.max(counterOctets, options.auto_ping_size));
    this.#payload = new Uint8Array(size);
    this.#waitForInterval(this.#intervalMs);
  }

  /** Notes that a message or a control frame arrived. */
  heard(): void {
    if (this.#countsAnyTraffic) this.#heardAt = performance.now();
  }

  /** Notes a pong; one that does not answer our last ping is only traffic. */
  heardPong(payload: Uint8Array): void {
    if (Buffer.compare(payload, this.#payload) === 0) this.#heardAt = performance.now();
    else this.heard();
  }

  /** Gives the other side its whole time again: what it sent meanwhile was not read. */
  resumed(): void {
    this.#waitingSince = performance.now();
  }

  /** Ends keepalive, for good. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #waitForInterval(delayMs: number): void {
    if (this.#intervalMs === 0) return;
    this.#timer = setTimeout(() => this.#onInterval(), delayMs);
  }

  #onInterval(): void {
    const quietMs = performance.now() - this.#heardAt;
    if (this.#countsAnyTraffic && quietMs < this.#intervalMs) {
      this.#waitForInterval(this.#intervalMs - quietMs);
      return;
    }
    this.#counter = (this.#counter + 1) >>> 0;
    new DataView(this.#payload.buffer).setUint32(0, this.#counter);
    this.#waitingSince = performance.now();
    const pingedAt = this.#waitingSince;
    this.#target.ping(this.#payload);
    if (this.#timeoutMs === 0) this.#waitForInterval(this.#intervalMs);
    else this.#timer = setTimeout(() => this.#onTimeout(pingedAt), this.#timeoutMs);
  }

  #onTimeout(pingedAt: number): void {
    const leftMs = this.#waitingSince + this.#timeoutMs - performance.now();
    if (this.#heardAt >= pingedAt) {
      this.#waitForInterval(Math.max(0, pingedAt + this.#intervalMs - performance.now()));
    } else if (this.#target.isPaused()) {
      this.#timer = setTimeout(() => this.#onTimeout(pingedAt), this.#timeoutMs);
    } else if (leftMs > 1) {
      this.#timer = setTimeout(() => this.#onTimeout(pingedAt), leftMs);
    } else {
      this.#target.expire();
    }
  }
}
