/**
 * UntellableValue: a value of a well-formed message that the other serializer has no word for.
 *
 * @module
 */

/** A value that the target cannot say; the message is refused and its session goes on. */
export class UnrepresentableValue extends Error {
  readonly #what: string;
  /** Where the value is, such as `[4][0].x`; empty for the whole. */
  place = "";

  constructor(what: string) {
    super(`Cannot tell ${what}`);
    this.name = "UnrepresentableValue";
    this.#what = what;
  }

  /** Says that the place known so far is below this index of a list. */
  belowIndex(index: number): this {
    return this.#below(`[${index}]`);
  }

  /** Says that the place known so far is below this key of a map. */
  belowKey(key: string): this {
    return this.#below(/^[A-Za-z_][\w-]{0,63}$/.test(key) ? `.${key}` : `[${shortKey(key)}]`);
  }

  #below(step: string): this {
    this.place = step + this.place;
    this.message = `Cannot tell ${this.#what} at ${this.place}`;
    return this;
  }
}

/** A key as it is quoted in a place: a hostile key must not flood the log. */
function shortKey(key: string): string {
  return JSON.stringify(key.length > 64 ? `${key.slice(0, 63)}…` : key);
}
