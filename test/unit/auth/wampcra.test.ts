import { describe, expect, test } from "bun:test";
import { createHmac, pbkdf2Sync } from "node:crypto";
import { useDecoyKey } from "#auth/decoy-principals.ts";
import { deny } from "#auth/pending-auth.ts";
import { StaticPrincipals } from "#auth/principal.ts";
import { decoyWampCra, WampCraAuth, type WampCraCredentials } from "#auth/wampcra.ts";
import { authContext, challengeOf, denied, helloRequest } from "../../support/hello-request.ts";

const users = {
  alice: { secret: "secret1", role: "user" },
  bob: { secret: "L3L1YUE8Txlw", role: "user", salt: "salt123", iterations: 1000, keylen: 32 },
};
const begin = (principals: Record<string, (typeof users)[keyof typeof users]> = users) =>
  new WampCraAuth(new StaticPrincipals(principals, decoyWampCra), authContext);
const sign = (key: string, challenge: unknown) =>
  createHmac("sha256", key).update(String(challenge)).digest("base64");

describe("wampcra", () => {
  test("challenges with what Crossbar's challenges have", async () => {
    const outcome = await begin().hello(helloRequest());
    expect(outcome).toMatchObject({ authmethod: "wampcra" });
    const { challenge, ...rest } = challengeOf(outcome);
    expect(rest).toEqual({});
    const { nonce, timestamp, ...said } = JSON.parse(String(challenge));
    expect(said).toEqual({
      authid: "alice",
      authrole: "user",
      authmethod: "wampcra",
      authprovider: "static",
      session: 1234,
    });
    expect(nonce).toMatch(/^[\w+/]{64}$/);
    expect(new Date(timestamp).toISOString()).toBe(timestamp);
  });

  test("challenges a principal of an authenticator, and refuses as it refuses", async () => {
    const found = { secret: "secret1", authid: "joe" };
    const known = { authprovider: "dynamic", find: async () => found } as const;
    const request = helloRequest({ authid: undefined });
    const outcome = await new WampCraAuth(known, authContext).hello(request);
    expect(JSON.parse(String(challengeOf(outcome)["challenge"]))).toMatchObject({
      authid: "joe",
      authrole: null,
      authprovider: "dynamic",
    });
    const nameless = { ...known, find: async () => ({ secret: "secret1" }) };
    const other = await new WampCraAuth(nameless, authContext).hello(request);
    expect(String(challengeOf(other)["challenge"])).toStartWith('{"authid":null,');
    const refusal = deny("wampcra", "it has expired");
    const refused = new WampCraAuth({ ...known, find: async () => refusal }, authContext);
    expect(await refused.hello(request)).toEqual(refusal);
  });

  test.each<Partial<WampCraCredentials>>([
    { salt: "salt123", iterations: 1000 },
    { salt: "salt123", keylen: 32 },
    { iterations: 1000, keylen: 32 },
  ])("has the secret itself for a key with %j alone", async (derivation) => {
    const principal = { secret: "secret1", role: "user", ...derivation };
    const auth = new WampCraAuth(new StaticPrincipals({ alice: principal }), authContext);
    const { challenge, ...rest } = challengeOf(await auth.hello(helloRequest()));
    expect(rest).toEqual({});
    expect(await auth.authenticate(sign("secret1", challenge))).toMatchObject({ kind: "accept" });
  });

  test("never challenges twice with the same", async () => {
    const [one, other] = await Promise.all([
      begin().hello(helloRequest()),
      begin().hello(helloRequest()),
    ]);
    expect(challengeOf(one)).not.toEqual(challengeOf(other));
  });

  // The derived key is the one that Autobahn's own tests expect of this secret and this salt.
  test.each([
    ["alice", "secret1"],
    ["bob", "qzcdsr9uu/L5hnss3kjNTRe490ETgA70ZBaB5rvnJ5Y="],
  ])("accepts %s with the signature of the key %s", async (authid, key) => {
    const auth = begin();
    const { challenge } = challengeOf(await auth.hello(helloRequest({ authid })));
    expect(await auth.authenticate(sign(key, challenge))).toEqual({
      kind: "accept",
      identity: {
        realm: "realm1",
        authid,
        authrole: "user",
        authmethod: "wampcra",
        authprovider: "static",
        authextra: {},
      },
    });
  });

  test("tells a client how to derive the key", async () => {
    const extra = challengeOf(await begin().hello(helloRequest({ authid: "bob" })));
    expect(extra).toMatchObject({ salt: "salt123", iterations: 1000, keylen: 32 });
  });

  test.each([
    ["alice", (challenge: unknown) => sign("secret2", challenge)],
    ["alice", () => sign("secret1", "another challenge")],
    ["alice", () => ""],
    ["alice", (challenge: unknown) => sign("", challenge)],
    ["bob", (challenge: unknown) => sign("", challenge)],
    ["bob", (challenge: unknown) => sign("L3L1YUE8Txlw", challenge)],
    ["nobody", (challenge: unknown) => sign("", challenge)],
  ])("denies %s with another signature", async (authid, signature) => {
    const auth = begin();
    const { challenge } = challengeOf(await auth.hello(helloRequest({ authid })));
    expect(await auth.authenticate(signature(challenge))).toEqual(denied("wampcra"));
  });

  test("derives the key of a user once, and for each wrong signature", async () => {
    const dora = { ...users.bob, iterations: 200_000 };
    const key = pbkdf2Sync(dora.secret, dora.salt, dora.iterations, dora.keylen, "sha256");
    const milliseconds = async (authid: string, signed: string) => {
      const auth = begin({ dora });
      const { challenge } = challengeOf(await auth.hello(helloRequest({ authid })));
      const start = performance.now();
      const { kind } = await auth.authenticate(sign(signed, challenge));
      expect(kind).toBe(signed === "wrong" ? "deny" : "accept");
      return performance.now() - start;
    };
    const first = await milliseconds("dora", key.toString("base64"));
    const again: number[] = [];
    for (const _ of [1, 2, 3]) again.push(await milliseconds("dora", key.toString("base64")));
    expect(Math.min(...again)).toBeLessThan(first / 4);
    // Neither of these is answered sooner, whether the authid exists or not.
    expect(await milliseconds("dora", "wrong")).toBeGreaterThan(Math.min(...again) * 4);
    expect(await milliseconds("nobody", "wrong")).toBeGreaterThan(Math.min(...again) * 4);
  });

  test("takes one signature for each challenge", async () => {
    const auth = begin();
    const { challenge } = challengeOf(await auth.hello(helloRequest()));
    const right = sign("secret1", challenge);
    await auth.authenticate("wrong");
    expect(await auth.authenticate(right)).toEqual(denied("wampcra"));
    expect(await begin().authenticate(right)).toEqual(denied("wampcra"));
  });

  test("challenges an unknown authid as one that is known, each time alike", async () => {
    const { bob } = users;
    const extras = await Promise.all(
      ["eve", "eve", "mallory"].map(async (authid) =>
        challengeOf(await begin({ bob }).hello(helloRequest({ authid }))),
      ),
    );
    const [salt, again, other] = extras.map((extra) => extra["salt"]);
    expect(salt).toMatch(/^[a-z]{4}\d{3}$/);
    expect(again).toBe(salt as string);
    expect(other).not.toBe(salt as string);
    expect(extras[0]).toMatchObject({ iterations: 1000, keylen: 32 });
    const said = JSON.parse(String(extras[0]?.["challenge"]));
    expect(said).toMatchObject({ authid: "eve", authrole: "user" });
  });

  const saltFor = async (authid: string, principals: Parameters<typeof begin>[0]) =>
    challengeOf(await begin(principals).hello(helloRequest({ authid })))["salt"];

  test("shows nothing that secrets could be tried out with", async () => {
    const { bob } = users;
    const salt = await saltFor("eve", { bob });
    expect(await saltFor("eve", { bob: { ...bob, secret: "secret2" } })).toBe(salt);
    useDecoyKey("00".repeat(32));
    const other = await saltFor("eve", { bob });
    expect(other).not.toBe(salt);
    useDecoyKey("01".repeat(32));
    expect(await saltFor("eve", { bob })).not.toBe(other);
    useDecoyKey("00".repeat(32));
    expect(await saltFor("eve", { bob })).toBe(other);
  });

  test("shows an unknown authid the salt that several users have", async () => {
    const { bob } = users;
    const carol = { ...bob, secret: "secret3" };
    expect(await saltFor("eve", { bob, carol })).toBe("salt123");
    expect(await saltFor("eve", { bob, carol: { ...carol, salt: "tlas321" } })).not.toBe("salt123");
  });

  test("denies an unknown authid the proof of its decoy's secret, too", async () => {
    const decoy = { secret: "decoy", role: "user" };
    const source = {
      authprovider: "static",
      find: async () => undefined,
      decoy: () => decoy,
    } as const;
    const auth = new WampCraAuth(source, authContext);
    const { challenge } = challengeOf(await auth.hello(helloRequest()));
    expect(await auth.authenticate(sign("decoy", challenge))).toEqual(denied("wampcra"));
  });

  test("has nothing to challenge with where there is no user, or no authid", async () => {
    expect(await begin({}).hello(helloRequest())).toEqual(denied("wampcra"));
    expect(await begin().hello(helloRequest({ authid: undefined }))).toEqual(denied("wampcra"));
  });
});
