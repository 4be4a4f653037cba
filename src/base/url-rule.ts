/**
 * UrlRule: a rule for paths of URLs, such as `/square/<int:x>`, as Werkzeug reads it.
 *
 * @module
 */

/** A value of a path: that of `<int:x>` is a bigint, that of `<float:x>` a number. */
export type PathValue = string | bigint | number;

/** A part of a rule between two slashes, or, if it is final, all that is left of the path. */
export interface RulePart {
  /** The text of a static part; the expression of another one. */
  content: string;
  isStatic: boolean;
  isFinal: boolean;
  /** Whether the expression ends with a group for a slash. */
  hasSlashSuffix: boolean;
  /** Parts of less weight are tried first. */
  weight: readonly (number | readonly (readonly number[] | number)[])[];
}

/** A converter: its expression, and what it makes of a text; null: the text is none of its values. */
interface Converter {
  expression: string;
  weight: number;
  /** Whether its values have slashes in them. */
  hasSlashes?: true;
  convert(text: string): PathValue | null;
}

/** A rule that is no rule. */
export class MalformedRule extends Error {}

const PIECE =
  /\/|[^</]+|<(?:(?<converter>[a-zA-Z_]\w*)(?:\((?<args>.*?)\))?:)?(?<variable>[a-zA-Z_]\w*)>/y;

/** One rule. */
export class UrlRule {
  readonly parts: readonly RulePart[];
  readonly #converters: ReadonlyMap<string, Converter>;

  /** @throws MalformedRule when Werkzeug would refuse the rule. */
  constructor(rule: string) {
    const converters = new Map<string, Converter>();
    this.parts = [...partsOf(rule.replace(/\/{2,}/g, "/"), converters)];
    this.#converters = converters;
  }

  /** The variables for the texts that were matched; null: one of them has no such value. */
  values(texts: readonly string[]): Map<string, PathValue> | null {
    const values = new Map<string, PathValue>();
    let index = 0;
    for (const [name, converter] of this.#converters) {
      const value = converter.convert(texts[index++] ?? "");
      if (value === null) return null;
      values.set(name, value);
    }
    return values;
  }
}

/** What has been read of the present part. */
interface Draft {
  content: string;
  isStatic: boolean;
  isFinal: boolean;
  statics: [number, number][];
  weights: number[];
}

const newDraft = (): Draft => ({
  content: "",
  isStatic: true,
  isFinal: false,
  statics: [],
  weights: [],
});

function* partsOf(
  rule: string,
  converters: Map<string, Converter>,
): Generator<RulePart, undefined> {
  let draft = newDraft();
  for (let at = 0; at < rule.length; at = PIECE.lastIndex) {
    PIECE.lastIndex = at;
    const match = PIECE.exec(rule);
    if (match === null) throw new MalformedRule(`"${rule.slice(at)}" is malformed`);
    const [piece] = match;
    const { variable } = match.groups ?? {};
    if (variable !== undefined) addVariable(draft, match.groups ?? {}, converters);
    else if (piece !== "/") addStatic(draft, piece);
    else if (draft.isFinal) draft.content += "/";
    else {
      yield finished(draft, false);
      draft = newDraft();
    }
  }
  const hasSlashSuffix = draft.isFinal && draft.content.endsWith("/");
  if (hasSlashSuffix) draft.content = `${draft.content.slice(0, -1)}(?<!/)(/?)`;
  const last = finished(draft, hasSlashSuffix);
  yield last;
  if (hasSlashSuffix) {
    yield {
      content: "",
      isStatic: true,
      isFinal: false,
      hasSlashSuffix: false,
      weight: last.weight,
    };
  }
}

function addStatic(draft: Draft, piece: string): void {
  draft.statics.push([draft.statics.length, -piece.length]);
  // Browsers send other characters than these by their octets.
  const sent = encodeURI(piece).replaceAll("%25", "%");
  draft.content += draft.isStatic ? sent : escapeExpression(sent);
}

function addVariable(
  draft: Draft,
  { variable = "", converter: name = "default", args = "" }: Record<string, string | undefined>,
  converters: Map<string, Converter>,
): void {
  if (draft.isStatic) draft.content = escapeExpression(draft.content);
  draft.isStatic = false;
  if (converters.has(variable))
    throw new MalformedRule(`the variable "${variable}" is there twice`);
  const converter = converterOf(name, args);
  converters.set(variable, converter);
  draft.isFinal ||= converter.hasSlashes === true;
  draft.content += `(${converter.expression})`;
  draft.weights.push(converter.weight);
}

function finished(draft: Draft, hasSlashSuffix: boolean): RulePart {
  const { content, isStatic, isFinal, statics, weights } = draft;
  const weight = [-statics.length, statics, -weights.length, weights];
  return { content, isStatic, isFinal, hasSlashSuffix, weight };
}

function escapeExpression(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}

