/**
 * PeerQuestions: what a member asks the others, all of whom answer with a list.
 *
 *     ask      [number, question, …]
 *     answer   [number, list]
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { ClusterTable } from "./cluster-table.ts";
import { PeerKind, type PeerMessages } from "./peer-messages.ts";

/** What is asked for: the subscribers of a subscription, or the subscriptions of a session. */
export type Question = "subscribers" | "subscriptions";

interface Pending {
  readonly waiting: Set<string>;
  readonly found: number[];
  readonly end: PromiseWithResolvers<number[]>;
  readonly timer: Timer;
}

/** The questions of one member, and its answers. */
export class PeerQuestions {
  readonly #table: ClusterTable;
  readonly #peers: PeerMessages;
  readonly #timeoutMs: number;
  readonly #pending = new Map<number, Pending>();
  #last = 0;

  /** `answer` finds the ids for a question about an id. */
  constructor(
    table: ClusterTable,
    peers: PeerMessages,
    timeoutMs: number,
    answer: (question: Question, id: number) => Iterable<number>,
  ) {
    this.#table = table;
    this.#peers = peers;
    this.#timeoutMs = timeoutMs;
    peers.on(PeerKind.ask, (from, [number, question, id]) => {
      const found = [...answer(question as Question, Number(id))];
      peers.send(from, PeerKind.found, [number, found]);
    });
    peers.on(PeerKind.found, (from, [number, found]) => {
      this.#take(Number(number), from, Array.isArray(found) ? found.map(Number) : []);
    });
    table.observe({
      gone: (member) => {
        for (const number of [...this.#pending.keys()]) this.#take(number, member, []);
      },
      apart: () => this.#fail("the other workers cannot be reached"),
    });
  }

  /**
   * The ids that the others have, in all.
   *
   * @throws Failure (`wamp.error.unavailable`) when one of them does not answer.
   */
  async ask(question: Question, id: number): Promise<number[]> {
    const waiting = new Set(this.#table.isCurrent ? this.#table.members : []);
    if (waiting.size === 0) return [];
    const number = ++this.#last;
    // Where it cannot be sent, nothing waits.
    this.#peers.sendAll(PeerKind.ask, [number, question, id]);
    const end = Promise.withResolvers<number[]>();
    const timer = setTimeout(() => {
      this.#pending.delete(number);
      end.reject(unavailable("another worker does not answer"));
    }, this.#timeoutMs);
    this.#pending.set(number, { waiting, found: [], end, timer });
    return end.promise;
  }

  #take(number: number, member: string, found: readonly number[]): void {
    const pending = this.#pending.get(number);
    if (!pending?.waiting.delete(member)) return;
    pending.found.push(...found);
    if (pending.waiting.size > 0) return;
    clearTimeout(pending.timer);
    this.#pending.delete(number);
    pending.end.resolve(pending.found);
  }

  #fail(state: string): void {
    for (const { timer, end } of this.#pending.values()) {
      clearTimeout(timer);
      end.reject(unavailable(state));
    }
    this.#pending.clear();
  }
}

function unavailable(state: string): Failure {
  return new Failure(`Cannot look into the realm: ${state}`, {
    source: "router",
    uri: ErrorUri.unavailable,
  });
}
