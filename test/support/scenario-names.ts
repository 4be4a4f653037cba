/** The ids of a played scenario, by the placeholders that stand for them. */

import { isDeepStrictEqual } from "node:util";
import type { Line, Said } from "./scenario.ts";

/** Where a message of this type has ids of a router, and of which kind. */
const IDS: Record<number, [index: number, kind: string][]> = {
  17: [[2, "publication"]],
  33: [[2, "subscription"]],
  36: [
    [1, "subscription"],
    [2, "publication"],
  ],
  65: [[2, "registration"]],
  68: [
    [1, "invocation"],
    [2, "registration"],
  ],
  69: [[1, "invocation"]],
};

/** Ids that a router counts from 1 would be taken for other numbers. */
const LEAST_RECOGNIZED = 1_000_000;

/** Attributes whose values no scenario can tell. */
const OF_THE_MACHINE = new Set(["authextra", "created", "transport"]);

export class ScenarioNames {
  readonly #values = new Map<string, unknown>();

  /** Gives a value a name, such as `$caller.session`. */
  bind(name: string, value: unknown): void {
    this.#values.set(name, value);
  }

  /** Gives a value a name, unless something has it. */
  bindNew(name: string, value: unknown): void {
    if (!this.#values.has(name)) this.#values.set(name, value);
  }

  /** What a client says, with the values for the placeholders. */
  filled(value: unknown): unknown {
    if (typeof value === "string" && value.startsWith("$")) {
      return this.#values.get(value) ?? 0;
    }
    if (Array.isArray(value)) return value.map((one) => this.filled(one));
    if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) {
      const entries = Object.entries(value).map(([key, one]) => [key, this.filled(one)]);
      return Object.fromEntries(entries);
    }
    return value;
  }

  /** Whether a client saw what is wanted; placeholders that are new get their values. */
  matches(wanted: unknown, seen: unknown): boolean {
    if (wanted === "*") return true;
    if (typeof wanted === "string" && wanted.startsWith("$")) {
      if (!this.#values.has(wanted)) this.#values.set(wanted, seen);
      return isDeepStrictEqual(this.#values.get(wanted), seen);
    }
    if (Array.isArray(wanted)) return this.#matchesList(wanted, seen);
    if (typeof wanted === "object" && wanted !== null) return this.#matchesMap(wanted, seen);
    return wanted === seen;
  }

  #matchesList(wanted: readonly unknown[], seen: unknown): boolean {
    if (!Array.isArray(seen)) return false;
    const items = wanted.at(-1) === "..." ? wanted.slice(0, -1) : wanted;
    if (items.length === wanted.length ? seen.length !== items.length : seen.length < items.length)
      return false;
    return items.every((item, index) => this.matches(item, seen[index]));
  }

  #matchesMap(wanted: object, seen: unknown): boolean {
    if (typeof seen !== "object" || seen === null || Array.isArray(seen)) return false;
    const names = new Set([...Object.keys(wanted), ...Object.keys(seen)]);
    const [of, against] = [wanted as Record<string, unknown>, seen as Record<string, unknown>];
    return [...names].every(
      (name) => name in of && name in against && this.matches(of[name], against[name]),
    );
  }

  /** What was seen, with placeholders for all ids; a new one gets a name of its kind. */
  named([peer, direction, said]: Line): Line {
    if (typeof said === "string") return [peer, direction, said];
    const ids = IDS[Number(said[0])] ?? [];
    const items = said.map((item, index) => {
      const kind = ids.find(([at]) => at === index)?.[1];
      return kind === undefined ? this.#recognized(item) : this.#nameOf(kind, item, peer);
    });
    return [peer, direction, inShort(items)];
  }

  /** Invocations are numbered by session, so that a name is of one session. */
  #nameOf(kind: string, value: unknown, peer: string): string {
    const own = kind === "invocation" ? `.${peer}` : "";
    for (let count = 1; ; count += 1) {
      const name = `$${kind}${count === 1 ? "" : count}${own}`;
      if (!this.#values.has(name)) this.#values.set(name, value);
      if (this.#values.get(name) === value) return name;
    }
  }

  #recognized(value: unknown): unknown {
    const isUnmistakable = typeof value === "string" || Number(value) >= LEAST_RECOGNIZED;
    if (isUnmistakable && !(value instanceof Uint8Array) && typeof value !== "object") {
      const found = [...this.#values].find(([, one]) => one === value);
      return found?.[0] ?? value;
    }
    if (Array.isArray(value)) return value.map((one) => this.#recognized(one));
    if (typeof value === "object" && value !== null) {
      const entries = Object.entries(value).map(([key, one]) => [key, this.#recognized(one)]);
      return Object.fromEntries(entries);
    }
    return value;
  }
}

/** Sentences of the router, and what depends on the machine, are left open. */
function inShort(items: unknown[]): Said {
  const [type] = items;
  if (type === 2) return [2, "*", "*"];
  if (type === 3 || type === 6) return [type, "*", items[2]];
  const isOfRouter = type === 8 && /^(wamp|crossbar)\.error\./.test(String(items[4]));
  return isOfRouter ? [...items.slice(0, 5), "..."] : withoutTimes(items);
}

function withoutTimes(value: unknown): unknown[] {
  const open = (one: unknown, key?: string): unknown => {
    if (key !== undefined && OF_THE_MACHINE.has(key)) return "*";
    if (Array.isArray(one)) return one.map((item) => open(item));
    if (typeof one === "object" && one !== null && !(one instanceof Uint8Array)) {
      return Object.fromEntries(
        Object.entries(one).map(([name, item]) => [name, open(item, name)]),
      );
    }
    return one;
  };
  return open(value) as unknown[];
}
