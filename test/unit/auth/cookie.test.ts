import { expect, test } from "bun:test";
import { CookieAuth, forgetLogin, recallLogin, rememberLogin } from "#auth/cookie.ts";
import type { SessionIdentity } from "#auth/session-identity.ts";
import type { AuthConfig } from "#config/auth/auth-config.ts";
import type { LogFields, Logger } from "#observe/logger.ts";
import { CookieTracker, openCookieStore } from "#transport/websocket/cookie-tracker.ts";
import { helloRequest } from "../../support/hello-request.ts";
import { quiet } from "../../support/quiet-context.ts";
import { tokenTicket } from "../../support/tokens.ts";

const ticket = {
  type: "static" as const,
  principals: { alice: { ticket: "secret1", role: "user" } },
};
const auth = { cookie: {}, ticket };
const identity = {
  realm: "realm1",
  authid: "alice",
  authrole: "user",
  authmethod: "ticket",
  authprovider: "static",
  authextra: { big: 2 ** 53, octets: new Uint8Array([0, 255]), text: "\0AA==", half: 0.5 },
};

/** A client whose cookie has just been issued. */
function client(maxAge = 60, log: Logger = quiet) {
  const config = {
    name: "cbtid",
    length: 24,
    max_age: maxAge,
    secure: false,
    http_strict: false,
    same_site: null,
    store: { type: "memory" as const },
  };
  const tracker = new CookieTracker(config, openCookieStore(config.store, log), log);
  const { transport } = helloRequest();
  return { ...transport, cookie: tracker.cookieOf(tracker.track(null, Date.now())) };
}
const hello = (transport: ReturnType<typeof client>, authid?: string, ...methods: string[]) =>
  helloRequest({ authid, transport, authmethods: methods.length > 0 ? methods : ["cookie"] });

test("a client that has joined joins by cookie with the same identity, to the last octet", () => {
  const transport = client();
  expect(recallLogin(auth, hello(transport))).toBeUndefined();
  rememberLogin(auth, transport, identity);
  for (const authid of [undefined, "alice"]) {
    const login = recallLogin(auth, hello(transport, authid, "ticket", "cookie"));
    if (login === undefined) throw new Error("expected to be known");
    expect(new CookieAuth(login).hello()).toEqual({
      kind: "accept",
      identity: { ...identity, authprovider: "cookie" },
    });
  }
});

test.each([
  ["a client with another authid", auth, hello(client(), "bob")],
  ["where it is not configured", { ticket }, hello(client())],
  [
    "where the first authmethod is not configured",
    { cookie: {}, anonymous: undefined },
    hello(client()),
  ],
] as const)("refuses to join by cookie %s", (_name, here, request) => {
  rememberLogin(auth, request.transport, identity);
  expect(recallLogin(here as never, request)).toBeUndefined();
});

const dynamic = {
  type: "dynamic" as const,
  authenticator: "com.example.authenticate",
  "authenticator-realm": null,
  "authenticator-role": null,
  "default-role": null,
  "authenticator-timeout": 1000,
};
const keys = { authorized_keys: [], role: "user" };
const root = { chain_id: "1", verifying_contract: "", issuer: "", realm_address: "", role: "user" };
const scram = {
  kdf: "pbkdf2",
  iterations: 1,
  salt: "",
  "stored-key": "",
  "server-key": "",
} as const;

