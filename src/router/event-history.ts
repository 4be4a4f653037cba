/**
 * EventHistory: the last events of a subscription (WAMP specification, section "Event History").
 *
 * @module
 */

import type { KeptPublication } from "./publication.ts";

/** Most octets of one subscription; older events are forgotten first. */
const MAX_OCTETS = 16 * 1024 * 1024;

/** An event of the past. */
export interface PastEvent {
  readonly publication: KeptPublication;
  /** Nanoseconds of the epoch. */
  readonly time: bigint;
}

/** Keeps as many events as it may. */
export class EventHistory {
  limit: number;
  readonly #maxOctets: number;
  /** By publication, the oldest first. */
  readonly #events = new Map<number, PastEvent>();
  #octets = 0;

  constructor(limit: number, maxOctets = MAX_OCTETS) {
    this.limit = limit;
    this.#maxOctets = maxOctets;
  }

  add(publication: KeptPublication, time: bigint): void {
    this.#events.set(publication.id, { publication, time });
    this.#octets += publication.octets;
    for (const [id, { publication: oldest }] of this.#events) {
      if (this.#events.size <= this.limit && this.#octets <= this.#maxOctets) return;
      this.#events.delete(id);
      this.#octets -= oldest.octets;
    }
  }

  /** The events, the oldest first. */
  events(): Iterable<PastEvent> {
    return this.#events.values();
  }
}
