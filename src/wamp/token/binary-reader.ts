/**
 * BinaryReader: what the readers of CBOR and MsgPack have in common.
 *
 * Both have a value for JavaScript's `undefined`, which JSON lacks. JavaScript clients send it for
 * options that were not given (`{ "match": undefined }`). It is transcoded as JSON.stringify does
 * it: a pair with this value is omitted, an item of a list becomes null. When the reader finds the
 * value, it has already passed the key to the sink, so it clears the sink and reads the message
 * again, this time looking at each value before it passes on the key.
 *
 * The loops over lists and maps are in the two readers: shared, they made MsgPack slower by a tenth.
 *
 * @module
 */

import type { SerializerName } from "#wamp/serializer-name.ts";
import { IgnoringSink } from "./ignoring-sink.ts";
import { MalformedMessage } from "./malformed-message.ts";
import { Nesting, UNKNOWN_SLOTS } from "./nesting.ts";
import type { TokenReader } from "./token-reader.ts";
import { type TokenSink, UNKNOWN_COUNT } from "./token-sink.ts";
import { UnrepresentableValue } from "./unrepresentable-value.ts";
import { isUtf8Between } from "./utf8-check.ts";

const NOTHING = new Uint8Array(0);
const NO_VIEW = new DataView(NOTHING.buffer);
const IGNORING_SINK = new IgnoringSink();

/** Thrown when `undefined` is found on the first reading; never leaves `read`. */
const UNDEFINED_FOUND: unique symbol = Symbol("undefined value");

/** Reads octets in which every value begins with its type and length. */
export abstract class BinaryReader implements TokenReader {
  position = 0;
  protected octets: Uint8Array = NOTHING;
  readonly #serializer: SerializerName;
  #lazyView: DataView | undefined;
  protected readonly nesting = new Nesting();
  /** Whether this is the second reading, which omits pairs whose value is undefined. */
  protected omitsUndefined = false;

  constructor(serializer: SerializerName) {
    this.#serializer = serializer;
  }

  read(octets: Uint8Array, sink: TokenSink, enclosing = 0): void {
    this.octets = octets;
    this.#lazyView = undefined;
    this.omitsUndefined = false;
    try {
      this.#readWhole(sink, enclosing);
    } catch (thrown) {
      if (!(thrown instanceof UnrepresentableValue)) throw thrown;
      throw thrown.below(this.nesting.leaveAll((start) => this.#keyText(start)));
    } finally {
      this.octets = NOTHING;
      this.#lazyView = NO_VIEW;
    }
  }

  /** Reads the value that begins at the position, of a list or map only its head. */
  protected abstract readValue(sink: TokenSink): void;

  /** Reads what follows until every open list and map has ended. */
  protected abstract readOpen(sink: TokenSink): void;

  /** Whether a key with this first octet is of a kind that a pair may be omitted with. */
  protected abstract isOmittableKey(first: number): boolean;

  /** How many octets `undefined` has at the position; 0 where another value begins. */
  protected abstract undefinedLength(): number;

  /** Where the text of a short key begins within its octets; 0 for every other key. */
  protected abstract shortTextStart(first: number): number;

  /** The key that this octet is by itself, a small integer; undefined for every other. */
  protected abstract smallInteger(first: number): number | undefined;

  #readWhole(sink: TokenSink, enclosing: number): void {
    try {
      this.#readOnce(sink, enclosing);
    } catch (thrown) {
      if (thrown !== UNDEFINED_FOUND) throw thrown;
      this.omitsUndefined = true;
      sink.clear?.();
      this.#readOnce(sink, enclosing);
    }
  }

  #readOnce(sink: TokenSink, enclosing: number): void {
    this.position = 0;
    this.nesting.begin(enclosing);
    this.readValue(sink);
    this.readOpen(sink);
    if (this.position !== this.octets.length) throw this.malformed("octets follow its end");
  }

  /** Numbers of several octets. */
  protected get view(): DataView {
    const octets = this.octets;
    this.#lazyView ??= new DataView(octets.buffer, octets.byteOffset, octets.length);
    return this.#lazyView;
  }

