/**
 * BackPressure: slows down the sender of a session's messages while their receiver does not read.
 *
 *     octets that wait for the receiver
 *     0 ... max_buffered        both sides are read
 *       ... 2 x max_buffered    the stall timer runs; pings of the sender are still answered
 *       beyond                  the sender is not read until the receiver has taken what waits
 *
 * While too much waits for all clients of the worker, the sender is not read from the first step on, which is
 * then at 64 KiB.
 *
 * Amid a long message that is forwarded while it arrives, the sender is not read as soon as much of it waits.
 *
 * A receiver that took less than half of `max_buffered` within `stall_timeout` is stalled, so a slow
 * reader of one large message is not.
 *
 * The sender is not read either while ERRORs for its own messages wait for it, or while a long message of it
 * is in another thread.
 *
 * @module
 */

import { outgoingMemory } from "#base/outgoing-memory.ts";
import type { BufferOptions } from "#config/options/session-config.ts";
import type { Peer } from "#wamp/peer.ts";

/** One of the two ends of a session. */
export type Side = "client" | "router";

/** The peer whose messages are forwarded, as far as it is slowed down here. */
type Sender = Pick<Peer, "pause" | "resume" | "bufferedOctets">;

/** The peer that messages are sent to. */
type Receiver = Pick<Peer, "bufferedOctets">;

/** Observes a side that is stalled. */
export interface StallObserver {
  onStalled(side: Side): void;
}

/** Why the sender is not read: bits, because several reasons may hold at the same time. */
const RECEIVER_BEHIND = 1;
const SENDER_BEHIND = 2;
const MESSAGE_IN_THREAD = 4;

/** Slows `from` down to the speed at which `to` reads. */
export class BackPressure {
  readonly #from: Sender;
  readonly #to: Receiver;
  readonly #options: BufferOptions;
  readonly #side: Side;
  readonly #observer: StallObserver;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #reasons = 0;
  /** The answers that `from` is sent for its own messages; undefined: it always took them. */
  #answers: BackPressure | undefined;
  /** The session is over: what is still in another thread is discarded. */
  isStopped = false;
  #isBehind = false;
  /** Octets that waited when the timer was started, and that were sent since. */
  #owed = 0;

  /** `side` is which end of the session `to` is. */
  constructor(
    from: Sender,
    to: Receiver,
    options: BufferOptions,
    { side, observer }: { side: Side; observer: StallObserver },
  ) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
    this.#side = side;
    this.#observer = observer;
  }

  /** `to` was sent a message of this many octets, and more than `max_buffered` wait for it. */
  behind(octets: number): void {
    const { max_buffered, max_outgoing } = this.#options;
    const isFarBehind = this.#to.bufferedOctets > 2 * max_buffered;
    const isScarce = this.#side === "client" && outgoingMemory.isScarce(max_outgoing);
    if (isFarBehind || isScarce) this.#pause(RECEIVER_BEHIND);
    this.#noteBehind(octets);
  }

  /** `to` was sent so many octets of a message that has not arrived whole, and takes no more at present. */
  behindAmidMessage(octets: number): void {
    this.#pause(RECEIVER_BEHIND);
    this.#noteBehind(octets);
  }

  #noteBehind(octets: number): void {
    this.#owed += octets;
    if (this.#isBehind) return;
    this.#isBehind = true;
    this.#startTimer();
  }

  /** `to` has taken all that waited for it. */
  drained(): void {
    this.#stopTimer();
    this.#resume(RECEIVER_BEHIND);
  }

  /** `from` was sent an answer to its own message, and more than `max_buffered` wait for it. */
  senderBehind(octets: number): void {
    const side = this.#side === "client" ? "router" : "client";
    const sender = {
      bufferedOctets: 0,
      pause: () => this.#pause(SENDER_BEHIND),
      resume: () => this.#resume(SENDER_BEHIND),
    };
    const roles = { side, observer: this.#observer } as const;
    this.#answers ??= new BackPressure(sender, this.#from, this.#options, roles);
    this.#answers.behind(octets);
  }

  /** `from` has taken all that waited for it. */
  senderDrained(): void {
    this.#answers?.drained();
  }

  /** A message of `from` is in another thread, and the next ones must not overtake it. */
  hold(): void {
    this.#pause(MESSAGE_IN_THREAD);
  }

  /** The message has come back from the other thread. */
  release(): void {
    this.#resume(MESSAGE_IN_THREAD);
  }

  /** The session is over: reads `from` again, and does not call the observer any more. */
  stop(): void {
    this.isStopped = true;
    this.drained();
    this.senderDrained();
    this.release();
  }

  #stopTimer(): void {
    this.#isBehind = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #pause(reason: number): void {
    if (this.#reasons === 0) this.#from.pause();
    this.#reasons |= reason;
  }

  #resume(reason: number): void {
    if ((this.#reasons & reason) === 0) return;
    this.#reasons &= ~reason;
    if (this.#reasons === 0) this.#from.resume();
  }

  #startTimer(): void {
    const { max_buffered, stall_timeout } = this.#options;
    if (stall_timeout === 0) return;
    this.#owed = this.#to.bufferedOctets;
    this.#timer = setTimeout(() => {
      const taken = this.#owed - this.#to.bufferedOctets;
      if (taken < max_buffered / 2) this.#observer.onStalled(this.#side);
      else this.#startTimer();
    }, stall_timeout);
  }
}
