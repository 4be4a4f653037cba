/**
 * A configuration of version 1 in JSON as one of version 2: only the permissions and the version are
 * written anew, all the rest of the text stays as it is.
 *
 * @module
 */

import type { JsonPath } from "#config/text/config-issue.ts";
import { jsonStringEnd } from "#config/text/json-string.ts";
import type { UpgradedPermission } from "#config/version-1.ts";
import { applyEdits, type TextEdit } from "./text-edit.ts";

/** A value of a text, from `start` to `end`. */
interface Span {
  start: number;
  end: number;
  /** Of an object. */
  members: Map<string, Span>;
  /** Of a list. */
  items: Span[];
}

/** The text of version 2. The text of version 1 has to be JSON. */
export function upgradeJson(text: string, permissions: readonly UpgradedPermission[]): string {
  const root = new SpanReader(text).value();
  const edits = permissions.map(({ path, permission }) => {
    const span = spanAt(root, path);
    return { start: span.start, end: span.end, text: permissionText(text, span, permission) };
  });
  return applyEdits(text, [...edits, versionEdit(text, root)]);
}

function versionEdit(text: string, root: Span): TextEdit {
  const version = root.members.get("version");
  if (version !== undefined) return { start: version.start, end: version.end, text: "2" };
  const start = root.start + 1;
  const before = /\s*/y;
  before.lastIndex = start;
  const space = before.exec(text)?.[0] ?? "";
  const member = `${space}"version": 2`;
  return {
    start,
    end: start,
    text: root.members.size === 0 ? member : `${member},${space === "" ? " " : ""}`,
  };
}

/** A permission on one line where it was, else with the indentation that it had. */
function permissionText(text: string, span: Span, permission: Record<string, unknown>): string {
  const layout = layoutOf(text.slice(span.start, span.end));
  /** As it was written, unless it is another value now. */
  const valueText = (name: string, value: unknown) => {
    const written = span.members.get(name);
    const raw = written === undefined ? null : text.slice(written.start, written.end);
    return raw === null || (name === "uri" && JSON.parse(raw) !== value)
      ? JSON.stringify(value)
      : raw;
  };
  const members = Object.entries(permission).map(([name, value]): Member => {
    const isNew = (name === "allow" || name === "disclose") && !span.members.has(name);
    if (!isNew) return [name, valueText(name, value)];
    const inner = Object.entries(value as Record<string, unknown>).map(
      ([key, item]): Member => [key, name === "allow" ? valueText(key, item) : String(item)],
    );
    return [name, objectText(inner, layout, 1)];
  });
  return objectText(members, layout, 0);
}

/** A name, and the text of its value. */
type Member = [name: string, text: string];

/** How an object is laid out: what is before its first member, between two, and before its end. */
interface Layout {
  open: string;
  comma: string;
  close: string;
  colon: string;
  /** What the members of an object within it are indented by in addition. */
  step: string;
}

function layoutOf(object: string): Layout {
  const isTight = /":\S/.test(object);
  const colon = isTight ? ":" : ": ";
  const [, open = ""] = /^\{(\s*)/.exec(object) ?? [];
  const [, close = ""] = /(\s*)\}$/.exec(object) ?? [];
  if (!open.includes("\n") || !close.includes("\n")) {
    const space = open === "" ? "" : " ";
    return { open: space, comma: isTight ? "," : ", ", close: space, colon, step: "" };
  }
  const step = open.startsWith(close) ? open.slice(close.length) : "  ";
  return { open, comma: `,${open}`, close, colon, step };
}

function objectText(members: Member[], layout: Layout, depth: number): string {
  const { open, comma, close, colon } = layout;
  const indent = layout.step.repeat(depth);
  const written = members.map(([name, value]) => `${JSON.stringify(name)}${colon}${value}`);
  return `{${open}${indent}${written.join(comma + indent)}${close}${indent}}`;
}

function spanAt(root: Span, path: JsonPath): Span {
  return path.reduce<Span>((span, step) => {
    const found = typeof step === "number" ? span.items[step] : span.members.get(step);
    if (found === undefined) throw new Error(`Cannot find ${String(step)} in the text`);
    return found;
  }, root);
}

/** Finds where values begin and end, in a text that is known to be JSON. */
class SpanReader {
  readonly #text: string;
  /** A bracket, a number or a word, or the begin of a string. */
  readonly #tokens = /["[\]{}]|[^\s,:[\]{}"]+/g;

  constructor(text: string) {
    this.#text = text;
  }

  value(token: string = this.#next()): Span {
    const start = this.#tokens.lastIndex - token.length;
    const span: Span = { start, end: 0, members: new Map(), items: [] };
    if (token === "{") this.#members(span.members);
    if (token === "[") this.#items(span.items);
    span.end = this.#tokens.lastIndex;
    return span;
  }

  #members(members: Map<string, Span>): void {
    for (let name = this.#next(); name !== "}"; name = this.#next()) {
      members.set(JSON.parse(name) as string, this.value());
    }
  }

  #items(items: Span[]): void {
    for (let first = this.#next(); first !== "]"; first = this.#next()) {
      items.push(this.value(first));
    }
  }

  #next(): string {
    const token = this.#tokens.exec(this.#text);
    if (token === null) throw new Error("Cannot read the text: it ends too early");
    if (token[0] !== '"') return token[0];
    const end = jsonStringEnd(this.#text, token.index);
    if (end < 0) throw new Error("Cannot read the text: a string in it has no end");
    this.#tokens.lastIndex = end;
    return this.#text.slice(token.index, end);
  }
}
