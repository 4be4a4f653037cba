/**
 * Keepalive: pings the other side of one connection at an interval, and reports a missing answer.
 *
 * A client that reads slowly has to read first what was sent before the ping. So the time for the answer
 * begins when the ping has been delivered to the system of the other side, and grows with the octets that
 * may wait there. The time in which the connection is not read does not count.
 *
 * Traffic only notes the time; timers are set again when they fire, or once for each ping. So a busy
 * connection costs one clock reading per read and no timer.
 *
 * @module
 */

import type { KeepaliveOptions } from "#config/options/session-config.ts";
import { pingTimes } from "#observe/ping-times.ts";
import { type SentOctets, sentOctets } from "./system-calls.ts";

/** The connection, as keepalive sees it. */
export interface KeepaliveTarget {
  /** The file descriptor of its socket; undefined in tests. */
  readonly descriptor: number | undefined;
  /** Octets that wait in this process. */
  readonly bufferedOctets: number;
  /** A clock in milliseconds that stands still while the connection is not read. */
  readonly readingMs: number;
  /** False: a ping would have to wait for the end of a long message; absent: it never has to. */
  readonly mayPing?: boolean;
  /** Sends a ping; its payload is borrowed. */
  ping(payload: Uint8Array): void;
  /** Whether the connection is not read at present, so that no answer can arrive. */
  isPaused(): boolean;
  /** The other side did not answer a ping in time. */
  onPingTimeout(): void;
}

/** Longest payload of a WebSocket control frame (RFC 6455, section 5.5); kept on RawSocket too. */
const MAX_PING_OCTETS = 125;
const COUNTER_DIGITS = 4;

/** Most octets that are expected to wait in the system of the other side. */
const MAX_UNREAD_OCTETS = 16 * 1024 * 1024;

/** A client that reads slower than this, in octets for each millisecond, may be cut off. */
const SLOW_OCTETS_PER_MS = 64;

/**
 * A system whose buffer is full may take nothing until a part of it is free again, which it is in this time at the
 * latest where its client reads: of Linux a sixteenth, for which 1 MiB is much.
 */
const FULL_BUFFER_MS = (1024 * 1024) / SLOW_OCTETS_PER_MS;

/** An answer may have arrived while the connection was not read: so long it is read first, once its time is over. */
const RESUMED_MS = 100;

/**
 * The payload of the ping that is being sent: a counter in decimal digits, with zeros before it up to the
 * configured size. ASCII, because some clients read it as text.
 */
const pingPayload = Buffer.alloc(MAX_PING_OCTETS);

/** A ping that is not answered yet. */
interface AwaitedAnswer {
  /** When it is due, by the clock of reading. */
  dueAt: number;
  /** When reading resumed since the ping; -Infinity: not yet. */
  resumedAt: number;
  /** The number of delivered octets beyond which the ping has been delivered. */
  pingPosition: number;
  /** The number of delivered octets when it was last asked for; Infinity: nothing was before the ping. */
  deliveredBefore: number;
  /** Further time for the answer, for what may wait unread in the system of the other side. */
  readingMs: number;
  /** Further time in which nothing need be delivered, as long as the ping is not. */
  standstillMs: number;
}

