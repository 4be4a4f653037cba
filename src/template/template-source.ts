/**
 * Translates templates of Jinja2 to those of MiniJinja that give the same pages, or refuses them.
 *
 * MiniJinja prints and escapes values in another way than Python, and loses the order of mappings. Outputs go through
 * a filter of `page-filters.ts`, and loops ask whether they have a mapping. Lines stay where they are.
 *
 * @module
 */

import { faultOfExpression, type Place } from "./check-expression.ts";
import { TemplateFault } from "./template-fault.ts";
import { type Segment, segmentsOf, type Token } from "./template-tokens.ts";

/** A template for MiniJinja. */
export interface TranslatedTemplate {
  source: string;
  /** The templates that it extends or includes, with the lines. */
  names: readonly NamedTemplate[];
  /** Whether it can be included: the variables that it sets would stay in MiniJinja. */
  isIncludable: boolean;
}

/** Where a template names another one. */
interface NamedTemplate {
  name: string;
  line: number;
  isIncluded: boolean;
}

type Bracketed = Exclude<Segment, { kind: "verbatim" }>;

/** The name of a template in MiniJinja, which escapes by the ending of names. */
export function engineName(name: string): string {
  return `${name}.html`;
}

/** @throws TemplateFault when Jinja2 would refuse the template, or give another page. */
export function translate(source: string): TranslatedTemplate {
  return new Translation().run(source.replace(/\r\n?/g, "\n"));
}

class Translation {
  readonly #names: NamedTemplate[] = [];
  /** Statements that have no end yet. */
  readonly #open: string[] = [];
  readonly #blocks = new Set<string>();
  #extends = false;
  #sets = false;
  #hasOutput = false;

  run(source: string): TranslatedTemplate {
    let translated = "";
    for (const segment of segmentsOf(source)) translated += this.#segment(segment);
    return { source: translated, names: this.#names, isIncludable: !this.#extends && !this.#sets };
  }

  #segment(segment: Segment): string {
    if (segment.kind === "verbatim") {
      this.#hasOutput ||= !segment.isBlank;
      return segment.text;
    }
    const text = segment.kind === "output" ? this.#output(segment) : this.#statement(segment);
    const fault = this.#faultOfPlace(segment);
    if (fault !== null) throw new TemplateFault(segment.line, fault);
    this.#hasOutput = true;
    return text;
  }

