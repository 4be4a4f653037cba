/**
 * Keepalive: pings the other side of one connection at an interval, and reports a missing answer.
 *
 * Traffic only notes the time; timers are set again when they fire. So a busy connection costs one
 * clock reading per message (RawSocket: per read) and no timer.
 *
 * @module
 */

import type { KeepaliveOptions } from "#config/node-config.ts";

/** The connection, as keepalive sees it. */
export interface KeepaliveTarget {
  /** Sends a ping; its payload is borrowed. */
  ping(payload: Uint8Array): void;
  /** Whether the connection is not read at present, so that no answer can arrive. */
  isPaused(): boolean;
  /** The other side did not answer a ping in time. */
  onPingTimeout(): void;
}

/** Longest payload of a WebSocket control frame (RFC 6455, section 5.5); kept on RawSocket too. */
const MAX_PING_OCTETS = 125;
const COUNTER_OCTETS = 4;

/** The payload of the ping that is being sent: a counter, then zeros up to the configured size. */
const pingPayload = Buffer.alloc(MAX_PING_OCTETS);

/** Pings one connection, by `auto_ping_interval` and its companions. */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  readonly #target: KeepaliveTarget;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #counter = 0;
  /** When the other side last showed that it is alive, and when the wait for an answer began. */
  #aliveAt = performance.now();
  #waitingSince = 0;

  /** Starts at once; with an `auto_ping_interval` of 0 no ping is ever sent. */
  constructor(options: KeepaliveOptions, target: KeepaliveTarget) {
    this.#options = options;
    this.#target = target;
    this.#waitForInterval(options.auto_ping_interval);
  }

  /** Notes that a message or a control frame arrived. */
  noteTraffic(): void {
    if (this.#options.auto_ping_restart_on_any_traffic) this.#aliveAt = performance.now();
  }

  /** Notes a pong; a pong that does not answer the last ping counts as traffic. */
  notePong(payload: Uint8Array): void {
    if (this.#isAnswer(payload)) this.#aliveAt = performance.now();
    else this.noteTraffic();
  }

  /** Notes that reading has resumed: the time for an answer begins again. */
  noteResumed(): void {
    this.#waitingSince = performance.now();
  }

  /** Stops for good. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #waitForInterval(delayMs: number): void {
    if (this.#options.auto_ping_interval === 0) return;
    // No closure, because every idle connection has such a timer.
    this.#timer = setTimeout(Keepalive.#intervalPassed, delayMs, this);
  }

  static #intervalPassed(keepalive: Keepalive): void {
    keepalive.#onInterval();
  }

  #onInterval(): void {
    const { auto_ping_interval, auto_ping_timeout } = this.#options;
    const quietMs = performance.now() - this.#aliveAt;
    if (this.#options.auto_ping_restart_on_any_traffic && quietMs < auto_ping_interval) {
      this.#waitForInterval(auto_ping_interval - quietMs);
      return;
    }
    this.#counter = (this.#counter + 1) >>> 0;
    this.#waitingSince = performance.now();
    const pingedAt = this.#waitingSince;
    if (auto_ping_timeout === 0) this.#waitForInterval(auto_ping_interval);
    else this.#timer = setTimeout(() => this.#onTimeout(pingedAt), auto_ping_timeout);
    // Last, because a connection that fails during this write stops the keepalive.
    this.#target.ping(this.#payload());
  }

  #onTimeout(pingedAt: number): void {
    const { auto_ping_interval, auto_ping_timeout } = this.#options;
    const leftMs = this.#waitingSince + auto_ping_timeout - performance.now();
    if (this.#aliveAt >= pingedAt) {
      this.#waitForInterval(Math.max(0, pingedAt + auto_ping_interval - performance.now()));
    } else if (this.#target.isPaused()) {
      this.#timer = setTimeout(() => this.#onTimeout(pingedAt), auto_ping_timeout);
    } else if (leftMs > 1) {
      this.#timer = setTimeout(() => this.#onTimeout(pingedAt), leftMs);
    } else {
      this.#target.onPingTimeout();
    }
  }

  #payload(): Uint8Array {
    pingPayload.writeUInt32BE(this.#counter);
    return pingPayload.subarray(0, this.#size);
  }

  /** Whether a pong carries the whole payload of the last ping. */
  #isAnswer(pong: Uint8Array): boolean {
    return this.#counter > 0 && Buffer.compare(pong, this.#payload()) === 0;
  }

  get #size(): number {
    const { auto_ping_size } = this.#options;
    return Math.min(MAX_PING_OCTETS, Math.max(COUNTER_OCTETS, auto_ping_size));
  }
}
