/**
 * PageTemplates: the templates of one path of type `wap`, and the pages that they give for results.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { WapServiceConfig } from "#config/web-service/wap-config.ts";
import type { Logger } from "#observe/logger.ts";
import { type ChosenEngine, chooseEngine } from "#template/choose-engine.ts";
import type { Value } from "#template/engine-value.ts";
import type { PageRenderer, TemplatePlace } from "#template/page-renderer.ts";
import { RenderError } from "#template/render-error.ts";
import { TemplateFolder } from "#template/template-folder.ts";
import type { Payload } from "#wamp/transcode/payload-slice.ts";
import { templateValue } from "./result-value.ts";

/** The templates that the routes of a path render. */
export class PageTemplates {
  readonly #place: TemplatePlace;
  readonly #log: Logger;
  readonly #jinja2: PageRenderer | undefined;
  #engine: ChosenEngine["engine"];
  readonly #unusable = new Set<string>();

  private constructor(
    place: TemplatePlace,
    { engine, issues, lacking }: ChosenEngine,
    log: Logger,
    jinja2: PageRenderer | undefined,
  ) {
    this.#place = place;
    this.#engine = engine;
    this.#log = log;
    this.#jinja2 = jinja2;
    if (lacking !== null) log.warn("Jinja2 is missing", { folder: place.folder, reason: lacking });
    for (const { name, sentence, consequence } of issues) {
      if (consequence === "refused") throw new Failure(sentence, { source: "config" });
      if (consequence === "not rendered") this.#unusable.add(name);
      const event = consequence === "not rendered" ? "page not offered" : "pages will fail";
      log.warn(event, { template: name, reason: sentence });
    }
  }

  /**
   * Reads the templates; without `jinja2`, MiniJinja alone renders.
   *
   * @throws Failure when one is missing, or Jinja2 would refuse it.
   */
  static async open(
    { templates, sandbox, routes }: WapServiceConfig,
    log: Logger,
    jinja2: PageRenderer | undefined,
  ): Promise<PageTemplates> {
    const place = { folder: templates, isSandboxed: sandbox };
    const names = [...new Set(routes.map(({ render }) => render))];
    const chosen = await chooseEngine(place, names, jinja2);
    return new PageTemplates(place, chosen, log, jinja2);
  }

  /** Whether its pages would be those of Jinja2. */
  isUsable(name: string): boolean {
    return !this.#unusable.has(name);
  }

  /**
   * The page of a template for the result of a call; null: nothing was called.
   *
   * @throws RenderError when Jinja2 would fail too, or cannot be followed; UnrepresentableValue when a value of the
   * result is none of a template; Failure when Jinja2 cannot be asked at present.
   */
  async render(name: string, payload: Payload | null): Promise<string> {
    const result = payload === null ? new Map() : resultOf(payload);
    const engine = this.#engine;
    if (!(engine instanceof TemplateFolder)) return engine.render(this.#place, name, result);
    try {
      return engine.render(name, variablesOf(result));
    } catch (thrown) {
      if (!(thrown instanceof RenderError) || thrown.kind !== "unsupported") throw thrown;
      return this.#renderFromNowOn(name, result, thrown);
    }
  }

  /** Jinja2 renders the page that MiniJinja cannot make for its data, and the later ones of the path, too. */
  async #renderFromNowOn(name: string, result: Value, refusal: RenderError): Promise<string> {
    if (this.#jinja2 === undefined) throw refusal;
    try {
      await this.#jinja2.faultsOf(this.#place, name);
    } catch (thrown) {
      if (!(thrown instanceof Failure) || this.#jinja2.release !== undefined) throw thrown;
      throw new RenderError("unsupported", `${refusal.message}; ${thrown.message}`);
    }
    this.#engine = this.#jinja2;
    const facts = { template: name, reason: refusal.message };
    this.#log.info("pages are rendered by Jinja2 from now on", facts);
    return this.#jinja2.render(this.#place, name, result);
  }
}

/** The only positional result. */
function resultOf({ serializer, items }: Payload): Value {
  const [args, kwargs] = items.map((item) => templateValue(item, serializer));
  const results = Array.isArray(args) ? args : [];
  const hasNames = kwargs instanceof Map && kwargs.size > 0;
  const [result] = results;
  if (result !== undefined && results.length === 1 && !hasNames) return result;
  throw noMapping();
}

/** The items of a mapping or a list of pairs: what `dict` of Python makes of a value. */
function variablesOf(value: Value): Map<Value, Value> {
  if (value instanceof Map) return value;
  if (value === "") return new Map();
  const isPairs =
    Array.isArray(value) && value.every((pair) => Array.isArray(pair) && pair.length === 2);
  if (isPairs) return new Map(value as [Value, Value][]);
  throw noMapping();
}

function noMapping(): RenderError {
  return new RenderError(
    "failed",
    "Cannot render the result: expected a mapping as its only value",
  );
}
