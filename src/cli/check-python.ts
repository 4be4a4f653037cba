/**
 * Asks each Python of a node whether it can load the components and authenticators that the configuration names.
 *
 * @module
 */

import { searchModules } from "#component/module-search.ts";
import type { MachineNeed, PlacedNeed } from "#config/machine-need.ts";
import type { ConfigIssue } from "#config/text/config-issue.ts";

type PythonNeed = Extract<MachineNeed, { kind: "python" }>;
type PlacedName = PythonNeed & { place: PlacedNeed["place"] };

/** A warning for each that cannot be loaded; workers with the same options are asked about at once. */
export async function checkPython(
  needs: readonly PlacedNeed[],
  folder: string,
): Promise<ConfigIssue[]> {
  const names = needs.flatMap(({ need, place }): PlacedName[] =>
    need.kind === "python" ? [{ ...need, place }] : [],
  );
  const groups = Map.groupBy(names, ({ options: { python, pythonpath, env } }) =>
    JSON.stringify([python, pythonpath, env]),
  );
  const issues: ConfigIssue[] = [];
  for (const group of groups.values()) issues.push(...(await checkGroup(group, folder)));
  return issues;
}

async function checkGroup(group: readonly PlacedName[], folder: string): Promise<ConfigIssue[]> {
  const [first] = group;
  if (first === undefined) return [];
  const wanted = group.map((one) => one.wanted);
  const sentences = await searchModules({ options: first.options, folder }, wanted);
  return group.flatMap(({ place }, index) => {
    const sentence = sentences[index] ?? null;
    return sentence === null ? [] : [{ ...place, sentence }];
  });
}
