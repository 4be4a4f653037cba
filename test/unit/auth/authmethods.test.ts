import { expect, test } from "bun:test";
import { beginAuth } from "#auth/authmethods.ts";
import type { HelloRequest, PendingAuth } from "#auth/pending-auth.ts";
import { publicKeyOf } from "#base/ed25519.ts";
import type { AuthConfig } from "#config/auth/auth-config.ts";
import type { DynamicAuthConfig } from "#config/auth/authenticator-config.ts";
import { authContext, helloRequest } from "../../support/hello-request.ts";
import { keptLog } from "../../support/kept-log.ts";

const key = publicKeyOf("11".repeat(32));
const scram = {
  role: "user",
  kdf: "pbkdf2" as const,
  salt: "00ff",
  iterations: 1,
  "stored-key": "00".repeat(32),
  "server-key": "00".repeat(32),
};
const [sha1, sha256] = ["AA", "BB"];
const { transport } = helloRequest();
const trustroot = {
  chain_id: "1",
  verifying_contract: "",
  issuer: "0x00",
  realm_address: "",
  role: "user",
};

/** Requests that get as far as the principal, by authmethod. */
const requests: Record<string, HelloRequest> = {
  anonymous: helloRequest(),
  ticket: helloRequest(),
  wampcra: helloRequest(),
  scram: helloRequest({ authextra: { nonce: "AAAA" } }),
  cryptosign: helloRequest({ authextra: { pubkey: key } }),
  tls: helloRequest({
    transport: { ...transport, clientCertificate: { sha1, sha256, subject: {} } },
  }),
  "cryptosign-proxy": helloRequest({
    authextra: { pubkey: key, proxy_realm: "realm1", proxy_authid: "joe", proxy_authrole: "user" },
  }),
};

/** Answers HELLO, and AUTHENTICATE for a ticket, whose HELLO asks for nothing yet. */
async function outcomeOf(authmethod: string, pending: PendingAuth | undefined) {
  const request = requests[authmethod];
  if (pending === undefined || request === undefined) throw new Error("expected an authmethod");
  const outcome = await pending.hello(request);
  return authmethod === "ticket" ? await pending.authenticate?.("secret1", {}) : outcome;
}

test.each<[string, AuthConfig, object]>([
  [
    "anonymous",
    { anonymous: { type: "static", role: "guest" } },
    { identity: { authrole: "guest", authprovider: "static" } },
  ],
  [
    "ticket",
    { ticket: { type: "static", principals: { alice: { ticket: "secret1", role: "user" } } } },
    { kind: "accept" },
  ],
  [
    "wampcra",
    { wampcra: { type: "static", users: { alice: { secret: "x", role: "user" } } } },
    { kind: "challenge" },
  ],
  // An unknown authid is challenged too.
  [
    "wampcra",
    { wampcra: { type: "static", users: { bob: { secret: "x", role: "user" } } } },
    { kind: "challenge" },
  ],
  ["scram", { scram: { type: "static", principals: { alice: scram } } }, { kind: "challenge" }],
  ["scram", { scram: { type: "static", principals: { bob: scram } } }, { kind: "challenge" }],
  [
    "cryptosign",
    {
      cryptosign: {
        type: "static",
        principals: { alice: { authorized_keys: [key], role: "user" } },
      },
    },
    { kind: "challenge" },
  ],
  [
    "cryptosign",
    { cryptosign: { type: "static", principals: {}, trustroots: { realm1: trustroot } } },
    { message: expect.stringContaining("authextra.trustroot is not the trusted root") },
  ],
  [
    "tls",
    { tls: { type: "static", principals: { alice: { "certificate-sha1": sha1, role: "user" } } } },
    { kind: "accept" },
  ],
  [
    "cryptosign-proxy",
    { "cryptosign-proxy": { type: "static", principals: { alice: { authorized_keys: [key] } } } },
    { kind: "challenge" },
  ],
])("%s with configured principals: %j", async (authmethod, auth, expected) => {
  const outcome = await outcomeOf(authmethod, beginAuth(authmethod, auth, authContext));
  expect(outcome).toMatchObject(expected);
});

