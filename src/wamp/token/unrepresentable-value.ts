/**
 * UnrepresentableValue: a value of a well-formed message that the other serializer does not have.
 *
 * @module
 */

/** How many steps of a path are shown, and how many characters of a key. */
const SHOWN_STEPS = 16;
const SHOWN_KEY = 64;

/** A step into a list or a map: an index or a key. */
export type PlaceStep = number | string;

/** A value that the target cannot represent; the message is rejected and its session goes on. */
export class UnrepresentableValue extends Error {
  readonly #what: string;
  #steps: readonly PlaceStep[] = [];

  constructor(what: string) {
    super(`Cannot represent ${what}`);
    this.name = "UnrepresentableValue";
    this.#what = what;
  }

  /** Prefixes the path of the value with the steps that lead to it. */
  below(steps: readonly PlaceStep[]): this {
    this.#steps = [...steps, ...this.#steps];
    if (this.#steps.length > 0) this.message = `Cannot represent ${this.#what} at ${this.place}`;
    return this;
  }

  /** The path of the value, such as `[4][0].x`; empty when the whole message is meant. */
  get place(): string {
    const shown = this.#steps.slice(0, SHOWN_STEPS).map(shownStep).join("");
    return this.#steps.length > SHOWN_STEPS ? `${shown}…` : shown;
  }
}

/** A step as a path shows it; a long key is cut off, so that a hostile one cannot flood the log. */
function shownStep(step: PlaceStep): string {
  if (typeof step === "number") return `[${step}]`;
  if (/^[A-Za-z_][\w-]{0,63}$/.test(step)) return `.${step}`;
  const short = step.length > SHOWN_KEY ? `${step.slice(0, SHOWN_KEY - 1)}…` : step;
  return `[${JSON.stringify(short)}]`;
}
