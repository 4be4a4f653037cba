import { describe, expect, test } from "bun:test";
import type { InvokePolicy } from "#router/message-options.ts";
import type { RealmSession } from "#router/realm-session.ts";
import { chooseCallee, RegistrationMap } from "#router/registration-map.ts";

const session = (name: string) => ({ name }) as unknown as RealmSession;
const nameOf = (one: RealmSession | undefined) => (one as { name?: string } | undefined)?.name;
const [a, b, c] = [session("a"), session("b"), session("c")];
const isCallable = () => true;

describe("a registration", () => {
  test("is found by its procedure, and gone when its callee is", () => {
    const map = new RegistrationMap();
    const { id } = map.add(a, "x.y", "exact", "single");
    expect(map.matches("x.y").map((one) => one.id)).toEqual([id]);
    expect(map.matches("x")).toEqual([]);
    expect(map.remove(a, id)).toBe(true);
    expect([map.matches("x.y"), map.remove(a, id)]).toEqual([[], false]);
    expect(map.add(b, "x.y", "exact", "single").callees).toEqual([b]);
  });

  test("is removed by none but its callees", () => {
    const map = new RegistrationMap();
    const { id } = map.add(a, "x.y", "exact", "single");
    expect(map.remove(b, id)).toBe(false);
    expect(map.remove(a, id + 1)).toBe(false);
    expect(map.matches("x.y")).toHaveLength(1);
  });

  test("of several callees stays until the last has left", () => {
    const map = new RegistrationMap();
    const { id } = map.add(a, "x.y", "exact", "roundrobin");
    map.add(b, "x.y", "exact", "roundrobin");
    map.add(a, "other", "prefix", "single");
    map.removeAll(a);
    expect(map.matches("x.y").map((one) => [one.id, one.callees])).toEqual([[id, [b]]]);
    expect(map.matches("other.z")).toEqual([]);
    expect(map.remove(b, id)).toBe(true);
    expect(map.matches("x.y")).toEqual([]);
    map.removeAll(a);
  });

  const exists = "procedure_already_exists";
  const conflict = "procedure_exists_with_different_invocation_policy";
  test.each<[string, InvokePolicy, RealmSession, InvokePolicy, string]>([
    ["single, again", "single", b, "single", exists],
    ["single, as a shared one", "single", b, "roundrobin", exists],
    ["shared, as single", "roundrobin", b, "single", conflict],
    ["shared by another policy", "first", b, "last", conflict],
    ["single, by the same callee", "single", a, "single", exists],
  ])("that is %s is refused", (_, first, second, policy, uri) => {
    const map = new RegistrationMap();
    map.add(a, "x.y", "exact", first);
    const refused = { uri: "", message: "" };
    try {
      map.add(second, "x.y", "exact", policy);
    } catch (thrown) {
      Object.assign(refused, thrown, { message: (thrown as Error).message });
    }
    expect([refused.uri, refused.message]).toEqual([
      `wamp.error.${uri}`,
      `Cannot register "x.y": it is already registered with invoke ${first}`,
    ]);
    expect(map.matches("x.y")[0]?.callees).toEqual([a]);
  });

  test("that is shared is the same for a callee that adds it again", () => {
    const map = new RegistrationMap();
    const first = map.add(a, "x.y", "exact", "roundrobin");
    expect(map.add(a, "x.y", "exact", "roundrobin")).toBe(first);
    expect(first.callees).toEqual([a]);
    expect(map.remove(a, first.id)).toBe(true);
    expect(map.matches("x.y")).toEqual([]);
  });

  test("of another pattern is another one, though the URI is the same", () => {
    const map = new RegistrationMap();
    map.add(a, "x", "exact", "single");
    map.add(b, "x", "prefix", "single");
    expect(map.matches("x").map(({ callees }) => callees)).toEqual([[a], [b]]);
  });
});

describe("the callee of a call", () => {
  const shared = (invoke: InvokePolicy, callees = [a, b, c]) => ({
    id: 1,
    uri: "x",
    match: "exact" as const,
    invoke,
    callees,
    turn: 0,
  });

  test.each<[InvokePolicy, string[]]>([
    ["single", ["a", "a", "a", "a"]],
    ["first", ["a", "a", "a", "a"]],
    ["last", ["c", "c", "c", "c"]],
    ["roundrobin", ["a", "b", "c", "a"]],
  ])("with invoke %s is %p in turn", (invoke, expected) => {
    const registration = shared(invoke);
    const chosen = expected.map(() => {
      const callee = chooseCallee(registration, isCallable);
      registration.turn += 1;
      return nameOf(callee);
    });
    expect(chosen).toEqual(expected);
    // A call that is not sent takes no turn.
    const again = () => nameOf(chooseCallee(registration, isCallable));
    expect(again()).toBe(again());
  });

  test("with invoke random is any of them", () => {
    const registration = shared("random");
    const chosen = Array.from({ length: 200 }, () =>
      nameOf(chooseCallee(registration, isCallable)),
    );
    expect(new Set(chosen)).toEqual(new Set(["a", "b", "c"]));
  });

  test.each<InvokePolicy>(["single", "first", "last", "roundrobin", "random"])(
    "with invoke %s is one that may take it, or none",
    (invoke) => {
      const registration = shared(invoke);
      for (let count = 0; count < 5; count++) {
        expect(nameOf(chooseCallee(registration, (one) => one === b))).toBe("b");
      }
      expect(chooseCallee(registration, () => false)).toBeUndefined();
    },
  );
});
