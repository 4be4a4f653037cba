/** Which workers start together. */

import { expect, test } from "bun:test";
import type { WorkerConfig } from "#config/node/worker-config.ts";
import { startGroups } from "#node/start-order.ts";

/** Workers by the first letters of their types; `R` is a router with components. */
function workers(letters: string): WorkerConfig[] {
  const types = { r: "router", p: "proxy", t: "websocket-testee", c: "container", g: "guest" };
  return [...letters].map((letter, index) => {
    const type = types[letter.toLowerCase() as keyof typeof types];
    const components = letter === "R" ? { components: {} } : {};
    return { type, id: `${letter}${index}`, ...components } as WorkerConfig;
  });
}

const groupsOf = (letters: string, isParallel: boolean) =>
  startGroups(workers(letters), isParallel).map((group) => group.map(({ id }) => id[0]).join(""));

test.each([
  ["rppp", ["r", "ppp"]],
  ["rrpprp", ["rr", "pp", "r", "p"]],
  ["grtc", ["g", "r", "t", "c"]],
  ["rRRrp", ["r", "R", "Rr", "p"]],
  ["", []],
])(
  "of %s, neighbours of the same type, but no router with components beside those before it",
  (letters, groups) => {
    expect(groupsOf(letters, false)).toEqual(groups);
  },
);

test("all of them where the configuration says so", () => {
  expect(groupsOf("grRpc", true)).toEqual(["grRpc"]);
});
