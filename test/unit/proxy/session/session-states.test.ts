/** The tables of a session's states: whole, and the same as in docs/sessions.md. */

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  AT_EVENT,
  CLIENT_MESSAGES,
  CLOCKS,
  clientAction,
  EVENTS,
  eventAction,
  FROM_CLIENT,
  FROM_ROUTER,
  ROUTER_MESSAGES,
  routerAction,
} from "#proxy/session/session-states.ts";

const page = readFileSync(join(import.meta.dir, "../../../../docs/sessions.md"), "utf8");

/** A table as the page has it. */
function markdown(columns: readonly string[], rows: Record<string, readonly string[]>): string {
  return [
    `| state | ${columns.join(" | ")} |`,
    `|---${"|---".repeat(columns.length)}|`,
    ...Object.entries(rows).map(([state, actions]) => `| ${state} | ${actions.join(" | ")} |`),
  ].join("\n");
}

const tables = [
  ["client", CLIENT_MESSAGES, FROM_CLIENT],
  ["router", ROUTER_MESSAGES, FROM_ROUTER],
  ["event", [...EVENTS, ...CLOCKS], AT_EVENT],
] as const;

test.each(tables)(
  "the table for each %s's messages is whole, and that of docs/sessions.md",
  (_, columns, rows) => {
    for (const actions of Object.values(rows)) expect(actions).toHaveLength(columns.length);
    expect(page).toContain(markdown(columns, rows));
  },
);

test("every action is explained in docs/sessions.md", () => {
  const actions = new Set(tables.flatMap(([, , rows]) => Object.values(rows).flat() as string[]));
  for (const action of actions) expect(page).toContain(`| ${action} | `);
});

test("a message is found in its column", () => {
  expect(clientAction("waiting", 1)).toBe("begin");
  expect(clientAction("joined", 48)).toBe("carry");
  expect(clientAction("joined", 2)).toBe("refuse");
  expect(clientAction("challenged", 5)).toBe("authenticate");
  expect(clientAction("joined", 7)).toBe("refuse");
  expect(routerAction("joining", 4)).toBe("pass");
  expect(routerAction("joined", 36)).toBe("carry");
  expect(routerAction("joined", Number.NaN)).toBe("fail");
  expect(eventAction("ending", "deadline")).toBe("close");
});
