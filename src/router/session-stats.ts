/**
 * SessionStats: counts the messages of one session, in both directions, and publishes the counts as Crossbar does.
 *
 *     wamp.session.on_stats({realm, session, authid, authrole}, {cycle, serializer, timestamp, duration,
 *                            bytes, messages, rated_messages, first, last})
 *
 * Every count begins with 0 when the one before was published. The events are messages too, so that a session that
 * subscribes to them could cause one with each: of one session they are at least `LEAST_INTERVAL_MS` apart.
 *
 * @module
 */

import type { StatsConfig } from "#config/realm/realm-config.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";

/** Least time between two events of one session, but for the last one. */
export const LEAST_INTERVAL_MS = 100;

/** What is published of a session. */
export interface PublishedStats {
  /** Number of the event among those of its session, from 1 on. */
  cycle: number;
  serializer: SerializerName;
  /** When the count began, in nanoseconds of the epoch. */
  timestamp: bigint;
  /** How long it took, in nanoseconds. */
  duration: number;
  bytes: number;
  messages: number;
  /** How many messages these are if a longer one than `rated_message_size` counts as several. */
  rated_messages: number;
  first: boolean;
  last: boolean;
}

/** The counts of one joined session. */
export class SessionStats {
  readonly #config: StatsConfig;
  readonly #serializer: SerializerName;
  readonly #publish: (stats: PublishedStats) => void;
  #octets = 0;
  #messages = 0;
  #rated = 0;
  #cycle = 0;
  /** When the count began, by `performance.now`. */
  #begun = performance.now();
  /** Whether an event is to be published as soon as the present message is handled. */
  #isDue = false;
  #isOver = false;

  /** `publish` is called when nothing is being sent. */
  constructor(
    config: StatsConfig,
    serializer: SerializerName,
    publish: (stats: PublishedStats) => void,
  ) {
    this.#config = config;
    this.#serializer = serializer;
    this.#publish = publish;
  }

  /** The session has joined. */
  begin(): void {
    if (this.#config.trigger_on_join) this.#publishNow(false);
  }

  /** Counts a message of so many octets. */
  count(octets: number): void {
    this.#octets += octets;
    this.#messages += 1;
    this.#rated += Math.ceil(octets / this.#config.rated_message_size);
    if (this.#isDue || !this.#hasEnough()) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      if (!this.#isOver) this.#publishNow(false);
    });
  }

  /** The session has left. */
  end(): void {
    this.#isOver = true;
    if (this.#config.trigger_on_leave) this.#publishNow(true);
  }

  #hasEnough(): boolean {
    const { trigger_after_rated_messages: rated, trigger_after_duration: duration } = this.#config;
    if (duration === 0 && (rated === 0 || this.#rated < rated)) return false;
    const milliseconds = performance.now() - this.#begun;
    if (milliseconds < LEAST_INTERVAL_MS) return false;
    return (rated > 0 && this.#rated >= rated) || milliseconds * 1e6 >= duration;
  }

  #publishNow(last: boolean): void {
    this.#cycle += 1;
    const now = performance.now();
    const begun = performance.timeOrigin + this.#begun;
    const stats: PublishedStats = {
      cycle: this.#cycle,
      serializer: this.#serializer,
      timestamp: BigInt(Math.round(begun * 1e3)) * 1_000n,
      duration: Math.round((now - this.#begun) * 1e6),
      bytes: this.#octets,
      messages: this.#messages,
      rated_messages: this.#rated,
      first: this.#cycle === 1,
      last,
    };
    this.#octets = 0;
    this.#messages = 0;
    this.#rated = 0;
    this.#begun = now;
    this.#publish(stats);
  }
}
