/**
 * UnrepresentableValue: a value of a well-formed message that the other serializer does not have.
 *
 * @module
 */

/** A value that the target cannot represent; the message is rejected and its session goes on. */
export class UnrepresentableValue extends Error {
  readonly #what: string;
  /** The path of the value, such as `[4][0].x`; empty when the whole message is meant. */
  place = "";

  constructor(what: string) {
    super(`Cannot represent ${what}`);
    this.name = "UnrepresentableValue";
    this.#what = what;
  }

  /** Prefixes the path with an index of a list. */
  belowIndex(index: number): this {
    return this.#below(`[${index}]`);
  }

  /** Prefixes the path with a key of a map. */
  belowKey(key: string): this {
    return this.#below(/^[A-Za-z_][\w-]{0,63}$/.test(key) ? `.${key}` : `[${shortKey(key)}]`);
  }

  #below(step: string): this {
    this.place = step + this.place;
    this.message = `Cannot represent ${this.#what} at ${this.place}`;
    return this;
  }
}

/** The key as a path shows it, cut off so that a hostile key cannot flood the log. */
function shortKey(key: string): string {
  return JSON.stringify(key.length > 64 ? `${key.slice(0, 63)}…` : key);
}
