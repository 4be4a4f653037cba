/**
 * ListHeads: the heads of lists and maps whose count is known only at their end.
 *
 * One octet is kept for each. A count that needs more moves the octets behind it. Within a long list that is
 * done when the outermost list has ended, for all heads in one pass: each octet moves once, however deep the
 * nesting is.
 *
 * @module
 */

import type { OctetBuffer } from "./octet-buffer.ts";

/** The content of a longer list or map is not moved before the outermost one has ended. */
const SHORT_OCTETS = 1024;

/** How a serializer writes heads; `code` says whether of a list or a map. */
export interface HeadForm {
  /** How many octets the head for this count has. */
  length(count: number): number;
  /** Writes a head where there is room for it. */
  put(out: OctetBuffer, at: number, code: number, count: number): void;
}

/** A head that still has one octet, where it needs several. */
interface NarrowHead {
  start: number;
  code: number;
  count: number;
}

/** The heads in one buffer. */
export class ListHeads {
  readonly #out: OctetBuffer;
  readonly #form: HeadForm;
  /** Where the open lists and maps begin. */
  #starts: number[] = [];
  #narrow: NarrowHead[] = [];

  constructor(out: OctetBuffer, form: HeadForm) {
    this.#out = out;
    this.#form = form;
  }

  /** Forgets the heads of an incomplete value. */
  clear(): void {
    this.#starts.length = 0;
    this.#narrow.length = 0;
  }

  /** A list or map begins. */
  begin(code: number): void {
    this.#starts.push(this.#out.length);
    this.#out.appendOctet(code);
  }

  /** The innermost list or map ends. */
  end(code: number, count: number): void {
    const out = this.#out;
    const start = this.#starts.pop()!;
    const length = this.#form.length(count);
    if (length > 1 && out.length - start > SHORT_OCTETS) {
      this.#narrow.push({ start, code, count });
    } else {
      if (length > 1) out.widen(start + 1, length - 1);
      this.#form.put(out, start, code, count);
    }
    if (this.#starts.length === 0 && this.#narrow.length > 0) this.#widenAll();
  }

  /** Moves what is between the heads, from the last one to the first. */
  #widenAll(): void {
    const out = this.#out;
    const heads = this.#narrow.splice(0).sort((one, other) => other.start - one.start);
    let missing = 0;
    for (const { count } of heads) missing += this.#form.length(count) - 1;
    out.reserve(missing);
    let end = out.length;
    out.length += missing;
    for (const { start, code, count } of heads) {
      out.octets.copyWithin(start + 1 + missing, start + 1, end);
      missing -= this.#form.length(count) - 1;
      this.#form.put(out, start + missing, code, count);
      end = start;
    }
  }
}