type Argument = string | bigint | number | boolean | null;
interface Arguments {
  positional: Argument[];
  named: Map<string, Argument>;
}

const ARGUMENT =
  /\s*(?:(\w+)\s*=\s*)?(True|False|\d+.\d+|\d+.|\d+|[\w.]+|[urUR]?(?:"[^"]*?"|'[^']*'))\s*,/y;

function parseArguments(written: string): Arguments {
  const args: Arguments = { positional: [], named: new Map() };
  const text = `${written},`;
  if (written.trim() === "") return args;
  for (let at = 0; at < text.length; at = ARGUMENT.lastIndex) {
    ARGUMENT.lastIndex = at;
    const match = ARGUMENT.exec(text);
    if (match === null) throw new MalformedRule(`the arguments "${written}" are malformed`);
    const [, name, value = ""] = match;
    if (name === undefined) args.positional.push(argumentOf(value));
    else args.named.set(name, argumentOf(value));
  }
  return args;
}

function argumentOf(written: string): Argument {
  if (written === "True" || written === "False") return written === "True";
  if (written === "None") return null;
  if (/^\d+$/.test(written)) return BigInt(written);
  if (/^\d+\.\d*$/.test(written)) return Number(written);
  const quoted = /^[urUR]?(["'])(.*)\1$/s.exec(written);
  return quoted?.[2] ?? written;
}

function converterOf(name: string, written: string): Converter {
  const args = parseArguments(written);
  switch (name) {
    case "default":
    case "string":
      return textConverter(bound(args, ["minlength", "maxlength", "length"]));
    case "any":
      return anyConverter(args);
    case "path":
      bound(args, []);
      return { expression: "[^/].*?", weight: 200, hasSlashes: true, convert: (text) => text };
    case "int":
      return numberConverter(bound(args, ["fixed_digits", "min", "max", "signed"]), "\\d+", BigInt);
    case "float":
      return numberConverter(bound(args, ["min", "max", "signed"]), "\\d+\\.\\d+", Number);
    case "uuid": {
      bound(args, []);
      const groups = [8, 4, 4, 4, 12].map((digits) => `[A-Fa-f0-9]{${digits}}`);
      return { expression: groups.join("-"), weight: 100, convert: (text) => text.toLowerCase() };
    }
    default:
      throw new MalformedRule(`there is no converter "${name}"`);
  }
}

/** Arguments by the names of parameters. */
function bound({ positional, named }: Arguments, names: string[]): Map<string, Argument> {
  const given = positional.map((value, index): [string, Argument] => [names[index] ?? "", value]);
  const all = new Map([...given, ...named]);
  const isKnown = [...all.keys()].every((name) => names.includes(name));
  if (!isKnown || all.size !== positional.length + named.size) {
    throw new MalformedRule("a converter has other arguments");
  }
  return all;
}

function lengthOf(args: Map<string, Argument>, name: string): bigint | null {
  const value = args.get(name) ?? null;
  if (value === null) return null;
  if (typeof value === "bigint") return value;
  throw new MalformedRule(`"${name}" is no integer`);
}

function textConverter(args: Map<string, Argument>): Converter {
  const length = lengthOf(args, "length");
  const [least, most] = [lengthOf(args, "minlength") ?? 1n, lengthOf(args, "maxlength")];
  const count = length === null ? `${least},${most ?? ""}` : String(length);
  return { expression: `[^/]{${count}}`, weight: 100, convert: (text) => text };
}

function anyConverter({ positional, named }: Arguments): Converter {
  if (named.size > 0) throw new MalformedRule("a converter has other arguments");
  const items = positional.map((item) => escapeExpression(String(item)));
  const hasSlashes = positional.some((item) => String(item).includes("/"));
  const expression = `(?:${items.join("|")})`;
  // Werkzeug takes every item for one without slashes.
  if (hasSlashes) throw new MalformedRule("an item of any() has a slash");
  return { expression, weight: 100, convert: (text) => text };
}

function numberConverter(
  args: Map<string, Argument>,
  unsigned: string,
  parse: (text: string) => bigint | number,
): Converter {
  const bound = (name: string) => {
    const value = args.get(name) ?? null;
    if (value === null || typeof value === "bigint" || typeof value === "number") return value;
    throw new MalformedRule(`"${name}" is no number`);
  };
  const [least, most, digits] = [
    bound("min"),
    bound("max"),
    Number(lengthOf(args, "fixed_digits") ?? 0n),
  ];
  const isSigned = ![undefined, null, false, 0n, ""].includes(args.get("signed") as never);
  return {
    expression: isSigned ? `-?${unsigned}` : unsigned,
    weight: 50,
    convert: (text) => {
      if (digits !== 0 && text.length !== digits) return null;
      const value = parse(text);
      const isWithin = (least === null || value >= least) && (most === null || value <= most);
      return isWithin ? value : null;
    },
  };
}
