/**
 * PageTemplates: the templates of one path of type `wap`, and the pages that they give for results.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { WapServiceConfig } from "#config/web-service/wap-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { Value } from "#template/engine-value.ts";
import { RenderError } from "#template/render-error.ts";
import { printFault, TemplateFolder } from "#template/template-folder.ts";
import type { Payload } from "#wamp/transcode/payload-slice.ts";
import { templateValue } from "./result-value.ts";

/** The templates that the routes of a path render. */
export class PageTemplates {
  readonly #folder: TemplateFolder;
  readonly #unusable = new Set<string>();

  /** @throws Failure when one is missing, or Jinja2 would refuse it. */
  constructor({ templates, routes }: WapServiceConfig, log: Logger) {
    this.#folder = new TemplateFolder(templates);
    for (const name of new Set(routes.map(({ render }) => render))) {
      for (const fault of this.#folder.faultsOf(name)) {
        const reason = printFault(fault);
        if (!fault.isUnsupported) throw new Failure(reason, { source: "config" });
        log.warn("page not offered", { template: name, reason });
        this.#unusable.add(name);
      }
    }
  }

  /** Whether its pages would be those of Jinja2. */
  isUsable(name: string): boolean {
    return !this.#unusable.has(name);
  }

  /**
   * The page of a template for the result of a call; null: nothing was called.
   *
   * @throws RenderError when Jinja2 would fail too, or cannot be followed; UnrepresentableValue when a value of the
   * result is none of a template.
   */
  render(name: string, payload: Payload | null): string {
    const variables = payload === null ? new Map() : variablesOf(payload);
    return this.#folder.render(name, variables);
  }
}

/** The items of the only positional result, which is a mapping or a list of pairs. */
function variablesOf({ serializer, items }: Payload): Map<Value, Value> {
  const [args, kwargs] = items.map((item) => templateValue(item, serializer));
  const results = Array.isArray(args) ? args : [];
  const hasNames = kwargs instanceof Map && kwargs.size > 0;
  const variables = results.length === 1 && !hasNames ? mappingOf(results[0]) : null;
  if (variables !== null) return variables;
  throw new RenderError("failed", "Cannot render the result: expected a mapping as its only value");
}

/** What `dict` of Python makes of a value; null: it fails. */
function mappingOf(value: Value | undefined): Map<Value, Value> | null {
  if (value instanceof Map) return value;
  if (value === "") return new Map();
  if (!Array.isArray(value)) return null;
  const isPairs = value.every((pair) => Array.isArray(pair) && pair.length === 2);
  return isPairs ? new Map(value as [Value, Value][]) : null;
}
