import { expect, test } from "bun:test";
import { MAX_GROUPS, SessionGroups } from "#observe/session-groups.ts";

const names = { realm: "realm1", authrole: "user", transport: "websocket", serializer: "json" };

test("counts sessions by realm, role, transport and serializer until they are over", () => {
  const groups = new SessionGroups();
  const first = groups.joined(names);
  groups.joined(names);
  const other = groups.joined({ ...names, serializer: "cbor" });
  groups.joined({ ...names, realm: null, authrole: null });
  groups.left(first);
  groups.left(other);
  expect(groups.figures()).toEqual([
    { ...names, sessions: 1 },
    { ...names, realm: null, authrole: null, sessions: 1 },
  ]);
});

test("counts those of further realms together, until there is room again", () => {
  const groups = new SessionGroups();
  const known = Array.from({ length: MAX_GROUPS }, (_, index) =>
    groups.joined({ ...names, realm: `realm${index}` }),
  );
  const further = ["a", "b"].map((realm) => groups.joined({ ...names, realm }));
  const other = { realm: "other", authrole: "other", transport: "other", serializer: "other" };
  expect(groups.figures()).toHaveLength(MAX_GROUPS + 1);
  expect(groups.figures().at(-1)).toEqual({ ...other, sessions: 2 });
  for (const group of further) groups.left(group);
  expect(groups.figures()).toHaveLength(MAX_GROUPS);
  for (const group of known) groups.left(group);
  groups.joined({ ...names, realm: "c" });
  expect(groups.figures()).toEqual([{ ...names, realm: "c", sessions: 1 }]);
});

test("cuts long names, and says how long they were", () => {
  const groups = new SessionGroups();
  groups.joined({ ...names, realm: "r".repeat(1000) });
  expect(groups.figures()[0]?.realm).toBe(`${"r".repeat(200)}… (1000 characters)`);
});
