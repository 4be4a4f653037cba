/** Templates give the pages that Jinja2 gives, or are refused. */

import { afterAll, describe, expect, test } from "bun:test";
import type { Value } from "#template/engine-value.ts";
import { RenderError } from "#template/render-error.ts";
import { TemplateFolder } from "#template/template-folder.ts";
import { templateValue } from "#transport/web/wap/result-value.ts";
import { ACCEPTED, DATA } from "../../support/jinja-cases.ts";
import {
  CASES,
  inPython,
  type JinjaCase,
  type JinjaOutcome,
} from "../../support/jinja2-outcomes.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { hasPython } from "../../support/wamp-clients.ts";

/** `unsupported` is a page that is refused for its data. */
type Outcome = JinjaOutcome | "unsupported";

function variables(): Map<Value, Value> {
  const data = templateValue(Buffer.from(DATA), "json");
  if (!(data instanceof Map)) throw new Error("no mapping");
  return data;
}

function here({ templates }: JinjaCase): Outcome {
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
  const expected = hasPython ? await inPython() : [];
  const counts = new Map<string, number>();
  afterAll(() => {
    if (process.env["COUNTS"] !== undefined) console.log(counts);
  });
  const table = CASES.map((one, index): [string, JinjaCase, Outcome] => {
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