  /** Moves the position forward by `count` octets and gives the index of the first of them. */
  protected advance(count: number): number {
    const at = this.position;
    if (count > this.octets.length - at) throw this.malformed("it ends too early");
    this.position = at + count;
    return at;
  }

  /** The 64 bits at `at` as a float, exact up to 2^53. */
  protected unsigned64(at: number): number {
    return this.view.getUint32(at) * 0x100000000 + this.view.getUint32(at + 4);
  }

  protected readUtf8(sink: TokenSink, count: number): void {
    const at = this.advance(count);
    this.checkText(at, count);
    sink.text(this.octets, at, at + count);
  }

  protected checkText(at: number, count: number): void {
    if (!isUtf8Between(this.octets, at, at + count)) throw this.malformed("a text is not UTF-8");
  }

  protected readBinary(sink: TokenSink, count: number): void {
    const at = this.advance(count);
    sink.binary(this.octets, at, at + count);
  }

  protected readUndefined(sink: TokenSink): void {
    if (!this.omitsUndefined && sink.clear) throw UNDEFINED_FOUND;
    sink.nil();
  }

  /** Begins a list of this many items, or of UNKNOWN_COUNT. */
  protected beginArray(sink: TokenSink, count: number): void {
    this.#checkBegin(sink, count);
    sink.beginArray(count);
    if (count === 0) sink.endArray(0, 0);
    else this.nesting.open(false, count < 0 ? UNKNOWN_SLOTS : count);
  }

  /** Begins a map of this many pairs, or of UNKNOWN_COUNT. */
  protected beginMap(sink: TokenSink, count: number): void {
    this.#checkBegin(sink, count * 2);
    const announced = this.omitsUndefined ? UNKNOWN_COUNT : count;
    sink.beginMap(announced);
    if (count === 0) sink.endMap(0, announced);
    else this.nesting.open(true, count < 0 ? UNKNOWN_SLOTS : count * 2);
  }

  /** Checks the depth, and that the octets are there which so many slots have at least. */
  #checkBegin(sink: TokenSink, leastOctets: number): void {
    if (leastOctets > this.octets.length - this.position) throw this.malformed("it ends too early");
    this.nesting.check(sink);
  }

  /** Ends the innermost list or map. */
  protected end(sink: TokenSink): void {
    const { nesting } = this;
    const { isMap, slot, slots } = nesting;
    const isOfUnknownCount = slots === UNKNOWN_SLOTS;
    nesting.leave();
    if (isMap) {
      const count = slot >> 1;
      sink.endMap(count, isOfUnknownCount || this.omitsUndefined ? UNKNOWN_COUNT : count);
    } else {
      sink.endArray(slot, isOfUnknownCount ? UNKNOWN_COUNT : slot);
    }
    if (isOfUnknownCount) this.position++;
  }

  /** Skips a pair whose value is undefined; any other pair is left where it is. */
  protected skipUndefinedPair(): boolean {
    const start = this.position;
    if (!this.isOmittableKey(this.octets[start]!)) return false;
    this.readValue(IGNORING_SINK);
    const length = this.undefinedLength();
    this.position = length === 0 ? start : this.position + length;
    return length > 0;
  }

  /**
   * The key that begins there, as text: a short text as it is, others as their octets. Of a list or
   * map that is a key these are only its head.
   */
  #keyText(start: number): string {
    const { depth } = this.nesting;
    this.position = start;
    this.readValue(IGNORING_SINK);
    if (this.nesting.depth > depth) this.nesting.leave();
    const end = this.position;
    const first = this.octets[start]!;
    const integer = this.smallInteger(first);
    if (integer !== undefined) return String(integer);
    const key = Buffer.from(this.octets.buffer, this.octets.byteOffset + start, end - start);
    const textStart = this.shortTextStart(first);
    return textStart > 0 ? key.toString("utf8", textStart) : key.subarray(0, 16).toString("hex");
  }

  protected malformed(state: string): MalformedMessage {
    return new MalformedMessage(this.#serializer, state);
  }
}
