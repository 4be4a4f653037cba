/**
 * Renders templates with MiniJinja, which is a module of WebAssembly.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import * as bindings from "minijinja-js/dist/bundler/minijinja_js_bg.js";
import file from "minijinja-js/dist/bundler/minijinja_js_bg.wasm" with { type: "file" };
import { PageFilters } from "./page-filters.ts";
import { RenderError } from "./render-error.ts";
import { TemplateFault } from "./template-fault.ts";
import { engineName } from "./template-source.ts";

/** Most instructions of a page. */
const MAX_INSTRUCTIONS = 1_000_000;

/** Memory of WebAssembly never shrinks: an instance with more octets is left to the garbage collector. */
const MAX_MEMORY_OCTETS = 64 * 1024 * 1024;

let module: WebAssembly.Module | undefined;
let memory: WebAssembly.Memory | undefined;

/** @throws TemplateFault when MiniJinja cannot read the template. */
export function compileTemplate(name: string, source: string): void {
  inEnvironment((environment) => {
    try {
      environment.addTemplate(engineName(name), source);
    } catch (thrown) {
      if (isTrap(thrown)) throw thrown;
      const { sentence, line } = read(thrown);
      throw new TemplateFault(line, sentence, false);
    }
  });
}

/**
 * The page of a template.
 *
 * @throws RenderError when it cannot be made.
 */
export function renderPage(
  name: string,
  sources: ReadonlyMap<string, string>,
  variables: object,
): string {
  const filters = new PageFilters();
  try {
    const page = inEnvironment((environment) => {
      environment.fuel = MAX_INSTRUCTIONS;
      for (const [one, filter] of Object.entries(filters.all)) environment.addFilter(one, filter);
      for (const [one, source] of sources) environment.addTemplate(engineName(one), source);
      return environment.renderTemplate(engineName(name), variables);
    });
    filters.throwFailure();
    return page;
  } catch (thrown) {
    if (thrown instanceof RenderError) throw thrown;
    filters.throwFailure();
    const { sentence, line } = read(thrown);
    throw new RenderError("failed", `Cannot render "${name}", line ${line}: ${sentence}`);
  }
}

/** Runs something with an environment of its own, in an instance that has not failed. */
function inEnvironment<Result>(run: (environment: bindings.Environment) => Result): Result {
  if (memory === undefined || memory.buffer.byteLength > MAX_MEMORY_OCTETS) instantiate();
  const environment = new bindings.Environment();
  try {
    const result = run(environment);
    environment.free();
    return result;
  } catch (thrown) {
    if (isTrap(thrown)) {
      // Its instance cannot be used again.
      environment.__destroy_into_raw();
      memory = undefined;
    } else environment.free();
    throw thrown;
  }
}

function instantiate(): void {
  module ??= new WebAssembly.Module(readFileSync(file));
  const { exports } = new WebAssembly.Instance(module, {
    "./minijinja_js_bg.js": imports() as never,
  });
  bindings.__wbg_set_wasm(exports);
  memory = exports["memory"] as WebAssembly.Memory;
}

/** All integers come as bigints, so that no number is an integer, and 2.0 stays a float. */
function imports(): Record<string, unknown> {
  const isInteger = Object.keys(bindings).find((name) => name.startsWith("__wbg_isSafeInteger_"));
  if (isInteger === undefined) throw new Error("minijinja-js asks for integers in another way");
  return { ...bindings, [isInteger]: () => 0 };
}

function isTrap(thrown: unknown): boolean {
  return thrown instanceof WebAssembly.RuntimeError || thrown instanceof RangeError;
}

/** The sentence and the line of an error of MiniJinja. */
function read(thrown: unknown): { sentence: string; line: number } {
  const [text = ""] = String(thrown instanceof Error ? thrown.message : thrown).split("\n");
  const match = /^(.*) \(in .*:(\d+)\)$/.exec(text);
  return { sentence: match?.[1] ?? text, line: Number(match?.[2] ?? 1) };
}
