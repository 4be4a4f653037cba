/**
 * TemplateFault: what is wrong with the source of a template.
 *
 * @module
 */

/** The fault at a line of a template. */
export class TemplateFault extends Error {
  readonly line: number;
  /** Whether Jinja2 may render the template. */
  readonly isUnsupported: boolean;

  constructor(line: number, sentence: string, isUnsupported = true) {
    super(sentence);
    this.line = line;
    this.isUnsupported = isUnsupported;
  }
}
