/**
 * EventTurns: bounds the time that one turn of the event loop spends on connections that send faster than
 * their messages are handled, so that all other connections are served in between.
 *
 *     turn 1    read of A: messages until the time is up; the rest of the read waits
 *               read of B: a few messages, handled whatever the time
 *     turn 2    rest of A, then of other connections that wait, until the time is up
 *
 * The time of a turn is measured only once a connection has handled many messages in it.
 *
 * @module
 */

/** Time for connections with many messages, in milliseconds; the longest single message comes on top. */
const TURN_MS = 10;

/** A connection that waits for a turn, to read or to write. */
export interface TurnTaker {
  /** Goes on with what waits, until the turn has no time left. */
  takeTurn(): void;
}

/** The turns of one event loop. */
export class EventTurns {
  readonly #now: () => number;
  readonly #nextTurn: (begin: () => void) => void;
  readonly #waiting: TurnTaker[] = [];
  /** When the present turn is over; 0: it is not measured yet. */
  #endsAt = 0;

  /** `now` gives milliseconds; `nextTurn` calls `begin` in the next turn of the event loop. */
  constructor(
    now: () => number = () => performance.now(),
    nextTurn: (begin: () => void) => void = setImmediate,
  ) {
    this.#now = now;
    this.#nextTurn = nextTurn;
  }

  /** Whether the present turn has time left for a connection with many messages. */
  hasTime(): boolean {
    const now = this.#now();
    if (this.#endsAt === 0) this.#measure(now);
    return now < this.#endsAt;
  }

  /** Has a connection continue in a later turn, after those that wait already. */
  wait(connection: TurnTaker): void {
    this.#waiting.push(connection);
    if (this.#endsAt === 0) this.#measure(this.#now());
  }

  #measure(now: number): void {
    this.#endsAt = now + TURN_MS;
    this.#nextTurn(() => this.#begin());
  }

  #begin(): void {
    this.#endsAt = 0;
    while (this.#waiting.length > 0 && this.hasTime()) this.#waiting.shift()?.takeTurn();
  }
}

/** The turns of this process, whose connections share one event loop. */
export const eventTurns = new EventTurns();
