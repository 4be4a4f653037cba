import { expect, test } from "bun:test";
import { processEnvironment } from "#base/process-environment.ts";

const own = { HOME: "/home/a", PATH: "/bin", GONE: undefined };

test.each([
  [true, { HOME: "/home/a", PATH: "/bin" }],
  [false, {}],
  [["HOME", "OTHER"], { HOME: "/home/a" }],
])("inherits with %p", (inherit, inherited) => {
  expect(processEnvironment({ inherit, vars: {} }, own)).toEqual({
    PYTHONUNBUFFERED: "1",
    ...inherited,
  });
});

test("vars count more than what is inherited, and both more than PYTHONUNBUFFERED=1", () => {
  const environment = { inherit: true, vars: { HOME: "/b" } };
  expect(processEnvironment(environment, { ...own, PYTHONUNBUFFERED: "" })).toEqual({
    PYTHONUNBUFFERED: "",
    HOME: "/b",
    PATH: "/bin",
  });
});
