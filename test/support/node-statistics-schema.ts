/** The JSON Schema of the figures of a node. */

import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { NodeStatistics } from "#observe/statistics.ts";
import { ROOT } from "./documents.ts";

const schema = JSON.parse(readFileSync(join(ROOT, "docs/node-page.schema.json"), "utf8"));
const validate = new Ajv2020({ strict: true, strictTypes: false, allErrors: true }).compile(schema);

/** The figures as a page sends them. */
export type PageStatistics = NodeStatistics & { answeredBy: string };

/** Expects a value to be what the schema says. */
export function expectNodeStatistics(value: unknown): asserts value is PageStatistics {
  validate(value);
  expect(validate.errors ?? []).toEqual([]);
}
