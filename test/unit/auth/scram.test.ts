import { describe, expect, test } from "bun:test";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { deny } from "#auth/pending-auth.ts";
import { StaticPrincipals } from "#auth/principal.ts";
import { decoyScram, ScramAuth } from "#auth/scram.ts";
import { challengeOf, denied, helloRequest } from "../../support/hello-request.ts";
import { titled } from "../../support/titles.ts";

const hmac = (key: Uint8Array, text: string) => createHmac("sha256", key).update(text).digest();
const sha256 = (octets: Uint8Array) => createHash("sha256").update(octets).digest();

/** Keys of the example of RFC 7677: user "user", password "pencil", 4096 iterations. */
const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
const salted = pbkdf2Sync("pencil", salt, 4096, 32, "sha256");
const clientKey = hmac(salted, "Client Key");
const serverKey = hmac(salted, "Server Key");
const user = {
  kdf: "pbkdf2",
  iterations: 4096,
  salt: salt.toString("hex"),
  "stored-key": sha256(clientKey).toString("hex"),
  "server-key": serverKey.toString("hex"),
  role: "user",
};
const nonce = Buffer.from("rOprNGfwEbeRWgbNEkqO").toString("base64");

const begin = () => new ScramAuth(new StaticPrincipals({ user }, decoyScram));
const hello = (authid: string | undefined = "user", authextra: object = { nonce }) =>
  helloRequest({ authid, authextra: { ...authextra } });

/** What a client signs (WAMP-SCRAM: AuthMessage), as it follows from a CHALLENGE. */
function authMessage(extra: Record<string, unknown>, authid = "user"): string {
  const server = extra["nonce"];
  const first = `n=${authid},r=${nonce}`;
  return `${first},r=${server},s=${extra["salt"]},i=${extra["iterations"]},c=,r=${server}`;
}

function proofFor(message: string, key: Buffer = clientKey): string {
  const signature = hmac(sha256(key), message);
  return Buffer.from(key.map((octet, at) => octet ^ (signature[at] ?? 0))).toString("base64");
}

