/** What Crossbar starts, starts here: its own checker and this program judge the same configurations. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { loadNodeConfig } from "#config/load.ts";
import { nodeSections } from "#config/node/node-sections.ts";
import { sectionsOf } from "#config/schema/schema-sections.ts";
import { compatibilityRows } from "../../support/compatibility-table.ts";
import { type CrossbarChecker, startCrossbarChecker } from "../../support/crossbar-checker.ts";
import { DEVIATIONS, deviationOf } from "../../support/crossbar-deviations.ts";
import { crossbarNode, folderOfCrossbarNode } from "../../support/crossbar-node.ts";
import { ROOT } from "../../support/documents.ts";
import { MUTATIONS, mutate } from "../../support/mutations.ts";
import { hasPython } from "../../support/wamp-clients.ts";

/** Each property is tried for so long; `MUTANTS_SECONDS=600` tries it for longer than CI does. */
const MOST_MS = 1000 * Number(process.env["MUTANTS_SECONDS"] ?? 6);
const TRIED = { numRuns: 10_000_000, interruptAfterTimeLimit: MOST_MS, endOnFailure: true };

type Path = (string | number)[];

let crossbar: CrossbarChecker;
let folder = "";

beforeAll(() => {
  folder = folderOfCrossbarNode();
  if (hasPython) crossbar = startCrossbarChecker();
});

afterAll(() => crossbar?.end());

async function load(node: unknown) {
  const file = join(folder, "node.json");
  writeFileSync(file, JSON.stringify(node));
  const { faults, warnings } = await loadNodeConfig(file, {});
  const print = (list: typeof faults) => list.map(({ path, sentence }) => `${path}: ${sentence}`);
  return { faults: print(faults), warnings: print(warnings) };
}

/** What is refused here alone, the known deviations left out. */
async function refusedHereAlone(node: unknown): Promise<string[]> {
  if ((await crossbar.refusalOf(node)) !== null) return [];
  const { faults } = await load(node);
  return faults.filter((fault) => deviationOf(fault) === null);
}

/** A node for each worker: a smaller one is checked faster. */
const nodes: unknown[] = [
  { ...crossbarNode, workers: [] },
  ...crossbarNode.workers.map((worker) => ({ version: 2, workers: [worker] })),
].map((node) => structuredClone(node));

/** The objects of a value; of those that differ only in their number or their own name, the first. */
function objectsIn(value: unknown): Path[] {
  const found = new Map<string, Path>();
  const walk = (one: unknown, path: Path) => {
    if (typeof one !== "object" || one === null) return;
    const type = "type" in one ? one.type : "";
    if (!Array.isArray(one))
      found.set(`${path.filter((step) => typeof step === "string")} ${type}`, path);
    const inner = Array.isArray(one) ? [...one.entries()] : Object.entries(one);
    for (const [step, below] of inner) walk(below, [...path, step]);
  };
  walk(value, []);
  return [...found.values()];
}

function withAttribute(node: unknown, path: Path, name: string, value: unknown): unknown {
  const copy = structuredClone(node);
  Reflect.set(
    Object(path.reduce<unknown>((place, step) => Object(place)[step], copy)),
    name,
    value,
  );
  return copy;
}

const places = nodes.flatMap((node) => objectsIn(node).map((path) => ({ node, path })));

/** The names of all attributes of all items. */
const names = [
  ...new Set(
    sectionsOf(nodeSections).flatMap(({ shape }) =>
      shape.kind === "item" ? Object.keys(shape.entries) : [],
    ),
  ),
];

describe.skipIf(!hasPython)("Crossbar's checker", () => {
  test("takes the configuration of the tests, of which this program refuses nothing", async () => {
    expect(await crossbar.refusalOf(crossbarNode)).toBeNull();
    expect((await load(crossbarNode)).faults).toEqual([]);
  });

  test("and this program take an unknown attribute in the same objects", async () => {
    let taken = 0;
    for (const { node, path } of places) {
      const other = withAttribute(node, path, "x_comment", "a");
      if ((await crossbar.refusalOf(other)) !== null) continue;
      taken += 1;
      const { faults } = await load(other);
      expect(faults.filter((fault) => deviationOf(fault) === null)).toEqual([]);
    }
    expect(taken).toBeGreaterThan(40);
  }, 60_000);

  test(
    "and this program take attributes of other variants, whatever their value",
    async () => {
      const odd = fc.constantFrom<unknown>(null, 5, "x", [], {}, [5], { a: 5 });
      const added = fc.tuple(fc.nat(), fc.constantFrom(...names), odd);
      await fc.assert(
        fc.asyncProperty(added, async ([at, name, value]) => {
          const { node, path } = places[at % places.length] as (typeof places)[0];
          expect(await refusedHereAlone(withAttribute(node, path, name, value))).toEqual([]);
        }),
        TRIED,
      );
    },
    MOST_MS + 60_000,
  );

  test(
    "and this program take the same mutants",
    async () => {
      const mutation = fc.record({
        kind: fc.constantFrom(...MUTATIONS),
        at: fc.nat(),
        other: fc.nat(),
      });
      const mutations = fc.array(mutation, { minLength: 1, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(fc.nat(), mutations, async (base, changes) => {
          const mutant = JSON.parse(
            JSON.stringify(mutate(corpus[base % corpus.length], changes) ?? null),
          );
          expect(await refusedHereAlone(mutant)).toEqual([]);
        }),
        TRIED,
      );
    },
    MOST_MS + 60_000,
  );
});

const corpus: unknown[] = [
  ...nodes,
  ...globSync(["examples/**/node.json", "test/fixtures/config/*.json"], { cwd: ROOT }).flatMap(
    (name) => {
      try {
        return [JSON.parse(readFileSync(join(ROOT, name), "utf8"))];
      } catch {
        return [];
      }
    },
  ),
];

test("every deviation has a row in docs/compatibility.md", () => {
  const rows = compatibilityRows().filter(({ section }) => section === "Refused here alone");
  expect(rows.map(({ cells }) => cells[0])).toEqual(Object.keys(DEVIATIONS));
});
