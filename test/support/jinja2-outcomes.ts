/** What Jinja2 makes of the templates of `jinja-cases.ts` where it is run by itself, set up as in Crossbar. */

import { resolve } from "node:path";
import { ACCEPTED, DATA, FOLDERS, PAGES } from "./jinja-cases.ts";
import { PYTHON } from "./wamp-clients.ts";

/** Templates by name, of which "page" is rendered. */
export interface JinjaCase {
  templates: Record<string, string>;
  sandbox: boolean;
}

/** `refused` is at the start, `failed` at the request. */
export type JinjaOutcome = { page: string } | "refused" | "failed";

const folders = [...[...PAGES, ...ACCEPTED].map((page) => ({ page })), ...FOLDERS];

/** All of them, most of them with and without a sandbox. */
export const CASES: readonly JinjaCase[] = folders.flatMap((templates) => [
  { templates, sandbox: true },
  ...(/__|100001/.test(JSON.stringify(templates)) ? [] : [{ templates, sandbox: false }]),
]);

/** The outcomes in the order of the cases. */
export async function inPython(): Promise<JinjaOutcome[]> {
  const script = resolve(import.meta.dir, "../python/jinja_pages.py");
  const lines = CASES.map((one) => JSON.stringify({ ...one, data: DATA })).join("\n");
  const python = Bun.spawn([PYTHON, script], { stdin: Buffer.from(lines), stdout: "pipe" });
  const printed = await new Response(python.stdout).text();
  return printed
    .trimEnd()
    .split("\n")
    .map((line) => {
      const outcome = JSON.parse(line);
      if ("page" in outcome) return { page: outcome.page };
      return "refused" in outcome ? "refused" : "failed";
    });
}