test.each<[string, AuthConfig, Partial<SessionIdentity>, boolean]>([
  ["ticket", { ticket }, {}, true],
  ["ticket of another list", { ticket: { ...ticket, principals: {} } }, {}, false],
  ["ticket with another role", { ticket }, { authrole: "admin" }, false],
  ["__proto__", { ticket }, { authid: "__proto__" }, false],
  [
    "wampcra",
    { wampcra: { type: "static", users: { alice: { secret: "", role: "user" } } } },
    {},
    true,
  ],
  ["wampcra, removed", { wampcra: { type: "static", users: {} } }, {}, false],
  [
    "scram",
    { scram: { type: "static", principals: { alice: { ...scram, role: "user" } } } },
    {},
    true,
  ],
  ["tls", { tls: { type: "static", principals: { alice: { role: "user" } } } }, {}, true],
  ["tls, removed", { tls: { type: "static", principals: {} } }, {}, false],
  ["cryptosign", { cryptosign: { type: "static", principals: { alice: keys } } }, {}, true],
  [
    "cryptosign of another realm",
    { cryptosign: { type: "static", principals: { alice: { ...keys, realm: "realm2" } } } },
    {},
    false,
  ],
  [
    "cryptosign by certificates",
    { cryptosign: { type: "static", principals: {}, trustroots: { realm1: root } } },
    { authid: "0x00" },
    true,
  ],
  [
    "cryptosign by certificates of another realm",
    { cryptosign: { type: "static", principals: {}, trustroots: { realm2: root } } },
    { authid: "0x00" },
    false,
  ],
  ["anonymous", { anonymous: { type: "static", role: "user" } }, { authid: "ABCD" }, true],
  ["anonymous of another role", { anonymous: { type: "static", role: "guest" } }, {}, false],
  [
    "anonymous with another authid",
    { anonymous: { type: "static", role: "user", authid: "visitor" } },
    {},
    false,
  ],
  [
    "anonymous with its authid",
    { anonymous: { type: "static", role: "user", authid: "visitor" } },
    { authid: "visitor" },
    true,
  ],
  ["ticket of an authenticator", { ticket: dynamic }, { authprovider: "dynamic" }, true],
  ["ticket, by an authenticator now", { ticket: dynamic }, {}, false],
  ["ticket, by a list now", { ticket }, { authprovider: "dynamic" }, false],
  ["anonymous-proxy", { "anonymous-proxy": { type: "static" } }, {}, false],
])("a cookie that stands for a login by %s is looked up again", (_, here, login, isKnown) => {
  const [authmethod] = Object.keys(here);
  const transport = client();
  const made = { ...identity, authmethod: String(authmethod), ...login };
  rememberLogin({ cookie: {} }, transport, made);
  const known = recallLogin({ cookie: {}, ...here }, hello(transport));
  expect(known !== undefined).toBe(isKnown);
});

test("a cookie is no proof for longer than its max_age", () => {
  const transport = client(0);
  rememberLogin(auth, transport, identity);
  expect(recallLogin(auth, hello(transport))).toBeUndefined();
});

test("a login is forgotten by wamp.close.logout, and by no other reason", () => {
  const transport = client();
  rememberLogin(auth, transport, identity);
  forgetLogin(transport, "wamp.close.normal");
  expect(recallLogin(auth, hello(transport))).toBeDefined();
  forgetLogin(transport, "wamp.close.logout");
  expect(recallLogin(auth, hello(transport))).toBeUndefined();
});

test("a join by cookie leaves the login as it was remembered", () => {
  const transport = client();
  rememberLogin(auth, transport, { ...identity, authprovider: "cookie" });
  expect(recallLogin(auth, hello(transport))).toBeUndefined();
  rememberLogin(auth, transport, identity);
  rememberLogin(auth, transport, { ...identity, authprovider: "cookie" });
  expect(recallLogin(auth, hello(transport))).toEqual(identity);
});

test("a connection without cookies has no login to remember", () => {
  const { transport } = helloRequest();
  rememberLogin(auth, transport, identity);
  expect(recallLogin(auth, helloRequest({ authmethods: ["cookie"] }))).toBeUndefined();
  forgetLogin(transport, "wamp.close.logout");
});

test("nothing is remembered where cookies are no authmethod", () => {
  const transport = client();
  rememberLogin({ ticket }, transport, identity);
  expect(recallLogin(auth, hello(transport))).toBeUndefined();
});

test("a login that is too long is not remembered, and neither is the one before it", () => {
  const told: [string, LogFields | undefined][] = [];
  const warn = (text: string, fields?: LogFields) => told.push([text, fields]);
  const transport = client(60, { ...quiet, warn });
  rememberLogin(auth, transport, identity);
  rememberLogin(auth, transport, { ...identity, authextra: { long: "x".repeat(1024) } });
  expect(recallLogin(auth, hello(transport))).toBeUndefined();
  expect(told).toEqual([["login not remembered by cookie", { reason: "longer than 1024 octets" }]]);
});

test("a login of a file that somebody changed is none", () => {
  const transport = client();
  for (const change of [{ authid: 7 }, { authid: undefined }, { realm: "" }, { realm: 7 }]) {
    const login = { ...identity, ...change };
    transport.cookie.remember(login);
    expect(recallLogin(auth, hello(transport))).toBeUndefined();
  }
});

test("a login by a token is not taken again, for the token ends", () => {
  const transport = client();
  rememberLogin(auth, transport, { ...identity, authprovider: "jwt" });
  for (const here of [auth, { cookie: {}, ticket: tokenTicket() }]) {
    expect(recallLogin(here, hello(transport))).toBeUndefined();
  }
});
