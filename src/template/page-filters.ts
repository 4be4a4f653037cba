/**
 * PageFilters: filters that print values as Python does.
 *
 * MiniJinja cannot go on after an exception of a filter. The first failure is kept, and is thrown after the rendering.
 *
 * @module
 */

import { RenderError, type RenderErrorKind } from "./render-error.ts";

/** Most characters of all values of a page. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

/** What `str.strip` of Python removes. */
const SPACE =
  "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const OUTER_SPACE = new RegExp(`^${SPACE}+|${SPACE}+$`, "g");

const ESCAPES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};

/** The filters of one rendering. */
export class PageFilters {
  #failure: RenderError | null = null;
  #characters = 0;

  /** The filters by their names. */
  readonly all = {
    __print: (value: unknown, isFloat: boolean, isNone: boolean) =>
      this.#text(value, isFloat, isNone).replace(/[&<>"']/g, (one) => ESCAPES[one] ?? one),
    __print_safe: (value: unknown, isFloat: boolean, isNone: boolean) =>
      this.#text(value, isFloat, isNone),
    __refuse_loop: (isNone: boolean) =>
      isNone
        ? this.#fail("failed", "it loops over None")
        : this.#fail("unsupported", "the order of a mapping is not known"),
    upper: (value: unknown) => this.#string(value).toUpperCase(),
    lower: (value: unknown) => this.#string(value).toLowerCase(),
    trim: (value: unknown, ...others: unknown[]) => {
      if (others.length > 0) return this.#fail("unsupported", '"trim" has an argument');
      return this.#string(value).replace(OUTER_SPACE, "");
    },
    join: (value: unknown, separator: unknown = "", ...others: unknown[]) => {
      if (others.length > 0 || !(value === undefined || Array.isArray(value))) {
        return this.#fail("unsupported", '"join" of this kind is not rendered here');
      }
      const texts = (value ?? []).map((item: unknown) => this.#string(item));
      return texts.join(this.#string(separator));
    },
  };

  /** @throws RenderError when a filter has failed. */
  throwFailure(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  #fail(kind: RenderErrorKind, reason: string): string {
    this.#failure ??= new RenderError(kind, `Cannot render the page: ${reason}`);
    return "";
  }

  /** MiniJinja gives None and undefined variables in the same way. */
  #string(value: unknown): string {
    if (typeof value === "string") return value;
    return this.#fail("unsupported", "a filter of texts has another value");
  }

  #text(value: unknown, isFloat: boolean, isNone: boolean): string {
    const text = this.#printed(value, isFloat, isNone);
    this.#characters += text.length;
    if (this.#characters <= MAX_CHARACTERS) return text;
    return this.#fail("failed", "it is too long");
  }

  #printed(value: unknown, isFloat: boolean, isNone: boolean): string {
    if (typeof value === "string") return value;
    if (value === undefined || value === null) return isNone ? "None" : "";
    if (typeof value === "boolean") return value ? "True" : "False";
    if (typeof value === "number" && isFloat) return this.#float(value);
    return this.#fail("unsupported", "it prints a list, a mapping or a function");
  }

  /** Python has exponents where numbers are very large or very small. */
  #float(value: number): string {
    const size = Math.abs(value);
    const isPlain = value === 0 ? !Object.is(value, -0) : size >= 1e-4 && size < 1e16;
    if (!isPlain) return this.#fail("unsupported", "it prints a very large or small float");
    return Number.isInteger(value) ? `${value}.0` : String(value);
  }
}