test("anonymous-proxy has no principals of its own", () => {
  const auth: AuthConfig = { "anonymous-proxy": { type: "static" } };
  const { authextra } = requests["cryptosign-proxy"] ?? helloRequest();
  const request = helloRequest({ authextra, transport: { ...transport, isUnixSocket: true } });
  const pending = beginAuth("anonymous-proxy", auth, authContext);
  expect(pending?.hello(request)).toMatchObject({ kind: "accept", identity: { authid: "joe" } });
});

const dynamic: DynamicAuthConfig = {
  type: "dynamic",
  authenticator: "com.example.authenticate",
  "authenticator-realm": null,
  "authenticator-role": null,
  "default-role": null,
  "authenticator-timeout": 1000,
};

test.each<[string, object, string]>([
  ["anonymous", {}, "accept"],
  ["ticket", {}, "accept"],
  ["wampcra", { secret: "x" }, "challenge"],
  ["scram", scram, "challenge"],
  ["cryptosign", { pubkey: key }, "challenge"],
  ["tls", {}, "accept"],
  ["cryptosign-proxy", { pubkey: key }, "challenge"],
])("%s asks the authenticator, and reads its answer %j", async (authmethod, answer, kind) => {
  const { log, logged } = keptLog("warn");
  const asked: unknown[] = [];
  const authenticators = {
    log,
    async call({ args }: { args: readonly unknown[] }) {
      asked.push(args[2]);
      return { role: "user", ...answer };
    },
  };
  const auth = { [authmethod]: dynamic };
  const pending = beginAuth(authmethod, auth, { ...authContext, askable: { authenticators } });
  expect(await outcomeOf(authmethod, pending)).toMatchObject({ kind });
  expect(asked).toEqual([expect.objectContaining({ authmethod })]);
  expect(logged).toEqual([]);
});

test.each<[string, object, string]>([
  ["anonymous", {}, "accept"],
  ["ticket", {}, "accept"],
  ["wampcra", { secret: "x" }, "challenge"],
  ["scram", scram, "challenge"],
  ["cryptosign", { pubkey: key }, "challenge"],
  ["tls", {}, "accept"],
  ["cryptosign-proxy", { pubkey: key }, "challenge"],
])("%s calls the function, and reads its answer %j", async (authmethod, answer, kind) => {
  const asked: string[] = [];
  const functionAuthenticators = {
    async call({ authenticator }: { authenticator: string }) {
      asked.push(authenticator);
      return { role: "user", ...answer };
    },
  };
  const auth = { [authmethod]: { ...dynamic, type: "function", authenticator: "auth1" } } as const;
  const pending = beginAuth(authmethod, auth, {
    ...authContext,
    askable: { ...authContext.askable, functionAuthenticators },
  });
  expect(await outcomeOf(authmethod, pending)).toMatchObject({ kind });
  expect(asked).toEqual(["auth1"]);
});

test.each([...Object.keys(requests), "anonymous-proxy", "cookie", "constructor", "kerberos"])(
  "%s does not begin where it is not configured",
  (authmethod) => {
    expect(beginAuth(authmethod, {}, authContext)).toBeUndefined();
  },
);

test("cookie begins where it is configured and the client's cookie is known", async () => {
  const login = {
    realm: "realm1",
    authid: "alice",
    authrole: "user",
    authmethod: "ticket",
    authprovider: "static",
    authextra: {},
  };
  const ticket = { type: "static", principals: { alice: { ticket: "x", role: "user" } } } as const;
  const auth: AuthConfig = { cookie: {}, ticket };
  const cookie = { recall: () => login, remember() {}, forget() {} };
  const request = helloRequest({ transport: { ...transport, cookie } });
  const known = { ...authContext, request };
  const pending = beginAuth("cookie", auth, known);
  expect(await pending?.hello(request)).toEqual({
    kind: "accept",
    identity: { ...login, authprovider: "cookie" },
  });
  expect(beginAuth("cookie", { ticket }, known)).toBeUndefined();
  expect(beginAuth("cookie", auth, authContext)).toBeUndefined();
});
