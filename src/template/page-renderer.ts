/**
 * PageRenderer: the operator's Jinja2, as the paths of pages use it.
 *
 * @module
 */

import type { Value } from "./engine-value.ts";

/** Where templates are, and how Jinja2 is set up for them. */
export interface TemplatePlace {
  /** Absolute. */
  folder: string;
  /** Whether templates are kept from the internals of Python. */
  isSandboxed: boolean;
}

/** What Jinja2 refuses about a template, or about one that it names. */
export interface Jinja2Fault {
  file: string;
  line: number | null;
  reason: string;
  /** Whether it is the template itself; the others are found again when a page needs them. */
  isFatal: boolean;
}

/** Renders pages with Jinja2, in a process that is started when it is needed. */
export interface PageRenderer {
  /** The interpreter, and the releases: `Jinja2 3.1.6 of "/usr/bin/python3"`; undefined before the first start. */
  readonly release: string | undefined;

  /**
   * The faults of a template.
   *
   * @throws Failure when there is no Jinja2, or it cannot be asked at present.
   */
  faultsOf(place: TemplatePlace, name: string): Promise<Jinja2Fault[]>;

  /**
   * The page of a template for a value, which is given to Jinja2 as it is.
   *
   * @throws Failure when there is no Jinja2, or it cannot be asked at present; RenderError when the page fails.
   */
  render(place: TemplatePlace, name: string, value: Value): Promise<string>;
}
