/**
 * Nesting: the lists and maps that are open while a reader reads, in a stack of its own instead of the
 * program's, which a deeply nested message would exhaust.
 *
 * @module
 */

import { MAX_DEPTH, TOO_DEEP, type TokenSink } from "./token-sink.ts";
import type { PlaceStep } from "./unrepresentable-value.ts";

/** The slots of a list or map whose length is known only at its end. */
export const UNKNOWN_SLOTS = 0x7fffffff;

/** Integers for 64 levels, more than most messages have. */
const FIRST_STACK = 128;
/** A stack that has grown beyond this is replaced by a new one. */
const KEPT_STACK = 2 * MAX_DEPTH;

/** The open lists and maps. The attributes are those of the innermost one. */
export class Nesting {
  /** How many are open. */
  depth = 0;
  isMap = false;
  /**
   * How many of its slots have begun, and how many it has. An item of a list is a slot; the key and the
   * value of a pair are one each.
   */
  slot = 0;
  slots = 0;
  /** Where the present key of a map begins. */
  keyStart = 0;
  #deepest = MAX_DEPTH;
  /** Of those around it: the slots that have begun, and the slots, or for a map their complement. */
  #around = new Int32Array(FIRST_STACK);
  /** Of those around it: the same. Deeper than MAX_DEPTH it is not kept, as no sink fails there. */
  readonly #keyStarts = new Int32Array(MAX_DEPTH + 1);

  /** Begins a value that is contained in `enclosing` lists and maps of its message. */
  begin(enclosing: number): void {
    this.depth = 0;
    this.#deepest = MAX_DEPTH - enclosing;
    if (this.#around.length > KEPT_STACK) this.#around = new Int32Array(FIRST_STACK);
  }

  /** Tells the sink if another list or map is nested too deep. */
  check(sink: TokenSink): void {
    if (this.depth >= this.#deepest) sink.unrepresentable(TOO_DEEP);
  }

  open(isMap: boolean, slots: number): void {
    const { depth } = this;
    const at = depth * 2;
    if (at === this.#around.length) this.#grow();
    this.#around[at] = this.slot;
    this.#around[at + 1] = this.isMap ? ~this.slots : this.slots;
    this.#keyStarts[depth] = this.keyStart;
    this.depth = depth + 1;
    this.isMap = isMap;
    this.slot = 0;
    this.slots = slots;
  }

  /** Leaves the innermost list or map. */
  leave(): void {
    const at = --this.depth * 2;
    this.slot = this.#around[at]!;
    const slots = this.#around[at + 1]!;
    this.isMap = slots < 0;
    this.slots = slots < 0 ? ~slots : slots;
    this.keyStart = this.#keyStarts[this.depth] ?? 0;
  }

  /**
   * The path of the present value, while all are left; `keyText` gives the key that begins somewhere. A
   * key that is still being read is no part of the path.
   */
  leaveAll(keyText: (start: number) => string): PlaceStep[] {
    const steps: PlaceStep[] = [];
    for (; this.depth > 0; this.leave()) {
      if (!this.isMap) steps.push(this.slot - 1);
      else if (this.slot % 2 === 0) steps.push(keyText(this.keyStart));
    }
    return steps.reverse();
  }

  #grow(): void {
    const grown = new Int32Array(this.#around.length * 2);
    grown.set(this.#around);
    this.#around = grown;
  }
}
