/**
 * EventCache: an EVENT for a thousand subscribers arrives a thousand times with the same octets, once
 * on each router connection. The cache keeps its transcoded form, so that it is transcoded twice only.
 *
 * An event is kept when it is seen for the second time. So an event for one subscriber costs no more
 * than a hash of its head.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { type Transcode, transcoderFor } from "#wamp/transcode/transcoder.ts";

/** Different events that are kept at the same time; a power of two. */
const SLOTS = 16;

/** Most octets in all slots together. */
const MAX_KEPT_OCTETS = 4 * 1024 * 1024;

/** Longest event that is kept. */
const MAX_EVENT_OCTETS = 1024 * 1024;

/** The head holds the ids of subscription and publication, so it hardly ever repeats. */
const HEAD_OCTETS = 32;

interface Slot {
  key: number;
  /** An event and its transcoded form; both null while the event was seen only once. */
  event: WireMessage | null;
  transcoded: WireMessage | null;
}

/** A transcoder of events that keeps the latest results. */
class EventCache {
  readonly #transcode: Transcode;
  readonly #slots: Slot[] = Array.from({ length: SLOTS }, () => ({
    key: -1,
    event: null,
    transcoded: null,
  }));
  #keptOctets = 0;

  constructor(transcode: Transcode) {
    this.#transcode = transcode;
  }

  readonly transcode: Transcode = (event) => {
    if (event.length > MAX_EVENT_OCTETS) return this.#transcode(event);
    const key = keyOf(event);
    const slot = this.#slots[key & (SLOTS - 1)] as Slot;
    if (slot.key === key) {
      if (slot.transcoded !== null && isSame(slot.event, event)) return slot.transcoded;
      return this.#keep(slot, event);
    }
    this.#forget(slot);
    slot.key = key;
    return this.#transcode(event);
  };

  #keep(slot: Slot, event: WireMessage): WireMessage {
    this.#forget(slot);
    const transcoded = this.#transcode(event);
    const octets = event.length + transcoded.length;
    if (this.#keptOctets + octets > MAX_KEPT_OCTETS) {
      for (const other of this.#slots) if (other !== slot) this.#forget(other);
    }
    slot.event = new Uint8Array(event);
    slot.transcoded = new Uint8Array(transcoded);
    this.#keptOctets += octets;
    return transcoded;
  }

  #forget(slot: Slot): void {
    if (slot.event === null || slot.transcoded === null) return;
    this.#keptOctets -= slot.event.length + slot.transcoded.length;
    slot.event = null;
    slot.transcoded = null;
  }
}

const caches = new Map<string, EventCache>();

/** The transcoder for events between two serializers; all sessions share its cache. */
export function eventTranscoderFor(from: SerializerName, to: SerializerName): Transcode {
  const transcode = transcoderFor(from, to);
  if (from === to) return transcode;
  const name = `${from} ${to}`;
  const cache = caches.get(name) ?? new EventCache(transcode);
  caches.set(name, cache);
  return cache.transcode;
}

/** A hash of the length and the head of an event. */
function keyOf(event: WireMessage): number {
  let key = event.length;
  const end = Math.min(HEAD_OCTETS, event.length);
  for (let at = 0; at < end; at++) key = (Math.imul(key, 31) + (event[at] as number)) | 0;
  return key >>> 0;
}

function isSame(kept: WireMessage | null, event: WireMessage): boolean {
  return kept !== null && kept.length === event.length && Buffer.compare(kept, event) === 0;
}
