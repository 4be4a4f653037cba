/** Mutations of a configuration: what an operator, an editor or a script may have made of it. */

import { stringify } from "yaml";

type Step = string | number;

/** One change; the numbers choose among what the value offers, so that any number is a choice. */
export interface Mutation {
  kind: (typeof MUTATIONS)[number];
  at: number;
  other: number;
}

/** The kinds of mutations. */
export const MUTATIONS = [
  "remove",
  "duplicate",
  "replace",
  "move",
  "swap",
  "wrap",
  "unwrap",
  "rename",
  "retype",
] as const;

/** A value of every kind of JSON, and those that are read in special ways. */
const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  1.5,
  2,
  8080,
  1e300,
  "",
  "x",
  "$A",
  "$UNSET",
  "a\0b",
  "a\nb\u001b[2J\u202e",
  "x".repeat(5_000),
  "\u{1f600}".repeat(60),
  "passthrough",
  "*",
  "0.0.0.0",
  "constructor",
  [],
  {},
  [null],
  [[]],
  [{}],
  { a: null },
  { constructor: null },
  { a: {} },
  { a: [] },
  { type: null },
  { type: "static" },
  { type: "dynamic" },
  { type: "unix" },
  { type: "tcp", port: 80 },
  { type: "websocket" },
  { type: "path", paths: { a: { type: "nodeinfo" } } },
  { file: "secret.txt" },
  ...["2001-12-14", ".nan", "-.inf", "1:30", "!!binary aGk=", "!!set {a}", "!!omap [a: 1]"].map(
    raw,
  ),
];

/** In YAML this very text, without quotation marks. */
function raw(text: string): string {
  return `@@${text}`;
}

/** The YAML of a mutated value. */
export function yamlOf(value: unknown): string {
  return stringify(value ?? null, { lineWidth: 0 }).replace(/"@@([^"\n]*)"/g, "$1");
}

const NAMES = [
  raw("7"),
  raw("null"),
  "constructor",
  "hasOwnProperty",
  "toString",
  "a",
  "*",
  "type",
  "id",
  "controller",
];

/** The value after these mutations; the given value stays as it is. */
export function mutate(value: unknown, mutations: readonly Mutation[]): unknown {
  return mutations.reduce((root: { value: unknown }, mutation) => apply(root, mutation), {
    value: structuredClone(value),
  }).value;
}

function apply(root: { value: unknown }, { kind, at, other }: Mutation): { value: unknown } {
  const places = placesIn(root);
  const path = pick(places, at) ?? [];
  const second = pick(places, other) ?? [];
  const value = structuredClone(get(root, path));
  switch (kind) {
    case "remove":
      remove(root, path);
      break;
    case "duplicate":
      add(root, path.slice(0, -1), value);
      break;
    case "replace":
      set(root, path, structuredClone(pick(VALUES, other)));
      break;
    case "move":
      remove(root, path);
      add(root, second, value);
      break;
    case "swap":
      set(root, path, structuredClone(get(root, second)));
      set(root, second, value);
      break;
    case "wrap":
      set(root, path, other % 2 === 0 ? [value] : { [String(path.at(-1))]: value });
      break;
    case "unwrap":
      set(root, path, pick(Object.values(Object(value)), other));
      break;
    case "rename":
      remove(root, path);
      set(root, [...path.slice(0, -1), pick(NAMES.concat(namesIn(places)), other) ?? "a"], value);
      break;
    case "retype":
      set(root, [...path, "type"], structuredClone(pick(typesIn(root, places), other)));
      break;
  }
  return root;
}

function pick<T>(list: readonly T[], index: number): T | undefined {
  return list[index % list.length];
}

/** The paths of all values, all of them below the one attribute of the root. */
function placesIn(root: { value: unknown }): Step[][] {
  const walk = (value: unknown, path: Step[]): Step[][] => {
    if (typeof value !== "object" || value === null) return [path];
    const inner = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
    return [path, ...inner.flatMap(([step, one]) => walk(one, [...path, step]))];
  };
  return walk(root.value, ["value"]);
}

function namesIn(places: readonly Step[][]): string[] {
  return [...new Set(places.map((path) => String(path.at(-1))))];
}

function typesIn(root: unknown, places: readonly Step[][]): unknown[] {
  return places.filter((path) => path.at(-1) === "type").map((path) => get(root, path));
}

function get(root: unknown, path: readonly Step[]): unknown {
  return path.reduce<unknown>((value, step) => Object(value)[step], root);
}

function set(root: unknown, path: readonly Step[], value: unknown): void {
  const parent = get(root, path.slice(0, -1));
  const step = path.at(-1) ?? "value";
  if (Array.isArray(parent) && typeof step === "string") parent.push(value);
  else if (typeof parent === "object" && parent !== null) Reflect.set(parent, step, value);
}

function remove(root: unknown, path: readonly Step[]): void {
  const parent = get(root, path.slice(0, -1));
  const step = path.at(-1) ?? "value";
  if (Array.isArray(parent)) parent.splice(Number(step), 1);
  else if (typeof parent === "object" && parent !== null) Reflect.deleteProperty(parent, step);
}

/** Puts a value into a list or a map; anything else becomes the value. */
function add(root: unknown, path: readonly Step[], value: unknown): void {
  const target = get(root, path);
  if (Array.isArray(target)) target.push(value);
  else if (typeof target === "object" && target !== null && path.length > 0) {
    Reflect.set(target, `copy${Object.keys(target).length}`, value);
  } else set(root, path.length === 0 ? ["value"] : path, value);
}
