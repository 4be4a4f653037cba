/** Which bearer tokens are accepted, and what the answers to the others say. */

import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { CompactSign } from "jose";
import type { TokenConfig } from "#config/auth/token-config.ts";
import { bearerTokenOf } from "#transport/web/auth/authorization-header.ts";
import { BearerTokens } from "#transport/web/auth/bearer-tokens.ts";
import {
  type KeySource,
  KeysUnavailable,
  keysAmong,
  secretKey,
} from "#transport/web/auth/key-source.ts";
import { isRefusal } from "#transport/web/auth/request-access.ts";
import { keptLog } from "../../../support/kept-log.ts";
import { quiet } from "../../../support/quiet-context.ts";
import {
  AUDIENCE,
  type ChangedClaims,
  claimsOf,
  ISSUER,
  issuerKey,
  keySet,
  SECRET,
  sign,
  tokenPart,
} from "../../../support/tokens.ts";

const asymmetric = ["ES256", "ES384", "EdDSA", "Ed25519", "PS256", "RS256"];

const config: TokenConfig = {
  issuer: ISSUER,
  audience: [AUDIENCE, "other"],
  keys: { type: "secret", secret: "" },
  algorithms: asymmetric,
  clock_tolerance: 60,
  authid_claim: ["sub"],
  authrole_claim: ["role"],
  roles: null,
  scopes: [],
};
const path = { realm: "realm1", role: null };

const key = await issuerKey("key1");

const sourceOf = (...keys: Parameters<typeof keySet>): KeySource => ({
  find: keysAmong(keySet(...keys) as never),
  close() {},
});
const tokensOf = (source: KeySource, changes: Partial<TokenConfig> = {}) =>
  new BearerTokens({ ...config, ...changes }, path, source, quiet);
const ofKey = (changes: Partial<TokenConfig> = {}) => tokensOf(sourceOf(key), changes);

/** What an answer says: its status, its challenge, and its sentence. */
async function refusalOf(tokens: BearerTokens, token: string) {
  const answer = await tokens.admit(token);
  if (!isRefusal(answer)) throw new Error(`expected a refusal of ${token}`);
  const { error } = JSON.parse(Buffer.from(answer.body).toString());
  return { status: answer.status, challenge: answer.headers["WWW-Authenticate"], error };
}

const invalid = (state: string) => ({
  status: 401,
  challenge: `Bearer realm="realm1", error="invalid_token", error_description="${state}"`,
  error: `Cannot take the request: ${state}`,
});

test.each(asymmetric)("a token that is signed with %s is accepted", async (alg) => {
  const one = await issuerKey("one", alg);
  const access = await tokensOf(sourceOf(key, one)).admit(await sign(one));
  expect(access).toMatchObject({
    role: "user",
    principal: { authid: "alice", authmethod: "bearer", authprovider: ISSUER },
  });
});

test("a token that is signed with the secret is accepted", async () => {
  const tokens = tokensOf(secretKey(SECRET), { algorithms: ["HS256"] });
  expect(await tokens.admit(await sign(SECRET))).toMatchObject({ role: "user" });
  expect(await refusalOf(tokens, await sign(`${SECRET}!`))).toEqual(
    invalid("the signature of the token is wrong"),
  );
});

test("a token holds until its end, and the tolerance of clocks beyond", async () => {
  const access = await ofKey().admit(await sign(key, { exp: 4_000_000_000 }));
  expect(access).toMatchObject({ until: 4_000_000_060_000 });
});

test("a token that names no key is tried with each that fits", async () => {
  const [one, other] = [await issuerKey("one"), await issuerKey("other")];
  const tokens = tokensOf(sourceOf(one, other));
  const { privateKey } = other;
  expect(
    await tokens.admit(await sign({ ...other, privateKey }, {}, { kid: undefined as never })),
  ).toMatchObject({ role: "user" });
  expect(await refusalOf(tokens, await sign(key, {}, { kid: undefined as never }))).toEqual(
    invalid("the signature of the token is wrong"),
  );
  const expired = await sign(one, { exp: 1 }, { kid: undefined as never });
  expect(await refusalOf(tokens, expired)).toEqual(invalid("the token has expired"));
});

