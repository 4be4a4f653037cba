/**
 * Session scenarios: what clients say to a router, and all that each of them then sees. test/scenarios/README.md
 * describes their form.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dir, "../scenarios");

/** A WAMP message with placeholders, or `drop` (of a client), or `close` and the WebSocket close code. */
export type Said = readonly unknown[] | string;

/** One line of a transcript: `>` is to the router, `<` from it. */
export type Line = readonly [peer: string, direction: ">" | "<", said: Said];

/** A scenario. */
export interface Scenario {
  name: string;
  /** What differs from an ordinary HELLO.Details; null: the client says HELLO itself. */
  peers: Record<string, object | null>;
  lines: Line[];
}

/** What another router does in a scenario, where that differs. */
export interface Difference {
  router: string;
  name: string;
  /** Null: they are not the same each time. */
  lines: Line[] | null;
}

/** Messages of one client in one write, and what all clients see before the next ones are said. */
export interface Turn {
  peer: string;
  said: Said[];
  seen: Line[];
}

/** All scenarios, in the order of their files. */
export function scenarios(): Scenario[] {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".jsonl"));
  return files.sort().flatMap((name) => linesOf<Scenario>(name));
}

/** What each other router does differently. */
export function differences(): Difference[] {
  return linesOf<Difference>("differences/routers.jsonl");
}

function linesOf<T>(name: string): T[] {
  const text = readFileSync(join(FOLDER, name), "utf8").trim();
  return text.split("\n").map((line) => JSON.parse(line) as T);
}

/** The lines of a transcript, by the messages that they answer. */
export function turnsOf(lines: readonly Line[]): Turn[] {
  const turns: Turn[] = [];
  for (const line of lines) {
    const [peer, direction, said] = line;
    const last = turns.at(-1);
    if (direction === "<") last?.seen.push(line);
    else if (last?.peer === peer && last.seen.length === 0) last.said.push(said);
    else turns.push({ peer, said: [said], seen: [] });
  }
  return turns;
}
