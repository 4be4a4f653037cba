/**
 * TopicFeed: one topic as one client, or as none, and its listeners.
 *
 * An event is printed once, and every listener is sent the same octets. Where the router keeps events, listeners that
 * come back ask for those that they have missed; many share an answer.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { Logger } from "#observe/logger.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import type {
  OpenSubscription,
  TopicEvent,
  TopicReceiver,
  WampCaller,
  WampSubscription,
} from "#wamp/wamp-caller.ts";
import { eventText, type PrintedEvent } from "./event-text.ts";
import { type KeptEvent, readKeptEvents } from "./kept-events.ts";

/** Most events of a topic that are asked for; without a word Crossbar keeps 100. */
const MAX_KEPT_EVENTS = 1_000;

/** Time for the router to tell which events it keeps. */
const KEPT_EVENTS_TIMEOUT_MS = 2_000;

/** Gets the printed events of its topics. */
export interface EventSink {
  /** `topic` is the place of the topic among those of the sink. */
  onTopicEvent(topic: number, event: PrintedEvent): void;
  /** No event follows: the router is lost. */
  onFeedEnd(): void;
}

/** An event that was published before, as it is sent. */
export interface PrintedKeptEvent extends PrintedEvent, Pick<KeptEvent, "time"> {}

/** One topic, and its listeners. */
export class TopicFeed implements TopicReceiver {
  /** With the place of the topic among those of the sink. */
  readonly sinks = new Map<EventSink, number>();
  readonly #log: Logger;
  readonly #topic: string;
  readonly #onEnd: () => void;
  /**
   * Resolves when the router has taken the subscription, and has said whether it keeps events; rejects with what
   * `WampCaller.subscribe` throws.
   */
  readonly subscribed: Promise<void>;
  /** Null: the router has not taken it. */
  #subscription: OpenSubscription | null = null;
  #keepsEvents = false;
  #lastPublication = 0;
  /** The router is asked at present, or was. */
  #asking: Promise<unknown> = Promise.resolve();
  /** The next answer; null: there is none to wait for. */
  #nextAnswer: Promise<readonly PrintedKeptEvent[] | null> | null = null;

  constructor(
    caller: WampCaller,
    target: Omit<WampSubscription, "receiver">,
    log: Logger,
    onEnd: () => void,
  ) {
    this.#log = log;
    this.#topic = target.pattern.topic;
    this.#onEnd = onEnd;
    this.subscribed = this.#subscribe(caller, target);
  }

  get isSubscribed(): boolean {
    return this.#subscription !== null;
  }

  /** The last publication, 0 before the first one; null: the router keeps no events. */
  get position(): number | null {
    return this.#keepsEvents ? this.#lastPublication : null;
  }

  /**
   * What the router keeps, the oldest first; null: it does not say. Listeners that ask while an answer is awaited share
   * the next one, because that answer may be older than they are.
   */
  keptEvents(): Promise<readonly PrintedKeptEvent[] | null> {
    this.#nextAnswer ??= this.#asking.then(() => {
      this.#nextAnswer = null;
      const answer = this.#askForEvents();
      // Without the events, which would stay in memory.
      this.#asking = answer.then(() => {});
      return answer;
    });
    return this.#nextAnswer;
  }

  close(): void {
    this.#subscription?.leave();
  }

  onEvent(event: TopicEvent): void {
    this.#lastPublication = event.publication;
    const printed = this.#print(event);
    if (printed === undefined) return;
    for (const [sink, topic] of this.sinks) sink.onTopicEvent(topic, printed);
  }

  onEnd(): void {
    this.#onEnd();
    for (const sink of [...this.sinks.keys()]) sink.onFeedEnd();
  }

  async #subscribe(caller: WampCaller, target: Omit<WampSubscription, "receiver">): Promise<void> {
    this.#subscription = await caller.subscribe({ ...target, receiver: this });
    const [newest] = (await this.#ask(1)) ?? [];
    this.#lastPublication ||= newest?.publication ?? 0;
  }

  async #askForEvents(): Promise<readonly PrintedKeptEvent[] | null> {
    if (!this.#keepsEvents) return null;
    const kept = await this.#ask(MAX_KEPT_EVENTS);
    if (kept === undefined) this.#log.warn("missed events not sent", { topic: this.#topic });
    const printed = kept?.flatMap((event) => {
      const text = this.#print(event);
      return text === undefined ? [] : [{ ...text, time: event.time }];
    });
    return printed ?? null;
  }

  /** The last events that the router keeps; undefined: none, or it does not say. */
  async #ask(most: number): Promise<KeptEvent[] | undefined> {
    const signal = AbortSignal.timeout(KEPT_EVENTS_TIMEOUT_MS);
    try {
      const answer = await this.#subscription?.keptEvents(most, signal);
      // Crossbar answers so for a while when it has just forgotten one of several entries for the oldest event.
      const isForgetting = answer?.kind === "error" && this.#keepsEvents && most > 1;
      if (isForgetting) return this.#ask(Math.floor(most / 2));
      const kept = answer && readKeptEvents(answer);
      this.#keepsEvents ||= kept !== undefined;
      return kept;
    } catch (thrown) {
      this.#log.debug("kept events not read", { topic: this.#topic, reason: sentenceOf(thrown) });
      return undefined;
    }
  }

  /** Undefined: JSON cannot represent it. */
  #print(event: TopicEvent): PrintedEvent | undefined {
    try {
      return eventText(event);
    } catch (thrown) {
      if (!(thrown instanceof UnrepresentableValue || thrown instanceof MalformedMessage))
        throw thrown;
      this.#log.warn("event left out", { topic: event.topic, reason: thrown.message });
      return undefined;
    }
  }
}