describe("scram", () => {
  test("keys are those of RFC 7677", () => {
    // Client and server signatures of its exchange, whose AuthMessage has the channel binding "biws".
    const server = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    const message = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${server},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=${server}`;
    expect(proofFor(message)).toBe("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    expect(hmac(serverKey, message).toString("base64")).toBe(
      "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    );
  });

  test("challenges with the client's nonce and more, and how to derive the key", async () => {
    const outcome = await begin().hello(hello());
    expect(outcome).toMatchObject({ authmethod: "scram" });
    const { nonce: server, ...rest } = challengeOf(outcome);
    expect(rest).toStrictEqual({
      kdf: "pbkdf2",
      salt: "W22ZaJ0SNY7soEsUEjb6gQ==",
      iterations: 4096,
    });
    const octets = Buffer.from(String(server), "base64");
    expect(octets.subarray(0, 20).toString()).toBe("rOprNGfwEbeRWgbNEkqO");
    expect(octets).toHaveLength(36);
  });

  test("tells how much memory Argon2 needs", async () => {
    const argon = { ...user, kdf: "argon2id-13", iterations: 2, memory: 512 };
    const auth = new ScramAuth(new StaticPrincipals({ user: argon }, decoyScram));
    const extra = challengeOf(await auth.hello(hello()));
    expect(extra).toMatchObject({ kdf: "argon2id-13", iterations: 2, memory: 512 });
  });

  test.each(
    titled([
      [{ nonce, channel_binding: "" }],
      [{ nonce, channel_binding: null }],
      [{ nonce: Buffer.alloc(1024).toString("base64") }],
    ]),
  )("challenges a client that says %s", async (_title, authextra) => {
    expect(await begin().hello(hello("user", authextra))).toMatchObject({ kind: "challenge" });
  });

  test("refuses as its source refuses, and where there is nothing to challenge with", async () => {
    const refusal = deny("scram", "it has expired");
    const expired = new ScramAuth({ authprovider: "dynamic", find: async () => refusal });
    expect(await expired.hello(hello())).toEqual(refusal);
    const nobody = new ScramAuth(new StaticPrincipals({}, decoyScram));
    expect(await nobody.hello(hello())).toEqual(denied("scram"));
    const request = helloRequest({ authid: undefined, authextra: { nonce } });
    expect(await begin().hello(request)).toMatchObject({
      message: "Cannot authenticate with scram: authid is not a text of printable ASCII",
    });
  });

  test("accepts no principal without a role", async () => {
    const { role: _, ...roleless } = user;
    const auth = new ScramAuth(new StaticPrincipals({ user: roleless }));
    const message = authMessage(challengeOf(await auth.hello(hello())));
    expect(await auth.authenticate(proofFor(message), {})).toEqual({
      kind: "deny",
      uri: "wamp.error.no_such_role",
      message: "Cannot authenticate with scram: no role is assigned",
      isBlameless: true,
    });
  });

  test("proves to the client in turn that it knows the password", async () => {
    const auth = begin();
    const authextra = { nonce, channel_binding: null, theme: "dark" };
    const message = authMessage(challengeOf(await auth.hello(hello("user", authextra))));
    const outcome = await auth.authenticate(proofFor(message), {});
    expect(outcome).toEqual({
      kind: "accept",
      identity: {
        realm: "realm1",
        authid: "user",
        authrole: "user",
        authmethod: "scram",
        authprovider: "static",
        authextra: { theme: "dark" },
      },
      welcomeExtra: { scram_server_signature: hmac(serverKey, message).toString("base64") },
    });
  });

  test.each([
    ["with another key", (message: string) => proofFor(message, sha256(Buffer.from("x"))), {}],
    ["of another message", (message: string) => proofFor(`${message}x`), {}],
    ["that is empty", () => "", {}],
    ["that is no base64", () => "@@@@", {}],
    ["that is too short", () => "AAAA", {}],
    ["that is too long", () => Buffer.alloc(64).toString("base64"), {}],
    ["for another nonce", proofFor, { nonce: "AAAA" }],
  ])("denies a proof %s", async (_name, proof, extra) => {
    const auth = begin();
    const message = authMessage(challengeOf(await auth.hello(hello())));
    expect(await auth.authenticate(proof(message), extra)).toEqual(denied("scram"));
  });

  test("denies an unknown authid the proof of its decoy's keys, too", async () => {
    const source = {
      authprovider: "static",
      find: async () => undefined,
      decoy: () => user,
    } as const;
    const auth = new ScramAuth(source);
    const message = authMessage(challengeOf(await auth.hello(hello())));
    expect(await auth.authenticate(proofFor(message), {})).toEqual(denied("scram"));
  });

  test("takes one proof for each challenge", async () => {
    const auth = begin();
    const message = authMessage(challengeOf(await auth.hello(hello())));
    await auth.authenticate("", {});
    expect(await auth.authenticate(proofFor(message), {})).toEqual(denied("scram"));
  });

  test.each(
    titled(
      [
        ["user", {}, "authextra.nonce is not base64"],
        ["user", { nonce: 7 }, "authextra.nonce is not base64"],
        ["user", { nonce: "" }, "authextra.nonce is not base64"],
        ["user", { nonce: "rOp,rNG" }, "authextra.nonce is not base64"],
        ["user", { nonce: "QUJDR" }, "authextra.nonce is not base64"],
        ["user", { nonce: "A".repeat(1368) }, "authextra.nonce is longer than 1024 octets"],
        ["", { nonce }, "authid is not a text of printable ASCII"],
        ["Jürgen", { nonce }, "authid is not a text of printable ASCII"],
        [
          "user",
          { nonce, channel_binding: "tls-unique" },
          "SCRAM is not bound to the channel here; leave out channel_binding",
        ],
      ],
      2,
    ),
  )("refuses %s", async (_title, authid, authextra, state) => {
    expect(await begin().hello(hello(authid, authextra))).toEqual({
      kind: "deny",
      uri: "wamp.error.authentication_failed",
      message: `Cannot authenticate with scram: ${state}`,
    });
  });

  test("challenges an unknown authid as one that is known, each time alike", async () => {
    const extras = await Promise.all(
      ["eve", "eve", "mallory"].map(async (authid) =>
        challengeOf(await begin().hello(hello(authid))),
      ),
    );
    const [one, again, other] = extras.map((extra) => String(extra["salt"]));
    expect(Buffer.from(one ?? "", "base64")).toHaveLength(16);
    expect(again).toBe(one);
    expect(other).not.toBe(one);
    expect(extras[0]).toMatchObject({ kdf: "pbkdf2", iterations: 4096 });
    const auth = begin();
    const message = authMessage(challengeOf(await auth.hello(hello("eve"))), "eve");
    expect(await auth.authenticate(proofFor(message), {})).toEqual(denied("scram"));
  });
});
