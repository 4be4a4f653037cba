/**
 * FanOutMemory: an event for a thousand subscribers comes a thousand times with the same octets,
 * once on each router connection; it is transcoded once.
 *
 * Only what is seen a second time is kept, so events for one subscriber cost a look at their head.
 *
 * @module
 */

import type { SerializerName, WireMessage } from "#wamp/peer.ts";
import { type Transcode, transcoderFor } from "#wamp/transcode/transcoder.ts";

/** Events under way at the same time; a power of two. */
const SLOTS = 16;

/** Octets that are kept for all slots together, and for one of them. */
const KEPT_OCTETS = 4 * 1024 * 1024;
const LONGEST_OCTETS = 1024 * 1024;

/** The head holds the ids of the subscription and the publication, which hardly ever repeat. */
const HEAD_OCTETS = 32;

interface Slot {
  key: number;
  /** An event and what became of it; both null while it was seen only once. */
  event: WireMessage | null;
  carried: WireMessage | null;
}

/** A transcoder of events that remembers the latest ones. */
class FanOutMemory {
  readonly #transcode: Transcode;
  readonly #slots: Slot[] = Array.from({ length: SLOTS }, () => ({
    key: -1,
    event: null,
    carried: null,
  }));
  #keptOctets = 0;

  constructor(transcode: Transcode) {
    this.#transcode = transcode;
  }

  readonly transcode: Transcode = (event) => {
    if (event.length > LONGEST_OCTETS) return this.#transcode(event);
    const key = keyOf(event);
    const slot = this.#slots[key & (SLOTS - 1)] as Slot;
    if (slot.key === key) {
      if (slot.carried !== null && isSame(slot.event, event)) return slot.carried;
      return this.#keep(slot, event);
    }
    this.#forget(slot);
    slot.key = key;
    return this.#transcode(event);
  };

  #keep(slot: Slot, event: WireMessage): WireMessage {
    this.#forget(slot);
    const carried = this.#transcode(event);
    const octets = event.length + carried.length;
    if (this.#keptOctets + octets > KEPT_OCTETS) {
      for (const other of this.#slots) if (other !== slot) this.#forget(other);
    }
    slot.event = copyOf(event);
    slot.carried = copyOf(carried);
    this.#keptOctets += octets;
    return carried;
  }

  #forget(slot: Slot): void {
    if (slot.event === null || slot.carried === null) return;
    this.#keptOctets -= slot.event.length + slot.carried.length;
    slot.event = null;
    slot.carried = null;
  }
}

const memories = new Map<string, FanOutMemory>();

/** The transcoder for events between two serializers, with the memory that all sessions share. */
export function eventTranscoderFor(
  from: SerializerName,
  to: SerializerName,
  toText: boolean,
): Transcode {
  const transcode = transcoderFor(from, to, toText);
  if (from === to) return transcode;
  const name = `${from} ${to} ${toText}`;
  const memory = memories.get(name) ?? new FanOutMemory(transcode);
  memories.set(name, memory);
  return memory.transcode;
}

/** A number for the length and the head of an event. */
function keyOf(event: WireMessage): number {
  let key = event.length;
  const end = Math.min(HEAD_OCTETS, event.length);
  if (typeof event === "string") {
    for (let at = 0; at < end; at++) key = (Math.imul(key, 31) + event.charCodeAt(at)) | 0;
  } else {
    for (let at = 0; at < end; at++) key = (Math.imul(key, 31) + (event[at] as number)) | 0;
  }
  return key >>> 0;
}

function isSame(kept: WireMessage | null, event: WireMessage): boolean {
  if (typeof kept === "string" || typeof event === "string") return kept === event;
  return kept !== null && kept.length === event.length && Buffer.compare(kept, event) === 0;
}

function copyOf(message: WireMessage): WireMessage {
  return typeof message === "string" ? message : new Uint8Array(message);
}
