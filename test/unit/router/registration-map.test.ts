import { describe, expect, test } from "bun:test";
import type { InvokePolicy } from "#router/message-options.ts";
import type { RealmSession } from "#router/realm-session.ts";
import { type Registration, RegistrationMap } from "#router/registration-map.ts";

const session = (name: string) => ({ name }) as unknown as RealmSession;
const [a, b] = [session("a"), session("b")];
const sessionsOf = ({ callees }: Registration) => callees.map((one) => one.session);

describe("a registration", () => {
  test("is found by its procedure, and gone when its callee is", () => {
    const map = new RegistrationMap();
    const { id } = map.add(a, "x.y", "exact", "single").registration;
    expect(map.matches("x.y").map((one) => one.id)).toEqual([id]);
    expect(map.matches("x")).toEqual([]);
    expect(map.remove(a, id)?.id).toBe(id);
    expect([map.matches("x.y"), map.remove(a, id), map.byId(id)]).toEqual([
      [],
      undefined,
      undefined,
    ]);
    expect(sessionsOf(map.add(b, "x.y", "exact", "single").registration)).toEqual([b]);
  });

  test("is removed by none but its callees", () => {
    const map = new RegistrationMap();
    const { id } = map.add(a, "x.y", "exact", "single").registration;
    expect(map.remove(b, id)).toBeUndefined();
    expect(map.remove(a, id + 1)).toBeUndefined();
    expect(map.matches("x.y")).toHaveLength(1);
  });

  test("of several callees stays until the last has left", () => {
    const map = new RegistrationMap();
    const { id } = map.add(a, "x.y", "exact", "roundrobin").registration;
    map.add(b, "x.y", "exact", "roundrobin");
    map.add(a, "other", "prefix", "single");
    map.removeAll(a);
    expect(map.matches("x.y").map((one) => [one.id, sessionsOf(one)])).toEqual([[id, [b]]]);
    expect(map.matches("other.z")).toEqual([]);
    expect(map.remove(b, id)?.id).toBe(id);
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
    ["single, by the same callee with another policy", "single", a, "first", exists],
    ["shared, by the same callee with another policy", "first", a, "last", conflict],
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
    expect(map.matches("x.y").map(sessionsOf)).toEqual([[a]]);
  });

  test.each<InvokePolicy>(["single", "roundrobin"])(
    "with invoke %s is the same for a callee that adds it again",
    (invoke) => {
      const map = new RegistrationMap();
      const { registration } = map.add(a, "x.y", "exact", invoke);
      const again = map.add(a, "x.y", "exact", invoke);
      expect([again.registration, again.isRepeated, again.isNew]).toEqual([
        registration,
        true,
        false,
      ]);
      expect(sessionsOf(registration)).toEqual([a]);
      map.remove(a, registration.id);
      expect(map.matches("x.y")).toEqual([]);
    },
  );

  test("of another pattern is another one, though the URI is the same", () => {
    const map = new RegistrationMap();
    map.add(a, "x", "exact", "single");
    map.add(b, "x", "prefix", "single");
    expect(map.matches("x").map(sessionsOf)).toEqual([[a], [b]]);
  });
});