describe("a token is refused", () => {
  const now = Math.floor(Date.now() / 1000);
  test.each<[what: string, claims: ChangedClaims, state: string]>([
    ["that has expired", { exp: now - 61 }, "the token has expired"],
    ["without an end", { exp: undefined }, "the claim exp of the token is missing or wrong"],
    ["whose end is a text", { exp: "soon" }, "the claim exp of the token is missing or wrong"],
    ["that begins later", { nbf: now + 120 }, "the token is not valid yet"],
    ["whose begin is a text", { nbf: "x" }, "the claim nbf of the token is missing or wrong"],
    ["of another issuer", { iss: `${ISSUER}/` }, "the claim iss of the token is missing or wrong"],
    ["without an issuer", { iss: undefined }, "the claim iss of the token is missing or wrong"],
    ["for others", { aud: ["a", "b"] }, "the claim aud of the token is missing or wrong"],
    ["for nobody", { aud: undefined }, "the claim aud of the token is missing or wrong"],
    ["without a client", { sub: undefined }, "the claim sub of the token is no name"],
  ])("%s", async (_, claims, state) => {
    expect(await refusalOf(ofKey(), await sign(key, claims))).toEqual(invalid(state));
  });

  test("of which a claim, the key or the signature was changed", async () => {
    const token = await sign(key);
    const [header = "", claims = "", signature = ""] = token.split(".");
    const wrong = invalid("the signature of the token is wrong");
    const changed = tokenPart(claimsOf({ sub: "eve" }));
    expect(await refusalOf(ofKey(), `${header}.${changed}.${signature}`)).toEqual(wrong);
    const other = await sign({ ...(await issuerKey("key1")), kid: "key1" });
    expect(await refusalOf(ofKey(), other)).toEqual(wrong);
    const unknown = await sign(await issuerKey("key2"));
    expect(await refusalOf(ofKey(), unknown)).toEqual(invalid("the key of the token is not known"));
    expect(await refusalOf(ofKey(), `${header}.${claims}.`)).toEqual(
      expect.objectContaining({ status: 401 }),
    );
  });

  test("that is not signed, or with the public key as a secret", async () => {
    const claims = tokenPart(claimsOf());
    const notAccepted = invalid("the algorithm of the token is not accepted");
    const unsigned = `${tokenPart({ alg: "none" })}.${claims}.`;
    expect(await refusalOf(ofKey(), unsigned)).toEqual(notAccepted);
    const known = [JSON.stringify(key.jwk), String(key.jwk["x"])];
    for (const secret of known) {
      const head = `${tokenPart({ alg: "HS256", kid: "key1" })}.${claims}`;
      const signature = createHmac("sha256", secret).update(head).digest("base64url");
      expect(await refusalOf(ofKey(), `${head}.${signature}`)).toEqual(notAccepted);
    }
  });

  test("that is signed, and has no claims", async () => {
    const { alg, kid, privateKey } = key;
    const header = { alg, kid };
    const text = await new CompactSign(Buffer.from("7"))
      .setProtectedHeader(header)
      .sign(privateKey);
    expect(await refusalOf(ofKey(), text)).toEqual(invalid("the token is no signed JWT"));
  });

  test("of an algorithm that is not listed", async () => {
    const tokens = ofKey({ algorithms: ["RS256"], scopes: ["read"] });
    expect(await refusalOf(tokens, await sign(key))).toEqual(
      invalid("the algorithm of the token is not accepted"),
    );
  });

  test.each(["a", "a.b", "a.b.c", "a.b.c.d.e", `${tokenPart([])}.${tokenPart({})}.AA`])(
    "that is none: %s",
    async (token) => {
      expect(await refusalOf(ofKey(), token)).toEqual(invalid("the token is no signed JWT"));
    },
  );

  test("that needs what this program does not know", async () => {
    const header = { crit: ["exp2"], exp2: 1 };
    const token = `${tokenPart({ alg: "ES256", ...header })}.${tokenPart(claimsOf())}.AA`;
    expect(await refusalOf(ofKey(), token)).toEqual(
      invalid("the token is signed in a way that is not supported"),
    );
  });

  test("without a scope or a role, with 403", async () => {
    const tokens = ofKey({ scopes: ["read", "write"], roles: ["user"] });
    const insufficient = (state: string) => ({
      status: 403,
      challenge:
        `Bearer realm="realm1", error="insufficient_scope", error_description="${state}", ` +
        'scope="read write"',
      error: `Cannot take the request: ${state}`,
    });
    expect(await refusalOf(tokens, await sign(key, { scope: "read" }))).toEqual(
      insufficient("the token lacks a scope"),
    );
    expect(await refusalOf(tokens, await sign(key, { scope: "read write", role: "boss" }))).toEqual(
      insufficient("the token names no role, or not one alone, with which clients may act here"),
    );
  });
});

