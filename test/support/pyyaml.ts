/** PyYAML's safe loader, and values spelled so that they can be compared with its own. */

import { resolve } from "node:path";
import { PYTHON } from "./wamp-clients.ts";

/** A process that reads texts with PyYAML. */
export interface PyYaml {
  /** What is read from each text, as `spell` writes it. */
  load(texts: readonly string[]): Promise<unknown[]>;
  end(): Promise<void>;
}

/** Starts a Python process, which takes a second. */
export function startPyYaml(): PyYaml {
  const script = resolve(import.meta.dir, "../python/yaml_values.py");
  const child = Bun.spawn([PYTHON, script], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  const nextLine = async (): Promise<string> => {
    while (!rest.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error("PyYAML ended");
      rest += decoder.decode(value, { stream: true });
    }
    const [line = "", ...more] = rest.split("\n");
    rest = more.join("\n");
    return line;
  };
  return {
    async load(texts) {
      child.stdin.write(`${JSON.stringify(texts)}\n`);
      await child.stdin.flush();
      return JSON.parse(await nextLine()) as unknown[];
    },
    async end() {
      child.stdin.end();
      await child.exited;
    },
  };
}

/** A value in JSON, so that a number, a text and a date cannot be taken for each other. */
export function spell(value: unknown): unknown {
  if (typeof value === "number") return { number: spellNumber(value) };
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return { date: value.toISOString() };
  if (value instanceof Uint8Array) return { octets: Buffer.from(value).toString("hex") };
  if (value instanceof Set) {
    const members = [...value].map(spell);
    return { set: members.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) };
  }
  if (Array.isArray(value)) return value.map(spell);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { map: entries.map(([key, item]) => [key, spell(item)]) };
}

function spellNumber(value: number): string {
  if (Number.isNaN(value)) return "nan";
  const octets = Buffer.alloc(8);
  octets.writeDoubleBE(value);
  return octets.toString("hex");
}
