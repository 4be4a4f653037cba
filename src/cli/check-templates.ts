/**
 * Reads the templates of a node, with the engine that will render them, and names what is wrong with them.
 *
 * @module
 */

import { Jinja2Process } from "#component/jinja2-process.ts";
import type { MachineNeed, PlacedNeed } from "#config/machine-need.ts";
import type { ConfigIssue } from "#config/text/config-issue.ts";

/** A template of a route. */
type PlacedTemplate = Extract<MachineNeed, { kind: "template" }> & { place: PlacedNeed["place"] };

/** Faults keep the node from starting; `engines` has a sentence for each path. */
interface CheckedTemplates {
  faults: ConfigIssue[];
  warnings: ConfigIssue[];
  engines: string[];
}

const NO_LOG = { error() {}, warn() {}, info() {}, debug() {} };

/** Checks the templates of all paths; `folder` is that of the configuration. */
export async function checkTemplates(
  needs: readonly PlacedNeed[],
  folder: string,
): Promise<CheckedTemplates> {
  const checked: CheckedTemplates = { faults: [], warnings: [], engines: [] };
  const templates = needs.flatMap(({ need, place }): PlacedTemplate[] =>
    need.kind === "template" ? [{ ...need, place }] : [],
  );
  const ending = new AbortController().signal;
  const context = { folder, startFolder: process.cwd(), logOf: () => NO_LOG, ending };
  // Workers with the same options share one.
  const processes = new Map<string, Jinja2Process>();
  for (const [first, ...others] of Map.groupBy(templates, ({ service }) => service).values()) {
    if (first === undefined) continue;
    const key = JSON.stringify(first.options);
    const jinja2 = processes.get(key) ?? new Jinja2Process(first.options, context);
    processes.set(key, jinja2);
    await checkPath(first, others, jinja2, checked);
  }
  for (const jinja2 of processes.values()) jinja2.end();
  return checked;
}

/** Checks the templates of one path. */
async function checkPath(
  first: PlacedTemplate,
  others: readonly PlacedTemplate[],
  jinja2: Jinja2Process,
  { faults, warnings, engines }: CheckedTemplates,
): Promise<void> {
  const templates = [first, ...others];
  // MiniJinja is loaded only for nodes with templates.
  const { chooseEngine } = await import("#template/choose-engine.ts");
  const names = [...new Set(templates.map(({ name }) => name))];
  const { engine, issues, lacking } = await chooseEngine(first, names, jinja2);
  const name = engine === jinja2 ? jinja2.release : "MiniJinja, which is part of this program";
  engines.push(`${first.service}: "${first.folder}" is rendered by ${name}`);
  const hint = lacking === null ? "" : `; Jinja2 could render it: ${lacking}`;
  const follows = {
    refused: "",
    "not rendered": `; requests for it are answered with 501${hint}`,
    "pages fail": "; pages that need it are answered with 500",
  };
  for (const { name, place } of templates) {
    for (const { sentence, consequence } of issues.filter((issue) => issue.name === name)) {
      const list = consequence === "refused" ? faults : warnings;
      list.push({ ...place, sentence: `${sentence}${follows[consequence]}` });
    }
  }
}
