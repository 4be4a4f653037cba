/** Templates give the pages that Jinja2 gives, or are refused. */

import { afterAll, describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import type { Value } from "#template/engine-value.ts";
import { RenderError } from "#template/render-error.ts";
import { TemplateFolder } from "#template/template-folder.ts";
import { templateValue } from "#transport/web/wap/result-value.ts";
import { ACCEPTED, DATA, FOLDERS, PAGES } from "../../support/jinja-cases.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { hasPython, PYTHON } from "../../support/wamp-clients.ts";

interface Case {
  templates: Record<string, string>;
  sandbox: boolean;
}

const folders = [...[...PAGES, ...ACCEPTED].map((page) => ({ page })), ...FOLDERS];
const cases: Case[] = folders.flatMap((templates) => [
  { templates, sandbox: true },
  ...(/__|100001/.test(JSON.stringify(templates)) ? [] : [{ templates, sandbox: false }]),
]);

/** `refused` is at the start, `failed` at the request; `unsupported` is a page that is refused for its data. */
type Outcome = { page: string } | "refused" | "unsupported" | "failed";

async function inPython(all: readonly Case[]): Promise<Outcome[]> {
  const script = resolve(import.meta.dir, "../../python/jinja_pages.py");
  const lines = all.map((one) => JSON.stringify({ ...one, data: DATA })).join("\n");
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

function variables(): Map<Value, Value> {
  const data = templateValue(Buffer.from(DATA), "json");
  if (!(data instanceof Map)) throw new Error("no mapping");
  return data;
}

function here({ templates }: Case): Outcome {
  const folder = new TemplateFolder(temporaryFolder(templates));
  if (folder.faultsOf("page").length > 0) return "refused";
  try {
    return { page: folder.render("page", variables()) };
  } catch (thrown) {
    if (!(thrown instanceof RenderError)) throw thrown;
    return thrown.kind === "unsupported" ? "unsupported" : "failed";
  }
}

describe.skipIf(!hasPython)("as in Jinja2, or refused", async () => {
  const expected = hasPython ? await inPython(cases) : [];
  const counts = new Map<string, number>();
  afterAll(() => {
    if (process.env["COUNTS"] !== undefined) console.log(counts);
  });
  const table = cases.map((one, index): [string, Case, Outcome] => {
    const sources = Object.values(one.templates).join(" + ");
    return [`${index} ${JSON.stringify(sources)}`.slice(0, 90), one, expected[index] ?? "failed"];
  });

  test.each(table)("%s", (_title, one, outcome) => {
    const ours = here(one);
    const kind = typeof ours === "string" ? ours : "alike";
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    if (typeof ours === "object") expect(ours).toEqual(outcome as never);
    else if (ours === "failed") expect(outcome).toBeOneOf(["failed", "refused"]);
    if (ACCEPTED.includes(one.templates["page"] ?? "")) expect(ours).toEqual(outcome);
  });
});
