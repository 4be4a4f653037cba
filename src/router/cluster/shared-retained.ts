/**
 * SharedRetained: the retained events of a realm on all of its workers.
 *
 * Of two events of one topic the later one stays, by the clocks of their workers, on all workers the same. A worker that
 * comes later asks one of the others for all of them.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { Logger } from "#observe/logger.ts";
import { type KeptPublication, keptPublication } from "#router/publication.ts";
import type { PublishRequest } from "#router/requests.ts";
import type { RetainedEvents } from "#router/retained-events.ts";
import type { ClusterTable } from "./cluster-table.ts";
import {
  publicationValues,
  type ReceiverLists,
  readPublication,
  receiverLists,
  type SentPublication,
} from "./event-message.ts";
import { PeerKind, type PeerMessages } from "./peer-messages.ts";

/** Which of two events of a topic is the later one. */
interface Age {
  /** Milliseconds of the epoch. */
  readonly time: number;
  readonly publication: number;
  readonly lists: ReceiverLists | undefined;
}

/** Keeps the retained events of this worker and those of others the same. */
export class SharedRetained {
  readonly #retained: RetainedEvents;
  readonly #table: ClusterTable;
  readonly #peers: PeerMessages;
  readonly #log: Logger;
  readonly #ages = new Map<string, Age>();
  /** The topics of those that the others do not know. */
  readonly #unsent = new Set<string>();

  constructor(retained: RetainedEvents, table: ClusterTable, peers: PeerMessages, log: Logger) {
    this.#retained = retained;
    this.#table = table;
    this.#peers = peers;
    this.#log = log;
    peers.on(PeerKind.retain, (_, [time, ...values]) => this.#take(Number(time), values));
    peers.on(PeerKind.askRetained, (from) => this.#answer(from));
    table.observe({ current: () => this.#exchange() });
  }

  /** A client of this worker has had an event retained; those that are made while the engine is away follow later. */
  add(publication: SentPublication, options: PublishRequest["options"]): void {
    const age = { time: Date.now(), publication: publication.id, lists: receiverLists(options) };
    this.#ages.set(publication.topic, age);
    if (this.#table.isCurrent) {
      this.#peers.sendAll(PeerKind.retain, [
        age.time,
        ...publicationValues(publication, age.lists),
      ]);
    } else {
      this.#unsent.add(publication.topic);
    }
  }

  /** The engine is there again, or for the first time. */
  #exchange(): void {
    for (const { event, age } of this.#all()) {
      if (!this.#unsent.delete(event.topic)) continue;
      this.#peers.sendAll(PeerKind.retain, [age.time, ...publicationValues(event, age.lists)]);
    }
    this.#peers.sendAll(PeerKind.askRetained, []);
  }

  #take(time: number, values: readonly unknown[]): void {
    const publication = readPublication(values);
    const before = this.#ages.get(publication.topic);
    if (before !== undefined && !isLater(time, publication.id, before)) return;
    const lists = values[2] as ReceiverLists | null;
    try {
      this.#retained.set(keptPublication(publication));
      const age = { time, publication: publication.id, lists: lists ?? undefined };
      this.#ages.set(publication.topic, age);
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      this.#log.warn("retained event not kept", { reason: thrown.message });
    }
  }

  /** The oldest of the others answers: it has what those lack that have come later. */
  #answer(from: string): void {
    if (!this.#table.isOldest(from)) return;
    for (const { event, age } of this.#all()) {
      const values = publicationValues(event, age.lists);
      this.#peers.send(from, PeerKind.retain, [age.time, ...values]);
    }
  }

  *#all(): Generator<{ event: KeptPublication; age: Age }> {
    for (const event of this.#retained.matching("", "prefix")) {
      const age = this.#ages.get(event.topic);
      if (age !== undefined) yield { event, age };
    }
  }
}

function isLater(time: number, publication: number, before: Age): boolean {
  return time === before.time ? publication > before.publication : time > before.time;
}