  /** Beside the blocks of a template that extends another one, Jinja2 and MiniJinja do different things. */
  #faultOfPlace({ kind, tokens }: Bracketed): string | null {
    const isBlock = ["block", "endblock", "extends"].includes(tokens[0]?.text ?? "");
    const isBeside = this.#extends && this.#open.length === 0 && (kind === "output" || !isBlock);
    return isBeside ? "what is beside the blocks is not rendered here" : null;
  }

  #output({ tokens, open, close, line }: Bracketed): string {
    if (tokens.map(({ text }) => text).join("") === "super()") return `${open} super() ${close}`;
    const last = tokens.at(-1)?.text ?? "";
    const isEscape = tokens.at(-2)?.text === "|" && ["e", "escape", "safe"].includes(last);
    const value = isEscape ? tokens.slice(0, -2) : tokens;
    if (isEscape && !isChain(value)) {
      throw new TemplateFault(line, `"${last}" of a part is not rendered here`);
    }
    const text = this.#expression(value, line, "other");
    const set = `${open.replace("{{", "{%")} set __v = ${text} %}`;
    const types = "__v is float, __v is none";
    const print = last === "safe" && isEscape ? "__print_safe" : "__print";
    return `${set}{{ __v if __v is integer else __v|${print}(${types})|safe ${close}`;
  }

  #expression(tokens: readonly Token[], line: number, place: Place): string {
    const fault = faultOfExpression(tokens, place);
    if (fault !== null) throw new TemplateFault(line, fault);
    return tokens.map(({ text }) => text).join(" ");
  }

  #statement(statement: Bracketed): string {
    const [{ text: name } = { text: "" }, ...rest] = statement.tokens;
    const { open, close, line } = statement;
    switch (name) {
      case "if":
        this.#open.push(name);
        return `${open} if ${this.#expression(rest, line, "other")} ${close}`;
      case "elif":
        return `${open} elif ${this.#expression(rest, line, "other")} ${close}`;
      case "for":
        return this.#for(statement, rest);
      case "block":
        return this.#block(statement, rest);
      case "extends":
      case "include":
        return this.#other(statement, name, rest);
      case "set":
        return this.#set(statement, rest);
      case "else":
      case "endif":
      case "endfor":
      case "endblock":
        if (name !== "else") this.#open.pop();
        return `${open} ${[name, ...rest.map(({ text }) => text)].join(" ")} ${close}`;
      default:
        throw new TemplateFault(line, `the statement "${name}" is not rendered here`);
    }
  }

  #for({ open, close, line }: Bracketed, rest: readonly Token[]): string {
    this.#open.push("for");
    const texts = rest.map(({ text }) => text);
    const begin = texts.indexOf("in");
    const targets = texts.slice(0, begin).join(" ");
    if (begin === -1 || !/^[a-z]\w*( , [a-z]\w*)*$/i.test(targets) || /__|\bloop\b/.test(targets)) {
      throw new TemplateFault(line, "a loop of this kind is not rendered here");
    }
    const condition = texts.indexOf("if", begin);
    const end = condition === -1 ? rest.length : condition;
    if (texts.slice(condition + 1).includes("loop") && condition !== -1) {
      throw new TemplateFault(line, "a loop in its own condition is not rendered here");
    }
    const items = this.#expression(rest.slice(begin + 1, end), line, "loop");
    const filter =
      condition === -1 ? "" : ` if ${this.#expression(rest.slice(end + 1), line, "other")}`;
    const isRefused = "__l is none or (__l is mapping and __l|length > 1)";
    const check = `{% if ${isRefused} %}{{ (__l is none)|__refuse_loop }}{% endif %}`;
    return `${open} set __l = ${items} %}${check}{% for ${targets} in __l${filter} ${close}`;
  }

  #block({ open, close, line }: Bracketed, rest: readonly Token[]): string {
    const [name] = rest;
    const isPlain = rest.length === 1 && name?.kind === "name";
    if (!isPlain || this.#open.some((one) => one !== "block")) {
      throw new TemplateFault(line, "a block of this kind is not rendered here");
    }
    if (this.#blocks.has(name.text)) {
      throw new TemplateFault(line, `the block "${name.text}" is there twice`, false);
    }
    this.#blocks.add(name.text);
    this.#open.push("block");
    return `${open} block ${name.text} ${close}`;
  }

  /** Another template, by its name. */
  #other({ open, close, line }: Bracketed, statement: string, rest: readonly Token[]): string {
    const [file] = rest;
    if (rest.length !== 1 || file?.kind !== "string") {
      throw new TemplateFault(line, `"${statement}" of this kind is not rendered here`);
    }
    const isFirst = this.#open.length === 0 && !this.#hasOutput;
    if (statement === "extends" && !isFirst) {
      throw new TemplateFault(line, '"extends" after other things is not rendered here');
    }
    this.#extends ||= statement === "extends";
    const name = file.text.slice(1, -1);
    this.#names.push({ name, line, isIncluded: statement === "include" });
    return `${open} ${statement} ${JSON.stringify(engineName(name))} ${close}`;
  }

  #set({ open, close, line }: Bracketed, rest: readonly Token[]): string {
    const [name, equals, ...value] = rest;
    const isPlain = name?.kind === "name" && equals?.text === "=" && !name.text.includes("__");
    // The two differ in how long a variable lives.
    if (!isPlain || this.#open.length > 0 || name.text === "loop") {
      throw new TemplateFault(line, '"set" of this kind is not rendered here');
    }
    this.#sets = true;
    return `${open} set ${name.text} = ${this.#expression(value, line, "other")} ${close}`;
  }
}

/** Whether filters apply to all of an expression. */
function isChain(tokens: readonly Token[]): boolean {
  const words = ["and", "or", "not", "if", "else", "is"];
  return tokens.every(({ text }) => !words.includes(text) && text !== "==" && text !== "!=");
}
