/**
 * Keepalive of one connection: pings at an interval, and ends a connection that does not answer.
 *
 * Traffic only notes the time; timers are set again when they fire. So a busy connection pays one
 * clock reading per message (RawSocket: per read) and no timer.
 *
 * @module
 */

import type { KeepaliveOptions } from "#config/node-config.ts";

/** What keepalive does to its connection and asks of it. */
export interface KeepaliveTarget {
  /** Sends a ping; its payload is borrowed. */
  ping(payload: Uint8Array): void;
  /** While we do not read, no answer can reach us. */
  isPaused(): boolean;
  /** The other side did not answer in time. */
  expire(): void;
}

/** Largest payload of a WebSocket's control frame (RFC 6455, section 5.5); the same for all. */
const largestControlPayload = 125;
const counterOctets = 4;

/** The payload of whichever ping is being sent: a counter, and zeros up to the size. */
const payloadRoom = Buffer.alloc(largestControlPayload);

/** Pings one connection, by `auto_ping_interval` and its companions. */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  readonly #target: KeepaliveTarget;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #counter = 0;
  /** When the other side last gave a sign of life that counts, and when the wait for one began. */
  #heardAt = performance.now();
  #waitingSince = 0;

  /** Begins at once; with an `auto_ping_interval` of 0 no ping is ever sent. */
  constructor(options: KeepaliveOptions, target: KeepaliveTarget) {
    this.#options = options;
    this.#target = target;
    this.#waitForInterval(options.auto_ping_interval);
  }

  /** Notes that a message or a control frame arrived. */
  heard(): void {
    if (this.#options.auto_ping_restart_on_any_traffic) this.#heardAt = performance.now();
  }

  /** Notes a pong; one that does not answer our last ping is only traffic. */
  heardPong(payload: Uint8Array): void {
    if (this.#isAnswer(payload)) this.#heardAt = performance.now();
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
    if (this.#options.auto_ping_interval === 0) return;
    // No closure, for there are as many of these timers as idle connections.
    this.#timer = setTimeout(Keepalive.#intervalPassed, delayMs, this);
  }

  static #intervalPassed(keepalive: Keepalive): void {
    keepalive.#onInterval();
  }

  #onInterval(): void {
    const { auto_ping_interval, auto_ping_timeout } = this.#options;
    const quietMs = performance.now() - this.#heardAt;
    if (this.#options.auto_ping_restart_on_any_traffic && quietMs < auto_ping_interval) {
      this.#waitForInterval(auto_ping_interval - quietMs);
      return;
    }
    this.#counter = (this.#counter + 1) >>> 0;
    this.#waitingSince = performance.now();
    const pingedAt = this.#waitingSince;
    if (auto_ping_timeout === 0) this.#waitForInterval(auto_ping_interval);
    else this.#timer = setTimeout(() => this.#onTimeout(pingedAt), auto_ping_timeout);
    // Last, for a connection that turns out to be over while it is written to stops this.
    this.#target.ping(this.#payload());
  }

  #onTimeout(pingedAt: number): void {
    const { auto_ping_interval, auto_ping_timeout } = this.#options;
    const leftMs = this.#waitingSince + auto_ping_timeout - performance.now();
    if (this.#heardAt >= pingedAt) {
      this.#waitForInterval(Math.max(0, pingedAt + auto_ping_interval - performance.now()));
    } else if (this.#target.isPaused()) {
      this.#timer = setTimeout(() => this.#onTimeout(pingedAt), auto_ping_timeout);
    } else if (leftMs > 1) {
      this.#timer = setTimeout(() => this.#onTimeout(pingedAt), leftMs);
    } else {
      this.#target.expire();
    }
  }

  #payload(): Uint8Array {
    payloadRoom.writeUInt32BE(this.#counter);
    return payloadRoom.subarray(0, this.#size);
  }

  /** Whether a pong carries the payload of our last ping, all of it. */
  #isAnswer(pong: Uint8Array): boolean {
    return this.#counter > 0 && Buffer.compare(pong, this.#payload()) === 0;
  }

  get #size(): number {
    const { auto_ping_size } = this.#options;
    return Math.min(largestControlPayload, Math.max(counterOctets, auto_ping_size));
  }
}
