/**
 * FlatbufferTable: reads tables of FlatBuffers, and stays within their octets, whatever these say.
 *
 * (FlatBuffers: "Internals".)
 *
 * @module
 */

/** Octets that are no FlatBuffer. */
export class MalformedFlatbuffer extends Error {}

/** Most items of a vector. */
const MAX_ITEMS = 100_000;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A table, whose fields are numbered as in its schema; a field that is not there has its default. */
export class FlatbufferTable {
  readonly #view: DataView;
  readonly #at: number;

  private constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
  }

  /** The table that a buffer is made of. */
  static root(octets: Uint8Array): FlatbufferTable {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    return within(() => new FlatbufferTable(view, view.getUint32(0, true)));
  }

  /** An integer of 8 bits. */
  int8(field: number): number {
    return this.#read(field, 0, (at) => this.#view.getInt8(at));
  }

  uint16(field: number): number {
    return this.#read(field, 0, (at) => this.#view.getUint16(at, true));
  }

  int32(field: number, usual = 0): number {
    return this.#read(field, usual, (at) => this.#view.getInt32(at, true));
  }

  int64(field: number): bigint {
    return this.#read(field, 0n, (at) => this.#view.getBigInt64(at, true));
  }

  float64(field: number): number {
    return this.#read(field, 0, (at) => this.#view.getFloat64(at, true));
  }

  boolean(field: number): boolean {
    return this.int8(field) !== 0;
  }

  /** A text; null: it is not there. */
  text(field: number): string | null {
    return this.#read(field, null, (at) => this.#textAt(this.#target(at)));
  }

  /** A table; null: it is not there. */
  table(field: number): FlatbufferTable | null {
    return this.#read(field, null, (at) => new FlatbufferTable(this.#view, this.#target(at)));
  }

  tables(field: number): FlatbufferTable[] {
    return this.#vector(field, (at) => new FlatbufferTable(this.#view, this.#target(at)));
  }

  texts(field: number): string[] {
    return this.#vector(field, (at) => this.#textAt(this.#target(at)));
  }

  #read<Result>(field: number, usual: Result, read: (at: number) => Result): Result {
    return within(() => {
      const offsets = this.#at - this.#view.getInt32(this.#at, true);
      const slot = 4 + 2 * field;
      if (slot >= this.#view.getUint16(offsets, true)) return usual;
      const offset = this.#view.getUint16(offsets + slot, true);
      return offset === 0 ? usual : read(this.#at + offset);
    });
  }

  #vector<Item>(field: number, read: (at: number) => Item): Item[] {
    return this.#read<Item[]>(field, [], (at) => {
      const start = this.#target(at);
      const length = this.#view.getUint32(start, true);
      if (length > MAX_ITEMS) throw new MalformedFlatbuffer("a vector is too long");
      return Array.from({ length }, (_, index) => read(start + 4 + 4 * index));
    });
  }

  #target(at: number): number {
    return at + this.#view.getUint32(at, true);
  }

  #textAt(at: number): string {
    const { buffer, byteOffset, byteLength } = this.#view;
    const length = this.#view.getUint32(at, true);
    if (at + 4 + length > byteLength) throw new MalformedFlatbuffer("a text is cut off");
    return utf8.decode(new Uint8Array(buffer, byteOffset + at + 4, length));
  }
}

/** Positions outside of the octets are RangeErrors, and texts that are not UTF-8 are TypeErrors. */
function within<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof MalformedFlatbuffer) throw thrown;
    throw new MalformedFlatbuffer("it is no FlatBuffer, or cut off", { cause: thrown });
  }
}
