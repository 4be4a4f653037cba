/** Statuses of HTTP for the ERRORs of WAMP, as docs/http-bridge.md lists them. */

import { expect, test } from "bun:test";
import { resolve } from "node:path";
import { statusOfError } from "#transport/web/bridge/error-status.ts";
import { errorStatusRows } from "../../../support/error-status-rows.ts";

const guide = await Bun.file(resolve(import.meta.dir, "../../../../docs/http-bridge.md")).text();

test("the table of the document has every status", () => {
  const rows = errorStatusRows(guide);
  expect(rows.length).toBeGreaterThan(15);
  for (const [uri, status] of rows) expect([uri, statusOfError(uri)]).toEqual([uri, status]);
});

test.each([
  ["com.example.error.sad", 500],
  ["wamp.error.runtime_error", 500],
  ["wamp.error.unheard_of", 500],
  ["constructor", 500],
  ["wamp.error.not_authorized", 403],
])("an ERROR %s has the status %d", (uri, status) => {
  expect(statusOfError(uri)).toBe(status);
});
