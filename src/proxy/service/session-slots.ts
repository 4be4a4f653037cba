/**
 * SessionSlots: a limited number of service sessions, by what they are for.
 *
 * @module
 */

import { ErrorUri } from "#wamp/error-uri.ts";
import { type SessionSlot, unavailable } from "./session-slot.ts";

/** How many there may be, and how long they stay. */
export interface SlotLimits {
  most: number;
  /** What is in use when there is no room: `realms and roles`. */
  name: string;
  /** Milliseconds after which an unused session leaves, or up to half as long again; 0: it stays. */
  idleMs: number;
}

/** What is asked of a slot. */
export type LimitedSlot = Pick<SessionSlot, "hasJoined" | "isUnused" | "leave">;

/** A slot, and when it was asked for last. */
interface Place<Slot> {
  readonly slot: Slot;
  usedAt: number;
}

/** Service sessions of one kind. */
export class SessionSlots<Slot extends LimitedSlot = SessionSlot> {
  readonly #limits: SlotLimits;
  /** The longest unused comes first. */
  readonly #places = new Map<string, Place<Slot>>();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  /** The slot for a key, which is opened if there is none; `open` may throw. */
  get(key: string, open: () => Slot): Slot {
    const known = this.#places.get(key);
    if (known !== undefined) {
      this.#places.delete(key);
      this.#places.set(key, known);
      known.usedAt = performance.now();
      return known.slot;
    }
    if (this.#isClosed) throw unavailable("the worker shuts down");
    const slot = open();
    this.#makeRoom();
    this.#places.set(key, { slot, usedAt: performance.now() });
    this.#watchIdle();
    return slot;
  }

  /** All slots. */
  all(): Slot[] {
    return [...this.#places.values()].map(({ slot }) => slot);
  }

  /** Leaves every router; no session joins again. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const { slot } of this.#places.values()) {
      slot.leave("the worker shuts down", ErrorUri.systemShutdown);
    }
    this.#places.clear();
  }

  /**
   * Frees a slot when all are taken: one whose session has never joined, or else the longest unused one.
   * So clients that ask for unknown realms do not displace the realms in use.
   */
  #makeRoom(): void {
    const { most, name } = this.#limits;
    if (this.#places.size < most) return;
    const places = [...this.#places];
    const [key, place] =
      places.find(([, { slot }]) => !slot.hasJoined) ??
      places.find(([, { slot }]) => slot.isUnused) ??
      [];
    if (key === undefined) throw unavailable(`${most} ${name} are in use`);
    this.#places.delete(key);
    place?.slot.leave("its room is needed", ErrorUri.closeRealm);
  }

  #watchIdle(): void {
    const { idleMs } = this.#limits;
    if (idleMs === 0 || this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#leaveIdle(idleMs), idleMs / 2);
    this.#timer.unref();
  }

  #leaveIdle(idleMs: number): void {
    const now = performance.now();
    for (const [key, place] of this.#places) {
      // A request that has taken long counts as use until its end.
      if (!place.slot.isUnused) place.usedAt = now;
      if (now - place.usedAt < idleMs) continue;
      this.#places.delete(key);
      place.slot.leave("it was not used", ErrorUri.normal);
    }
    if (this.#places.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
