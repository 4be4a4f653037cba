/**
 * Messages that are longer than the engine takes at once: they are sent in parts, and put together again.
 *
 *     whole    the message, whose first octet is not 0: it is a list in CBOR
 *     part     0, sender and number (12 octets), octets of the whole (4), where this part begins (4), octets
 *
 * The parts of a message come in their order, as all messages of one sender do.
 *
 * @module
 */

const HEAD_OCTETS = 21;

/** Most octets of a message. */
const MAX_OCTETS = 64 * 1024 * 1024;

/** Most octets of the messages of one subscription that are not whole yet; the oldest is forgotten. */
const MAX_WAITING_OCTETS = 128 * 1024 * 1024;

const sender = crypto.getRandomValues(new Uint8Array(8));
let lastNumber = 0;

/** The parts of a message, or itself where it is short enough. */
export function* partsOf(message: Uint8Array, maxOctets: number): Generator<Uint8Array> {
  if (message.length <= maxOctets) {
    yield message;
    return;
  }
  lastNumber = (lastNumber + 1) >>> 0;
  const step = maxOctets - HEAD_OCTETS;
  for (let from = 0; from < message.length; from += step) {
    const octets = message.subarray(from, from + step);
    const part = new Uint8Array(HEAD_OCTETS + octets.length);
    part.set(sender, 1);
    const view = new DataView(part.buffer);
    view.setUint32(9, lastNumber);
    view.setUint32(13, message.length);
    view.setUint32(17, from);
    part.set(octets, HEAD_OCTETS);
    yield part;
  }
}

interface Unfinished {
  readonly octets: Uint8Array;
  received: number;
}

/** Puts the parts of messages together. */
export class PartCollector {
  readonly #unfinished = new Map<string, Unfinished>();
  #octets = 0;

  /** A whole message, or that which this part completes; undefined: parts are missing. */
  take(message: Uint8Array): Uint8Array | undefined {
    if (message[0] !== 0) return message;
    if (message.length < HEAD_OCTETS) return undefined;
    const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
    const key = Buffer.from(message.subarray(1, 13)).toString("latin1");
    const [length, from] = [view.getUint32(13), view.getUint32(17)];
    const octets = message.subarray(HEAD_OCTETS);
    const unfinished = from === 0 ? this.#begin(key, length) : this.#unfinished.get(key);
    // A part was lost: what is left of its message is of no use.
    const isNext = unfinished?.received === from && from + octets.length <= length;
    if (unfinished === undefined || !isNext || unfinished.octets.length !== length) {
      this.#drop(key);
      return undefined;
    }
    unfinished.octets.set(octets, from);
    unfinished.received += octets.length;
    if (unfinished.received < length) return undefined;
    this.#drop(key);
    return unfinished.octets;
  }

  #begin(key: string, length: number): Unfinished | undefined {
    if (length > MAX_OCTETS) return undefined;
    for (const oldest of this.#unfinished.keys()) {
      if (this.#octets + length <= MAX_WAITING_OCTETS) break;
      this.#drop(oldest);
    }
    const unfinished = { octets: new Uint8Array(length), received: 0 };
    this.#unfinished.set(key, unfinished);
    this.#octets += length;
    return unfinished;
  }

  #drop(key: string): void {
    this.#octets -= this.#unfinished.get(key)?.octets.length ?? 0;
    this.#unfinished.delete(key);
  }
}
