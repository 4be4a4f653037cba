/**
 * RenderError: what ends the rendering of a template.
 *
 * @module
 */

/** `unsupported` is what Jinja2 can do and this program cannot; `failed` is all else. */
export type RenderErrorKind = "failed" | "unsupported";

/** Ends a rendering. */
export class RenderError extends Error {
  readonly kind: RenderErrorKind;

  constructor(kind: RenderErrorKind, sentence: string) {
    super(sentence);
    this.kind = kind;
  }
}
