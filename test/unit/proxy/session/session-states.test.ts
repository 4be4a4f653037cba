/** The tables of a session's states: whole, and the same as in docs/sessions.md. */

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  AT_EVENT,
  CLIENT_MESSAGES,
  CLOCKS,
  type ClientAction,
  clientAction,
  EVENTS,
  eventAction,
  FROM_CLIENT,
  FROM_ROUTER,
  ROUTER_MESSAGES,
  type RouterAction,
  routerAction,
  type SessionState,
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

/** The messages that have a column of their own, and the others, by their types in the specification. */
const COLUMNS = {
  client: new Map([
    [1, "HELLO"],
    [5, "AUTHENTICATE"],
    [6, "GOODBYE"],
    [3, "ABORT"],
    ...[8, 16, 32, 34, 48, 49, 64, 66, 70].map((type) => [type, "routed"] as const),
  ]),
  router: new Map([
    [2, "WELCOME"],
    [4, "CHALLENGE"],
    [6, "GOODBYE"],
    [3, "ABORT"],
    ...[8, 17, 33, 35, 36, 50, 65, 67, 68, 69].map((type) => [type, "routed"] as const),
  ]),
};

const states = Object.keys(AT_EVENT) as SessionState[];

test.each(states)(
  "in the state %s every message and event has the action of its column",
  (state) => {
    for (const type of [...Array(256).keys(), 256, -1, Number.NaN]) {
      const ofClient = CLIENT_MESSAGES.findIndex(
        (name) => name === (COLUMNS.client.get(type) ?? "foreign"),
      );
      const ofRouter = ROUTER_MESSAGES.findIndex(
        (name) => name === (COLUMNS.router.get(type) ?? "foreign"),
      );
      expect(clientAction(state, type)).toBe(FROM_CLIENT[state][ofClient] as ClientAction);
      expect(routerAction(state, type)).toBe(FROM_ROUTER[state][ofRouter] as RouterAction);
    }
    const actions = [...EVENTS, ...CLOCKS].map((event) => eventAction(state, event));
    expect(actions).toEqual([...AT_EVENT[state]]);
  },
);

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
