/**
 * UrlMap: finds the rule for the path of a URL, in the order of Werkzeug: static parts before others, longer static
 * ones first, numbers before texts, texts before paths.
 *
 * @module
 */

import { type PathValue, type RulePart, UrlRule } from "./url-rule.ts";

/** What a path leads to. */
export type UrlMatch<Target> =
  | { kind: "found"; target: Target; values: ReadonlyMap<string, PathValue> }
  /** The path that is meant, with a slash at its end or single slashes within it. */
  | { kind: "redirect"; path: string }
  | { kind: "other method"; methods: ReadonlySet<string> }
  | { kind: "none" };

interface Entry<Target> {
  rule: UrlRule;
  method: string;
  target: Target;
}

interface State<Target> {
  statics: Map<string, State<Target>>;
  dynamics: { part: RulePart; expression: RegExp; state: State<Target> }[];
  entries: Entry<Target>[];
}

/** Where a rule matches once a slash is added. */
const SLASH_MISSING = Symbol("slash missing");

type Found<Target> =
  | { entry: Entry<Target>; texts: readonly string[] }
  | typeof SLASH_MISSING
  | null;

/** Rules, each for a method. */
export class UrlMap<Target> {
  readonly #root: State<Target> = newState();

  /**
   * Adds a rule.
   *
   * @throws MalformedRule when it is none.
   */
  add(rule: string, method: string, target: Target): void {
    const compiled = new UrlRule(rule);
    let state = this.#root;
    for (const part of compiled.parts) state = nextState(state, part);
    state.entries.push({ rule: compiled, method, target });
  }

  /** Finds the rule for a path and a method. */
  match(path: string, method: string): UrlMatch<Target> {
    const sought = new Search<Target>(method);
    const written = `/${path.replace(/^\/+/, "")}`;
    const found = sought.in(this.#root, written.split("/"), []);
    if (found === SLASH_MISSING) return { kind: "redirect", path: `${written}/` };
    if (found !== null) {
      const values = found.entry.rule.values(found.texts);
      if (values !== null) return { kind: "found", target: found.entry.target, values };
    } else {
      const merged = written.replace(/\/{2,}/g, "/");
      const other = merged === written ? null : sought.in(this.#root, merged.split("/"), []);
      if (other === SLASH_MISSING) return { kind: "redirect", path: `${merged}/` };
      if (other !== null) return { kind: "redirect", path: merged };
    }
    const { methods } = sought;
    return methods.size > 0 ? { kind: "other method", methods } : { kind: "none" };
  }
}

function newState<Target>(): State<Target> {
  return { statics: new Map(), dynamics: [], entries: [] };
}

function nextState<Target>(state: State<Target>, part: RulePart): State<Target> {
  if (part.isStatic) {
    const next = state.statics.get(part.content) ?? newState<Target>();
    state.statics.set(part.content, next);
    return next;
  }
  const isSame = (one: { part: RulePart }) => JSON.stringify(one.part) === JSON.stringify(part);
  const known = state.dynamics.find(isSame);
  if (known !== undefined) return known.state;
  const next = newState<Target>();
  state.dynamics.push({ part, expression: new RegExp(`^(?:${part.content})$`), state: next });
  state.dynamics.sort((left, right) => compareWeights(left.part.weight, right.part.weight));
  return next;
}

type Weight = number | readonly Weight[];

/** The order of Python's tuples. */
function compareWeights(left: Weight, right: Weight): number {
  if (typeof left === "number" || typeof right === "number") return Number(left) - Number(right);
  for (const [index, one] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const order = compareWeights(one, other);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** One search; it notes the methods of rules that fit but for their method. */
class Search<Target> {
  readonly methods = new Set<string>();
  readonly #method: string;

  constructor(method: string) {
    this.#method = method;
  }

  in(state: State<Target>, parts: readonly string[], texts: readonly string[]): Found<Target> {
    const [part, ...rest] = parts;
    if (part === undefined) return this.#atEnd(state, texts);
    const next = state.statics.get(part);
    const found = next === undefined ? null : this.in(next, rest, texts);
    return found ?? this.#dynamic(state, parts, texts);
  }

  #atEnd(state: State<Target>, texts: readonly string[]): Found<Target> {
    for (const entry of state.entries) {
      if (this.#takes(entry)) return { entry, texts };
      this.methods.add(entry.method);
    }
    const withSlash = state.statics.get("")?.entries ?? [];
    return withSlash.some((entry) => this.#takes(entry)) ? SLASH_MISSING : null;
  }

  #takes({ method }: Entry<Target>): boolean {
    return method === this.#method || (method === "GET" && this.#method === "HEAD");
  }

  #dynamic(
    state: State<Target>,
    parts: readonly string[],
    texts: readonly string[],
  ): Found<Target> {
    for (const { part, expression, state: next } of state.dynamics) {
      const match = expression.exec(part.isFinal ? parts.join("/") : (parts[0] as string));
      if (match === null) continue;
      const groups = match.slice(1) as string[];
      const suffix = part.hasSlashSuffix ? groups.pop() : "";
      const left = part.isFinal ? [] : parts.slice(1);
      const found = this.in(next, suffix === "/" ? [""] : left, [...texts, ...groups]);
      if (found !== null) return found;
    }
    return null;
  }
}
