/**
 * Which engine renders the templates of a path: MiniJinja where all of them are within what it does exactly, else the
 * operator's Jinja2. Without a Jinja2, MiniJinja renders those that it can.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { Jinja2Fault, PageRenderer, TemplatePlace } from "./page-renderer.ts";
import { type PlacedFault, printFault, TemplateFolder } from "./template-folder.ts";

/** What is wrong with a template. */
export interface TemplateIssue {
  /** The template that a route names. */
  name: string;
  sentence: string;
  /** Jinja2 refuses the template; nothing here renders it; pages fail as long as another template is malformed. */
  consequence: "refused" | "not rendered" | "pages fail";
}

/** The engine of a path. */
export interface ChosenEngine {
  engine: TemplateFolder | PageRenderer;
  issues: TemplateIssue[];
  /** Why there is no Jinja2, and how to get it; null: none is missing. */
  lacking: string | null;
}

/** Chooses the engine for the templates that the routes of a path name. */
export async function chooseEngine(
  place: TemplatePlace,
  names: readonly string[],
  jinja2: PageRenderer | undefined,
): Promise<ChosenEngine> {
  const folder = new TemplateFolder(place.folder);
  const faults = names.flatMap((name) => folder.faultsOf(name).map((fault) => ({ name, fault })));
  let lacking: string | null = null;
  if (faults.length > 0 && jinja2 !== undefined) {
    try {
      return { engine: jinja2, issues: await issuesIn(place, names, jinja2), lacking };
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      lacking = thrown.message;
    }
  }
  return { engine: folder, issues: faults.map(issueOf), lacking };
}

function issueOf({ name, fault }: { name: string; fault: PlacedFault }): TemplateIssue {
  const consequence = fault.isUnsupported ? "not rendered" : "refused";
  return { name, sentence: printFault(fault), consequence };
}

async function issuesIn(
  place: TemplatePlace,
  names: readonly string[],
  jinja2: PageRenderer,
): Promise<TemplateIssue[]> {
  const issues: TemplateIssue[] = [];
  for (const name of names) {
    const faults = await jinja2.faultsOf(place, name);
    issues.push(...faults.map((fault) => jinja2IssueOf(name, fault)));
  }
  return issues;
}

function jinja2IssueOf(name: string, { file, line, reason, isFatal }: Jinja2Fault): TemplateIssue {
  const sentence = printFault({ file, line, sentence: reason });
  return { name, sentence, consequence: isFatal ? "refused" : "pages fail" };
}