/** Pings one connection, by `auto_ping_interval` and its companions. */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  readonly #target: KeepaliveTarget;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #counter = 0;
  /** When the last ping was sent; 0: there was none, or its pong has come. */
  #pingedAt = 0;
  /** Undefined: the last ping is answered, or there is no time for the answer. */
  #awaited: AwaitedAnswer | undefined;
  /** When the other side last showed that it is alive. */
  #aliveAt = performance.now();
  /** How often the socket has drained: a measure of delivery where the system has no better one. */
  #drains = 0;
  /** The number of delivered octets at the last answer. */
  #deliveredAtAnswer = 0;

  /** Starts at once; with an `auto_ping_interval` of 0 no ping is ever sent. */
  constructor(options: KeepaliveOptions, target: KeepaliveTarget) {
    this.#options = options;
    this.#target = target;
    this.#waitForInterval(options.auto_ping_interval);
  }

  /** Notes that octets arrived. */
  noteTraffic(): void {
    if (!this.#options.auto_ping_restart_on_any_traffic) return;
    this.#aliveAt = performance.now();
    if (this.#awaited !== undefined) this.#answered();
  }

  /** Notes a pong; a pong that does not answer the last ping counts as traffic. */
  notePong(payload: Uint8Array): void {
    if (!this.#isAnswer(payload)) {
      this.noteTraffic();
      return;
    }
    this.#aliveAt = performance.now();
    if (this.#pingedAt > 0) pingTimes.observe((this.#aliveAt - this.#pingedAt) / 1000);
    this.#pingedAt = 0;
    if (this.#awaited !== undefined) this.#answered();
  }

  /** Notes that the system has taken octets that waited in this process. */
  noteDrained(): void {
    this.#drains += 1;
  }

  /** Notes that reading has resumed. */
  noteResumed(): void {
    if (this.#awaited !== undefined) this.#awaited.resumedAt = performance.now();
  }

  /** Stops for good. */
  stop(): void {
    this.#awaited = undefined;
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
    // What waits for the rest of a message has deadlines of its own.
    if (this.#target.mayPing === false) {
      this.#waitForInterval(auto_ping_interval);
      return;
    }
    this.#counter += 1;
    this.#pingedAt = performance.now();
    if (auto_ping_timeout === 0) this.#waitForInterval(auto_ping_interval);
    else this.#waitForAnswer(auto_ping_timeout);
    // Last, because a connection that fails during this write stops the keepalive.
    this.#target.ping(this.#payload());
  }

  #waitForAnswer(timeoutMs: number): void {
    const { delivered, pending } = this.#delivery();
    const pingPosition = delivered + pending;
    const unread = Math.min(MAX_UNREAD_OCTETS, pingPosition - this.#deliveredAtAnswer);
    this.#awaited = {
      dueAt: 0,
      resumedAt: Number.NEGATIVE_INFINITY,
      pingPosition,
      deliveredBefore: pending === 0 ? Number.POSITIVE_INFINITY : delivered,
      readingMs: unread / SLOW_OCTETS_PER_MS,
      standstillMs: pending === 0 ? 0 : standstillMs(timeoutMs),
    };
    this.#extend(this.#awaited, timeoutMs);
  }

  /** The other side lives: the next ping follows after an interval, as in autobahn. */
  #answered(): void {
    this.#awaited = undefined;
    this.#deliveredAtAnswer = this.#delivery().delivered;
    clearTimeout(this.#timer);
    this.#waitForInterval(this.#options.auto_ping_interval);
  }

  #onTimeout(awaited: AwaitedAnswer): void {
    const { auto_ping_timeout } = this.#options;
    const leftMs = awaited.dueAt - this.#target.readingMs;
    if (leftMs > 1) {
      const isPaused = this.#target.isPaused();
      this.#waitAgain(awaited, isPaused ? Math.max(leftMs, RESUMED_MS) : leftMs);
    } else if (this.#hasDelivered(awaited)) {
      awaited.standstillMs = standstillMs(auto_ping_timeout);
      this.#extend(awaited, auto_ping_timeout);
    } else {
      const furtherMs = takeFurtherMs(awaited);
      if (furtherMs > 1) this.#extend(awaited, furtherMs);
      else if (leftMs > -auto_ping_timeout && this.#mayHaveUnreadAnswer(awaited))
        this.#waitAgain(awaited, RESUMED_MS);
      else this.#target.onPingTimeout();
    }
  }

  /** Whether the connection is not read, or is read again for a moment only. */
  #mayHaveUnreadAnswer({ resumedAt }: AwaitedAnswer): boolean {
    return this.#target.isPaused() || performance.now() - resumedAt < RESUMED_MS;
  }

  /** Whether the ping had not been delivered the last time, and more octets have been since. */
  #hasDelivered(awaited: AwaitedAnswer): boolean {
    const before = awaited.deliveredBefore;
    const { delivered } = this.#delivery();
    awaited.deliveredBefore = delivered;
    return before <= awaited.pingPosition && delivered > before;
  }

  /** Gives the other side so much time for its answer, from now on. */
  #extend(awaited: AwaitedAnswer, timeMs: number): void {
    awaited.dueAt = this.#target.readingMs + timeMs;
    this.#waitAgain(awaited, timeMs);
  }

  #waitAgain(awaited: AwaitedAnswer, delayMs: number): void {
    this.#timer = setTimeout(() => this.#onTimeout(awaited), delayMs);
  }

  #delivery(): SentOctets {
    const waiting = this.#target.bufferedOctets;
    const { descriptor } = this.#target;
    const sent = descriptor === undefined ? null : sentOctets(descriptor);
    if (sent === null) return { delivered: this.#drains, pending: waiting };
    return { ...sent, pending: sent.pending + waiting };
  }

  #payload(): Uint8Array {
    const { auto_ping_size } = this.#options;
    const size = Math.min(MAX_PING_OCTETS, Math.max(COUNTER_DIGITS, auto_ping_size));
    const digits = String(this.#counter).padStart(size, "0").slice(-size);
    return pingPayload.subarray(0, pingPayload.latin1Write(digits, 0));
  }

  /** Whether a pong carries the whole payload of the last ping. */
  #isAnswer(pong: Uint8Array): boolean {
    return this.#counter > 0 && Buffer.compare(pong, this.#payload()) === 0;
  }
}

/** Further time, once: for the answer when the ping has been delivered, else for its delivery; 0: none. */
function takeFurtherMs(awaited: AwaitedAnswer): number {
  const isDelivered = awaited.deliveredBefore > awaited.pingPosition;
  const { readingMs, standstillMs } = awaited;
  awaited.standstillMs = 0;
  if (!isDelivered) return standstillMs;
  awaited.readingMs = 0;
  return readingMs;
}

/** The time beyond `auto_ping_timeout` in which nothing need be delivered. */
function standstillMs(timeoutMs: number): number {
  return Math.max(0, FULL_BUFFER_MS - timeoutMs);
}
