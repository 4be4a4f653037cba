/**
 * TemplateFolder: the templates below a folder. Each is read once.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sentenceOf } from "#base/failure.ts";
import { engineObject, type Value } from "./engine-value.ts";
import { compileTemplate, renderPage } from "./minijinja.ts";
import { RenderError } from "./render-error.ts";
import { TemplateFault } from "./template-fault.ts";
import { type TranslatedTemplate, translate } from "./template-source.ts";

/** Most octets of a template. */
const MAX_TEMPLATE_OCTETS = 1024 * 1024;

/** What is wrong with a template, or with one that it names. */
export interface PlacedFault {
  file: string;
  /** Null: the file cannot be read. */
  line: number | null;
  sentence: string;
  /** Whether Jinja2 may render the template. */
  isUnsupported: boolean;
}

const INCLUDE_FAULT = '"include" of a template with "set" or "extends" is not rendered here';

type Known = TranslatedTemplate | PlacedFault;

/** Reads, checks and renders templates. */
export class TemplateFolder {
  readonly #folder: string;
  readonly #known = new Map<string, Known>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The faults of a template, and of those that it extends or includes. */
  faultsOf(name: string): PlacedFault[] {
    const { faults } = this.#reach(name);
    const misuse = faults.length === 0 ? this.#misuseIn(name, []) : null;
    return misuse === null ? faults : [misuse];
  }

  /**
   * The page of a template.
   *
   * @throws RenderError when it cannot be made.
   */
  render(name: string, variables: ReadonlyMap<Value, Value>): string {
    const { sources, faults } = this.#reach(name);
    const [fault] = faults;
    if (fault !== undefined) throw new RenderError("unsupported", printFault(fault));
    // Others have no effect, and may have values that no template can have.
    const texts = [...sources.values()];
    const used = [...variables].filter(([key]) => texts.some((text) => text.includes(String(key))));
    return renderPage(name, sources, engineObject(new Map(used)));
  }

  /** A template and all that it needs. */
  #reach(first: string): { sources: Map<string, string>; faults: PlacedFault[] } {
    const sources = new Map<string, string>();
    const faults: PlacedFault[] = [];
    const seen = new Set([first]);
    for (const name of seen) {
      const known = this.#know(name);
      if ("file" in known) faults.push(known);
      else {
        sources.set(name, known.source);
        for (const other of known.names) seen.add(other.name);
      }
    }
    return { sources, faults };
  }

  /** A template that needs itself, which Jinja2 finds when it renders it, or includes one that it cannot include here. */
  #misuseIn(name: string, above: readonly string[]): PlacedFault | null {
    const known = this.#know(name);
    if ("file" in known) return null;
    const path = [...above, name];
    for (const { name: other, line, isIncluded } of known.names) {
      const named = this.#know(other);
      const isUsable = !isIncluded || "file" in named || named.isIncludable;
      if (!isUsable || path.includes(other)) {
        const file = fileOf(this.#folder, name) ?? name;
        const sentence = isUsable ? "it needs itself" : INCLUDE_FAULT;
        return { file, line, sentence, isUnsupported: true };
      }
      const misuse = this.#misuseIn(other, path);
      if (misuse !== null) return misuse;
    }
    return null;
  }

  #know(name: string): Known {
    const known = this.#known.get(name) ?? this.#read(name);
    this.#known.set(name, known);
    return known;
  }

  #read(name: string): Known {
    const file = fileOf(this.#folder, name);
    const source = file === null ? { fault: "its name leaves the folder" } : readSource(file);
    const shown = file ?? name;
    if (typeof source !== "string") {
      return { file: shown, line: null, sentence: source.fault, isUnsupported: false };
    }
    try {
      const template = translate(source);
      compileTemplate(name, template.source);
      return template;
    } catch (thrown) {
      if (!(thrown instanceof TemplateFault)) throw thrown;
      const { line, message: sentence, isUnsupported } = thrown;
      return { file: shown, line, sentence, isUnsupported };
    }
  }
}

/** Null: the name has a segment that leaves the folder. */
function fileOf(folder: string, name: string): string | null {
  const segments = name.split("/");
  if (segments.includes("..") || name.includes("\0")) return null;
  return join(folder, ...segments.filter((segment) => segment !== "" && segment !== "."));
}

function readSource(file: string): string | { fault: string } {
  try {
    const octets = readFileSync(file);
    if (octets.length > MAX_TEMPLATE_OCTETS) return { fault: "it is too long" };
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(octets);
  } catch (thrown) {
    if (thrown instanceof TypeError) return { fault: "it is not UTF-8" };
    return {
      fault: (thrown as { code?: string }).code === "ENOENT" ? "no such file" : sentenceOf(thrown),
    };
  }
}

/** A fault as a sentence. */
export function printFault({ file, line, sentence }: Omit<PlacedFault, "isUnsupported">): string {
  return `Cannot use the template "${file}"${line === null ? "" : `, line ${line}`}: ${sentence}`;
}
