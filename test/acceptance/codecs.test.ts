/** The transcoders between foreign codecs: Python's cbor2, msgpack and json. */

import { expect, test } from "bun:test";
import { resolve } from "node:path";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { transcodeItem } from "#wamp/transcode/transcoder.ts";
import { hasPython, PYTHON } from "../support/wamp-clients.ts";

const script = resolve(import.meta.dir, "../python/codecs.py");
const names: readonly SerializerName[] = ["json", "msgpack", "cbor"];

test.skipIf(!hasPython)("values of Python arrive as they left, in every other serializer", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const made = Bun.spawnSync([PYTHON, script, "make", String(seed), "400"]);
  expect(made.stderr.toString()).toBe("");
  const cases: string[] = [];
  for (const line of made.stdout.toString().trim().split("\n")) {
    const told = JSON.parse(line) as Record<SerializerName, string>;
    for (const from of names) {
      for (const to of names.filter((name) => name !== from)) {
        const said = transcodeItem(Uint8Array.fromHex(told[from]), from, to).toHex();
        cases.push(JSON.stringify({ is: told.cbor, codec: to, said }));
      }
    }
  }
  expect(cases).toHaveLength(2400);
  const judged = Bun.spawnSync([PYTHON, script, "judge"], { stdin: Buffer.from(cases.join("\n")) });
  expect(judged.stderr.toString()).toBe("");
  expect({ seed, faults: judged.stdout.toString() }).toEqual({ seed, faults: "" });
});
