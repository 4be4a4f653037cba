import { describe, expect, test } from "bun:test";
import { chooseCallee } from "#router/callee-choice.ts";
import type { InvokePolicy } from "#router/message-options.ts";
import type { RealmSession } from "#router/realm-session.ts";
import type { Endpoint, Registration } from "#router/registration-map.ts";

const ALL: InvokePolicy[] = ["single", "first", "last", "roundrobin", "random", "least_loaded"];

interface Callee {
  name: string;
  pending?: number;
  concurrency?: number;
  isForbidden?: boolean;
}

function registration(invoke: InvokePolicy, callees: Callee[]): Registration {
  const shared = { id: 1, uri: "x", match: "exact", invoke, created: 0, turn: 0 } as const;
  const found: Registration = { ...shared, callees: [] };
  for (const { name, pending = 0, concurrency, isForbidden } of callees) {
    const permits = () => isForbidden !== true;
    const role = { permitsExact: permits, permitsMatch: permits };
    const session = { name, role } as unknown as RealmSession;
    const endpoint = { registration: found, session, concurrency, handlesTimeout: false, pending };
    found.callees.push(endpoint);
  }
  return found;
}

function nameOf(chosen: Endpoint | "busy" | undefined) {
  return typeof chosen === "object" ? (chosen.session as unknown as Callee).name : chosen;
}

const three = [{ name: "a" }, { name: "b" }, { name: "c" }];

describe("the callee of a call", () => {
  test.each<[InvokePolicy, string[]]>([
    ["single", ["a", "a", "a", "a"]],
    ["first", ["a", "a", "a", "a"]],
    ["last", ["c", "c", "c", "c"]],
    ["roundrobin", ["a", "b", "c", "a"]],
    ["least_loaded", ["a", "b", "c", "a"]],
  ])("with invoke %s is %p in turn", (invoke, expected) => {
    const shared = registration(invoke, three);
    const chosen = expected.map(() => {
      const name = nameOf(chooseCallee(shared, "x"));
      shared.turn += 1;
      return name;
    });
    expect(chosen).toEqual(expected);
    // A call that is not sent takes no turn.
    const again = () => nameOf(chooseCallee(shared, "x"));
    expect(again()).toBe(again());
  });

  test("with invoke random is any of them", () => {
    const shared = registration("random", three);
    const chosen = Array.from({ length: 200 }, () => nameOf(chooseCallee(shared, "x")));
    expect(new Set(chosen)).toEqual(new Set(["a", "b", "c"]));
  });

  test("with invoke least_loaded is the one with the fewest pending invocations", () => {
    const loads = [3, 1, 2].map((pending, index) => ({ name: "abc"[index] ?? "", pending }));
    const shared = registration("least_loaded", loads);
    for (; shared.turn < 3; shared.turn++) {
      expect(nameOf(chooseCallee(shared, "x"))).toBe("b");
    }
  });

  test.each(ALL)("with invoke %s is one that may take it, or none", (invoke) => {
    const others = { isForbidden: true };
    const shared = registration(invoke, [
      { name: "a", ...others },
      { name: "b" },
      { name: "c", ...others },
    ]);
    for (; shared.turn < 5; shared.turn++) expect(nameOf(chooseCallee(shared, "x"))).toBe("b");
    expect(chooseCallee(registration(invoke, [{ name: "a", ...others }]), "x")).toBeUndefined();
  });

  const full = { pending: 2, concurrency: 2 };
  test.each<[InvokePolicy, string]>([
    ["single", "busy"],
    ["first", "busy"],
    ["last", "b"],
    ["roundrobin", "b"],
    ["random", "b"],
    ["least_loaded", "b"],
  ])("whose first is at its concurrency is, with invoke %s, %s", (invoke, expected) => {
    const free = { name: "b", pending: 9, concurrency: 10 };
    expect(nameOf(chooseCallee(registration(invoke, [{ name: "a", ...full }, free]), "x"))).toBe(
      expected,
    );
    expect(chooseCallee(registration(invoke, [{ name: "a", ...full }]), "x")).toBe("busy");
  });
});
