/**
 * Checks expressions of templates for what MiniJinja would do in another way than Jinja2.
 *
 * @module
 */

import type { Token } from "./template-tokens.ts";

const FILTERS = new Set(["upper", "lower", "trim", "length", "count"]);
const FILTERS_WITH_ARGUMENTS = new Set(["default", "d", "join"]);
const TESTS = new Set(["defined", "undefined", "none", "string", "mapping", "boolean"]);
const WORDS = new Set(["and", "or", "not", "if", "else", "is"]);
const CONSTANTS = new Set(["true", "false", "none", "True", "False", "None"]);

/** Names that are no variables, or are functions in one of the two. */
const RESERVED = new Set(
  "in self super namespace dict cycler joiner lipsum debug range".split(" "),
);

/** Attributes of dictionaries in Python, which win over their keys. */
const METHODS = new Set(
  "items keys values get pop popitem copy update clear setdefault fromkeys".split(" "),
);

const LOOP = new Set("index index0 revindex revindex0 first last length".split(" "));

/** Where an expression stands: `range` is only for loops. */
export type Place = "loop" | "other";

type Bracket = "group" | "call" | "item";

/** What is not rendered here; null: nothing. */
export function faultOfExpression(tokens: readonly Token[], place: Place): string | null {
  const open: Bracket[] = [];
  let comparisons = 0;
  for (const [index, token] of tokens.entries()) {
    if (isEndOfPart(token)) comparisons = 0;
    if (["==", "!=", "is"].includes(token.text) && ++comparisons > 1) {
      return "comparisons of comparisons are not rendered here";
    }
    const fault = faultOfToken(tokens, index, place, open);
    if (fault !== null) return fault;
  }
  return null;
}

function faultOfToken(
  tokens: readonly Token[],
  index: number,
  place: Place,
  open: Bracket[],
): string | null {
  const token = tokens[index];
  if (token?.kind === "name") return faultOfName(token.text, tokens, index, place);
  if (token?.kind === "operator") return faultOfOperator(token.text, tokens, index, open);
  return isOperand(tokens[index - 1]) ? "texts side by side are not rendered here" : null;
}

function isEndOfPart({ text, kind }: Token): boolean {
  return kind === "name" ? ["and", "or", "if", "else"].includes(text) : /^[(,]$/.test(text);
}

function isOperand(token: Token | undefined): boolean {
  if (token === undefined) return false;
  if (token.kind === "operator") return token.text === ")" || token.text === "]";
  return token.kind !== "name" || !WORDS.has(token.text);
}

function faultOfName(
  name: string,
  tokens: readonly Token[],
  index: number,
  place: Place,
): string | null {
  const [before, after] = [tokens[index - 1]?.text, tokens[index + 1]?.text];
  const owner = tokens[index - 2];
  if (name.includes("__")) return `"${name}" is not rendered here`;
  if (before === ".") return faultOfAttribute(name, owner?.text, tokens[index - 3]?.text, after);
  if (before === "|") {
    const isKnown = FILTERS_WITH_ARGUMENTS.has(name) || (FILTERS.has(name) && after !== "(");
    return isKnown ? null : `the filter "${name}" is not rendered here`;
  }
  const isTest = before === "is" || (before === "not" && owner?.text === "is");
  if (isTest && name !== "not") {
    return TESTS.has(name) && after !== "(" ? null : `the test "${name}" is not rendered here`;
  }
  if (WORDS.has(name) || CONSTANTS.has(name)) return null;
  if (name === "range" && place === "loop" && index === 0 && after === "(") return null;
  if (name === "loop") return after === "." ? null : "a loop as a value is not rendered here";
  if (after === "(") return `the function "${name}" is not rendered here`;
  return RESERVED.has(name) ? `"${name}" is not rendered here` : null;
}

function faultOfAttribute(
  name: string,
  owner: string | undefined,
  beforeOwner: string | undefined,
  after: string | undefined,
): string | null {
  if (METHODS.has(name) || after === "(") return `the method "${name}" is not rendered here`;
  const isLoop = owner === "loop" && beforeOwner !== ".";
  return isLoop && !LOOP.has(name) ? `"loop.${name}" is not rendered here` : null;
}

function faultOfOperator(
  text: string,
  tokens: readonly Token[],
  index: number,
  open: Bracket[],
): string | null {
  const [before, after] = [tokens[index - 1], tokens[index + 1]];
  switch (text) {
    case "(": {
      const isCall = before?.kind === "name" && !WORDS.has(before.text);
      if (!isCall && (isOperand(before) || after?.text === ")"))
        return "calls and tuples of this kind are not rendered here";
      open.push(isCall ? "call" : "group");
      return null;
    }
    case "[":
      open.push("item");
      return faultOfItem(before, tokens.slice(index + 1, index + 3));
    case ")":
    case "]":
      open.pop();
      return null;
    case ",":
      return open.at(-1) === "call" ? null : "tuples and lists are not rendered here";
    case ".":
      return after?.kind === "name" && isOperand(before)
        ? null
        : "an item of this kind is not rendered here";
    case "=":
      return "arguments with names are not rendered here";
    case "+":
    case "-":
      return "arithmetic is not rendered here";
    default:
      return null;
  }
}

/** Only the item of a constant or a variable, such as `x[0]`, `x["key"]`, `x[y]`. */
function faultOfItem(before: Token | undefined, [key, end]: readonly Token[]): string | null {
  const isSimple = key !== undefined && key.kind !== "operator" && key.kind !== "float";
  if (!isOperand(before) || !isSimple || end?.text !== "]") {
    return "lists, slices and computed items are not rendered here";
  }
  const isMethod = key.kind === "string" && METHODS.has(key.text.slice(1, -1));
  return isMethod ? `the method ${key.text} is not rendered here` : null;
}
