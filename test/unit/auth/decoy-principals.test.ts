import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { DecoyPrincipals, type DecoyRandom, useDecoyKey } from "#auth/decoy-principals.ts";

beforeEach(() => useDecoyKey("22".repeat(32)));
afterAll(() => useDecoyKey(crypto.getRandomValues(new Uint8Array(32)).toHex()));

interface Salted {
  salt: string;
  role: string;
}
const make = (like: Salted, random: DecoyRandom) => ({ ...like, salt: random.saltLike(like.salt) });
const decoysOf = (principals: Record<string, Salted>) => {
  const decoys = DecoyPrincipals.of(principals);
  return (authid: string) => decoys.decoyFor(make, authid);
};

describe("the decoy of an unknown authid", () => {
  const alice = { salt: "aB3/x9==", role: "user" };

  test("is the same each time, in every process with the node's key", () => {
    const decoy = decoysOf({ alice })("eve");
    expect(decoysOf({ alice })("eve")).toEqual(decoy);
    useDecoyKey("11".repeat(32));
    expect(decoysOf({ alice })("eve")).not.toEqual(decoy);
  });

  test("is another for each authid, and never the salt of a principal", () => {
    const decoy = decoysOf({ alice });
    const salts = ["eve", "mallory", "trent"].map((authid) => decoy(authid)?.salt);
    expect(new Set([...salts, alice.salt]).size).toBe(4);
  });

  test("does not depend on anything that is configured but the form of the salt", () => {
    const decoy = decoysOf({ alice })("eve")?.salt;
    expect(decoysOf({ alice: { salt: "zZ0/a1==", role: "admin" } })("eve")?.salt).toBe(decoy ?? "");
  });

  test("looks like one of the principals, the same one each time", () => {
    const decoy = decoysOf({ a: { salt: "aaaa", role: "a" }, b: { salt: "0000", role: "b" } });
    const authids = Array.from({ length: 50 }, (_, index) => `eve${index}`);
    const roles = authids.map((authid) => decoy(authid)?.role);
    expect(new Set(roles)).toEqual(new Set(["a", "b"]));
    expect(authids.map((authid) => decoy(authid)?.role)).toEqual(roles);
  });

  test("is none where there are no principals", () => {
    expect(decoysOf({})("eve")).toBeUndefined();
  });
});

describe("a salt of a decoy", () => {
  test.each([
    ["0123456789abcdef", /^[0-9a-f]{16}$/],
    ["abc", /^[0-9a-f]{3}$/],
    ["xyz", /^[a-z]{3}$/],
    ["aB3/x+9==", /^[a-z][A-Z][0-9]\/[a-z]\+[0-9]==$/],
    ["Jürgen", /^[A-Z]ü[a-z]{4}$/],
  ])("has the form of %s", (like, form) => {
    const salt = decoysOf({ alice: { salt: like, role: "user" } })("eve")?.salt;
    expect(salt).toMatch(form);
    expect(salt).not.toBe(like);
  });

  test("takes any character at any place", () => {
    const decoy = decoysOf({ alice: { salt: "wxyz", role: "user" } });
    const salts = Array.from({ length: 400 }, (_, index) => decoy(`eve${index}`)?.salt ?? "");
    for (const place of [0, 1, 2, 3]) {
      expect(new Set(salts.map((salt) => salt[place])).size).toBe(26);
    }
  });

  test("is that of the principals where several have the same", () => {
    const [shared, own] = [
      { salt: "same", role: "user" },
      { salt: "mine", role: "owner" },
    ];
    const decoy = decoysOf({ a: shared, b: shared, c: own });
    for (let index = 0; index < 20; index++) {
      const { salt, role } = decoy(`eve${index}`) ?? {};
      expect(salt === "same").toBe(role === "user");
      expect(salt).not.toBe("mine");
    }
  });

  test("is not to be computed from octets for another purpose", () => {
    const octets: string[] = [];
    DecoyPrincipals.of({ a: { salt: "" } }).decoyFor((like, random) => {
      for (const purpose of ["salt", "key"]) octets.push(random.octets(16, purpose).toHex());
      return like;
    }, "eve");
    expect(new Set(octets).size).toBe(2);
    expect(octets[0]).toHaveLength(32);
  });
});