test("no token is accepted while there are no keys", async () => {
  const away = tokensOf({
    find: () => Promise.reject(new KeysUnavailable()),
    close() {},
  });
  const answer = await away.admit(await sign(key));
  expect(answer).toMatchObject({ status: 503, headers: { "Retry-After": "1" } });
  if (!isRefusal(answer)) throw new Error("expected a refusal");
  expect(Buffer.from(answer.body).toString()).toContain("the keys of tokens are not known");
});

test("a request without a token is asked for one, without an error", () => {
  const { status, headers, body } = ofKey({ scopes: ["read"] }).challenges.missing();
  expect([status, headers]).toEqual([401, { "WWW-Authenticate": 'Bearer realm="realm1"' }]);
  expect(JSON.parse(Buffer.from(body).toString()).error).toBe(
    "Cannot take the request: it has no bearer token",
  );
});

test("an access has the answer for a role that does not exist", async () => {
  const access = await ofKey().admit(await sign(key));
  if (isRefusal(access)) throw new Error("expected an access");
  expect(access.roleRefusal).toMatchObject({
    status: 403,
    headers: {
      "WWW-Authenticate":
        'Bearer realm="realm1", error="insufficient_scope", ' +
        'error_description="no session can have the role that the token names"',
    },
  });
});

test("the end of a path is that of its keys", () => {
  const closed: string[] = [];
  tokensOf({ ...sourceOf(key), close: () => void closed.push("keys") }).close();
  expect(closed).toEqual(["keys"]);
});

test("a key that cannot be used refuses its tokens, and the log says so", async () => {
  const { log, logged } = keptLog("warn");
  const broken = { ...key, jwk: { ...key.jwk, x: "AA" } };
  const tokens = new BearerTokens(config, path, sourceOf(broken), log);
  expect(await refusalOf(tokens, await sign(key))).toMatchObject({ status: 401 });
  expect(logged).toEqual([["token not checked", { reason: expect.stringMatching(/./) }]]);
  expect(JSON.stringify(logged)).not.toContain(await sign(key));
});

test("a challenge keeps to ASCII without quotes", async () => {
  const realm = 'réalm"1\\';
  const claims = { authid_claim: ['na"me'] };
  const tokens = new BearerTokens(
    { ...config, ...claims },
    { realm, role: null },
    sourceOf(key),
    quiet,
  );
  const { challenge } = await refusalOf(tokens, await sign(key));
  expect(challenge).toBe(
    'Bearer realm="r?alm?1?", error="invalid_token", ' +
      'error_description="the claim na?me of the token is no name"',
  );
});

test.each([
  [undefined, null],
  ["Bearer abc.DEF-_~+/==", "abc.DEF-_~+/=="],
  ["bearer  abc", "abc"],
  ["Basic YTpi", null],
  ["Bearerabc", null],
  ["Bearer", undefined],
  ["Bearer ", undefined],
  ["Bearer a b", undefined],
  ["Bearer a, Bearer b", undefined],
  ["Bearer a=b", undefined],
])("the header %p has the token %p", (field, token) => {
  const headers = new Headers(field === undefined ? {} : { authorization: field });
  expect(bearerTokenOf(headers)).toBe(token as never);
});
