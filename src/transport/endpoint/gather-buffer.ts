/**
 * GatherBuffer: where the octets for all sockets of the process are gathered during a turn of the event loop, so that
 * each socket is written to once, however many messages came for it, and from however many connections.
 *
 *     gathered    | piece of A | piece of B | piece of A | ...
 *     written     A: both pieces, joined    B: its piece, in place
 *
 * One buffer bounds the memory, and is in the processor's cache. When it is full, all is written.
 *
 * @module
 */

/** Has octets in the buffer, and writes them. */
export interface Gatherer {
  /** Takes them from the buffer, and writes them. */
  flush(): void;
}

/** Most pieces: octets for another socket than those before are one. */
const MAX_PIECES = 1024;

const NONE = -1;

/** Octets of many sockets, in pieces. */
export class GatherBuffer {
  readonly octets: Buffer;
  /** Where the octets are that `take` has given. */
  source: Uint8Array;
  start = 0;
  readonly #joined: Buffer;
  #length = 0;
  #pieces = 0;
  /** Where each piece begins and ends, and the number of the next piece for its socket. */
  readonly #starts = new Uint32Array(MAX_PIECES);
  readonly #ends = new Uint32Array(MAX_PIECES);
  readonly #next = new Int32Array(MAX_PIECES);
  /** For each place in `#gatherers` the first and the last piece, and the octets of all. */
  readonly #first = new Int32Array(MAX_PIECES);
  readonly #last = new Int32Array(MAX_PIECES);
  readonly #lengths = new Uint32Array(MAX_PIECES);
  /** Those that have octets, or had since the buffer was empty; those before `#flushed` have none any more. */
  readonly #gatherers: Gatherer[] = [];
  #flushed = 0;

  constructor(capacity: number) {
    this.octets = Buffer.allocUnsafeSlow(capacity);
    this.source = this.octets;
    this.#joined = Buffer.allocUnsafeSlow(capacity);
  }

  /** How many octets can be gathered before all are written. */
  get space(): number {
    return this.#pieces === MAX_PIECES ? 0 : this.octets.length - this.#length;
  }

  /** Whether nothing was gathered since all was written. */
  get isUnused(): boolean {
    return this.#pieces === 0;
  }

  /** Gives a gatherer a place, until it takes its octets or forgets them; there has to be space. */
  open(gatherer: Gatherer): number {
    const place = this.#gatherers.push(gatherer) - 1;
    this.#first[place] = NONE;
    this.#last[place] = NONE;
    this.#lengths[place] = 0;
    return place;
  }

  /** How many octets are gathered there. */
  lengthAt(place: number): number {
    return this.#lengths[place] as number;
  }

  /** Makes room for octets, for which there has to be space and which the caller has to set; gives where they begin. */
  extend(place: number, octets: number): number {
    const start = this.#length;
    this.#length += octets;
    this.#lengths[place] = (this.#lengths[place] as number) + octets;
    const last = this.#last[place] as number;
    if (last === NONE || last !== this.#pieces - 1) this.#addPiece(place, start, last);
    this.#ends[this.#pieces - 1] = this.#length;
    return start;
  }

  /** Joins the octets that are gathered there, and gives their number: `source` has them from `start` on. */
  take(place: number): number {
    const first = this.#first[place] as number;
    this.source = this.octets;
    this.start = this.#starts[first] as number;
    if (this.#next[first] !== NONE) this.#join(first);
    return this.#lengths[place] as number;
  }

  /** Has each gatherer write its octets. To write may make others gather more, which is written too. */
  flush(): void {
    while (this.#flushed < this.#gatherers.length) this.#gatherers[this.#flushed++]?.flush();
    this.#gatherers.length = 0;
    this.#flushed = 0;
    this.#length = 0;
    this.#pieces = 0;
  }

  #addPiece(place: number, start: number, last: number): void {
    const piece = this.#pieces++;
    this.#starts[piece] = start;
    this.#next[piece] = NONE;
    this.#last[place] = piece;
    if (last === NONE) this.#first[place] = piece;
    else this.#next[last] = piece;
  }

  #join(first: number): void {
    let length = 0;
    for (let piece = first; piece !== NONE; piece = this.#next[piece] as number) {
      const start = this.#starts[piece] as number;
      length += this.octets.copy(this.#joined, length, start, this.#ends[piece] as number);
    }
    this.source = this.#joined;
    this.start = 0;
  }
}
