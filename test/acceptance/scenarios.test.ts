/**
 * Session scenarios: every client sees of the router of the built binary what test/scenarios says, in every serializer.
 * Crossbar and nexusd do the same, but for what is kept with them and explained in docs/compatibility.md.
 */

import { describe, expect, test } from "bun:test";
import { compatibilityRows } from "../support/compatibility-table.ts";
import { differences, type Line, type Scenario, scenarios } from "../support/scenario.ts";
import { played, type Stage } from "../support/scenario-player.ts";
import { OTHERS, OWN, type ScenarioRouter } from "../support/scenario-routers.ts";
import type { Serializer } from "../support/wamp-clients.ts";

const AT_ONCE = 16;
const PATIENCE_MS = 20_000;
const all = scenarios();

/** Crossbar needs a quarter of a second for each realm; SCENARIOS=all plays all of them there. */
const CROSSBAR_SHARE = process.env["SCENARIOS"] === "all" ? 1 : 8;
const sharesOf = ({ name }: ScenarioRouter) =>
  all.filter((_, index) => name !== "crossbar" || index % CROSSBAR_SHARE === 0);

type Outcome = [name: string, lines: readonly Line[]];

/** Plays scenarios, some at once, each in a realm of its own. */
async function outcomes(
  wanted: readonly Scenario[],
  realms: readonly string[],
  stage: Omit<Stage, "realm">,
) {
  const found: Outcome[] = [];
  let next = 0;
  const playSome = async () => {
    while (next < wanted.length) {
      const at = next++;
      const scenario = wanted[at] as Scenario;
      const lines = await played(scenario, { ...stage, realm: realms[at] ?? "" });
      found[at] = [scenario.name, lines];
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, playSome));
  return found;
}

/** Plays all scenarios with a router in each of its serializers, and compares what was seen. */
async function expectScenarios(router: ScenarioRouter, wanted: readonly Scenario[]): Promise<void> {
  const realmsOf = (serializer: Serializer) =>
    wanted.map((_, index) => `${serializer}${index + 1}`);
  const { url, stop } = await router.start(router.serializers.flatMap(realmsOf));
  try {
    for (const serializer of router.serializers) {
      const { habit } = router;
      const stage = { url, serializer, patienceMs: PATIENCE_MS, ...(habit && { habit }) };
      const found = await outcomes(wanted, realmsOf(serializer), stage);
      expect(found).toEqual(wanted.map(({ name, lines }): Outcome => [name, lines]));
    }
  } finally {
    await stop();
  }
}

function usualLines({ habit }: ScenarioRouter, { lines }: Scenario): Line[] {
  return lines.flatMap((line) => (line[1] === "<" ? (habit?.wanted(line) ?? [line]) : [line]));
}

test("there are at least 150 scenarios, and no two have the same name", () => {
  expect(all.length).toBeGreaterThanOrEqual(150);
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
});

test("the router of the built binary", () => expectScenarios(OWN, all), 120_000);

describe.each(OTHERS.map((router) => [router.name, router] as const))("%s", (name, router) => {
  const differing = differences().filter((difference) => difference.router === name);

  test.skipIf(!router.isInstalled)(
    "differs as is kept",
    async () => {
      const linesOf = new Map(differing.map((difference) => [difference.name, difference.lines]));
      const wanted = sharesOf(router).flatMap((scenario): Scenario[] => {
        const lines = linesOf.get(scenario.name);
        if (lines === null) return [];
        return [{ ...scenario, lines: lines ?? usualLines(router, scenario) }];
      });
      await expectScenarios(router, wanted);
    },
    120_000,
  );

  test("every difference is explained in docs/compatibility.md, and no other", () => {
    const rows = compatibilityRows().filter(({ section }) => section === "Scenarios");
    const explained = rows.flatMap(({ cells: [of, names = ""] }) =>
      of === router.title ? names.split("; ") : [],
    );
    expect(explained.toSorted()).toEqual(differing.map((one) => one.name).toSorted());
  });
});
