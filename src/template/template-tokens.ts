/**
 * Splits the source of a template into texts, comments, raw blocks, outputs and statements, and those into tokens.
 *
 * @module
 */

import { TemplateFault } from "./template-fault.ts";

/** A token of an output or a statement. */
export interface Token {
  kind: "name" | "integer" | "float" | "string" | "operator";
  text: string;
}

/** A part of a template. */
export type Segment =
  /** Printed as it is, or a comment. */
  | { kind: "verbatim"; text: string; isBlank: boolean; line: number }
  /** `open` and `close` are its brackets, with the signs that trim whitespace. */
  | { kind: "output" | "statement"; tokens: Token[]; open: string; close: string; line: number };

const RAW = /\{%-?\s*raw\s*-?%\}[\s\S]*?\{%-?\s*endraw\s*-?%\}/y;
const COMMENT = /\{#[\s\S]*?#\}/y;
const TOKEN =
  /(?<name>[A-Za-z_][A-Za-z0-9_]*)|(?<float>\d{1,15}\.\d{1,15})(?![\w.])|(?<integer>0|[1-9]\d{0,14})(?![\w.])|(?<string>'[^'\\]*'|"[^"\\]*")|(?<operator>==|!=|[()[\].,|=+-])/y;

/** @throws TemplateFault at what is not read here. */
export function* segmentsOf(source: string): Generator<Segment, undefined> {
  let at = 0;
  let line = 1;
  while (at < source.length) {
    const begin = source.slice(at).search(/\{[{%#]/);
    const end = begin === -1 ? source.length : at + begin;
    const segment = end > at ? verbatim(source.slice(at, end), line) : bracketed(source, at, line);
    const length = end > at ? end - at : segment.length;
    yield segment.segment;
    line += source.slice(at, at + length).split("\n").length - 1;
    at += length;
  }
}

interface Read {
  segment: Segment;
  length: number;
}

function verbatim(text: string, line: number): Read {
  const isBlank = text.trim() === "";
  return { segment: { kind: "verbatim", text, isBlank, line }, length: text.length };
}

function bracketed(source: string, at: number, line: number): Read {
  for (const [expression, isBlank] of [
    [RAW, false],
    [COMMENT, true],
  ] as const) {
    expression.lastIndex = at;
    const text = expression.exec(source)?.[0];
    if (text === undefined) continue;
    return { segment: { kind: "verbatim", text, isBlank, line }, length: text.length };
  }
  const kind = source[at + 1] === "{" ? "output" : "statement";
  if (source[at + 1] === "#") throw new TemplateFault(line, "a comment has no end", false);
  return tokenized(source, at, kind, line);
}

function tokenized(
  source: string,
  begin: number,
  kind: "output" | "statement",
  line: number,
): Read {
  const sign = source[begin + 2] === "-" ? "-" : "";
  const tokens: Token[] = [];
  const close = kind === "output" ? /\s*(-?\}\})/y : /\s*(-?%\})/y;
  let at = begin + 2 + sign.length;
  for (;;) {
    close.lastIndex = at;
    const closing = close.exec(source)?.[1];
    if (closing !== undefined) {
      const open = source.slice(begin, begin + 2) + sign;
      const segment: Segment = { kind, tokens, open, close: closing, line };
      return { segment, length: close.lastIndex - begin };
    }
    while (/\s/.test(source[at] ?? "")) at++;
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    if (match === null) {
      const place = line + source.slice(begin, at).split("\n").length - 1;
      const shown = JSON.stringify(source.slice(at, at + 10).split("\n")[0]);
      throw new TemplateFault(place, `expressions with ${shown} are not rendered here`);
    }
    const [kindOf = "operator"] =
      Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined) ?? [];
    tokens.push({ kind: kindOf as Token["kind"], text: match[0] });
    at = TOKEN.lastIndex;
  }
}
