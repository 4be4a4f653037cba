/** In whose name the requests of a path act: by their tokens, or by the cookies of logins. */

import { describe, expect, test } from "bun:test";
import type { AuthConfig } from "#config/auth/auth-config.ts";
import type { TokenConfig } from "#config/auth/token-config.ts";
import type { WebSocketServiceConfig } from "#config/web-service/web-service-config.ts";
import type { ClientLogin } from "#transport/listener.ts";
import { CookieLogins } from "#transport/web/auth/cookie-logins.ts";
import { openAccess } from "#transport/web/auth/open-access.ts";
import { accessForAll, isRefusal } from "#transport/web/auth/request-access.ts";
import { RequestAuthentication } from "#transport/web/auth/request-authentication.ts";
import type { WebServerConfig } from "#transport/web/service-paths.ts";
import { CookieTracker, openCookieStore } from "#transport/websocket/cookie-tracker.ts";
import type { ClientCookie } from "#wamp/peer.ts";
import { webSocketDefaults } from "../../../support/default-options.ts";
import { quiet, quietContext } from "../../../support/quiet-context.ts";
import { AUDIENCE, ISSUER, sign } from "../../../support/tokens.ts";
import { anyPort } from "../../../support/transports.ts";

const secret = "a secret of at least 32 octets, as it has to be";
const bearer: TokenConfig = {
  issuer: ISSUER,
  audience: [AUDIENCE],
  keys: { type: "secret", secret },
  algorithms: ["HS256"],
  clock_tolerance: 0,
  authid_claim: ["sub"],
  authrole_claim: ["role"],
  roles: null,
  scopes: [],
};
const path = { realm: "realm1", role: null };

const cookieConfig = {
  name: "cbtid",
  length: 24,
  max_age: 60,
  secure: false,
  http_strict: false,
  same_site: null,
  store: { type: "memory" },
} as const;
const trackerOf = () =>
  new CookieTracker(cookieConfig, openCookieStore(cookieConfig.store, quiet), quiet);

/** What a cookie remembers is the login. */
const recall = (_auth: AuthConfig, cookie: ClientCookie) =>
  cookie.recall() as ClientLogin | undefined;

const alice = { realm: "realm1", authid: "alice", authrole: "boss" };
const login = { ...alice, authmethod: "ticket", authprovider: "static" };

/** A path, and a client with a cookie. */
function withCookie(tokens: TokenConfig | null) {
  const tracker = trackerOf();
  const tracked = tracker.track(null, Date.now());
  const logins = new CookieLogins({}, tracker, recall);
  const authentication = new RequestAuthentication({ bearer: tokens }, path, logins, quiet);
  const cookie = `cbtid=${tracked.id}`;
  return { authentication, cookie, remembered: tracker.cookieOf(tracked) };
}

const headers = (fields: Record<string, string>) => new Headers(fields);
const token = async () => ({ Authorization: `Bearer ${await sign(secret)}` });

describe("by token alone", () => {
  const authentication = new RequestAuthentication({ bearer }, path, null, quiet);

  test("a request without a token is refused at its head", async () => {
    expect(authentication.answerToHead(headers({}))?.status).toBe(401);
    expect(authentication.answerToHead(headers({ Authorization: "Bearer" }))?.status).toBe(400);
    expect(authentication.answerToHead(headers(await token()))).toBe(null);
  });

  test("a request with a token acts as its client", async () => {
    expect(await authentication.admit(headers(await token()), true)).toMatchObject({
      role: "user",
      principal: { authid: "alice" },
    });
  });
});

describe("by cookie", () => {
  test.each([
    ["alone", null, 403],
    ["or by token", bearer, 401],
  ])("%s, a request acts as the client that has joined", async (_, tokens, status) => {
    const { authentication, cookie, remembered } = withCookie(tokens);
    const admit = (fields: Record<string, string>, takesCookie = true) =>
      authentication.admit(headers(fields), takesCookie);
    const statusOf = async (fields: Record<string, string>, takesCookie = true) => {
      const outcome = await admit(fields, takesCookie);
      return isRefusal(outcome) ? outcome.status : 200;
    };
    expect(authentication.answerToHead(headers({}))).toBe(null);
    expect(await statusOf({ Cookie: cookie })).toBe(status);
    remembered.remember(login);
    expect(await admit({ Cookie: cookie })).toMatchObject({
      role: "boss",
      principal: { authid: "alice", authmethod: "ticket", authprovider: "static" },
    });
    expect(await statusOf({ Cookie: cookie }, false)).toBe(status);
    expect(await statusOf({})).toBe(status);
    expect(await statusOf({ Cookie: `cbtid=${"A".repeat(24)}` })).toBe(status);
    remembered.remember({ ...login, realm: "realm2" });
    expect(await statusOf({ Cookie: cookie })).toBe(status);
  });

  test("a login holds until it is forgotten, or another one takes its place", async () => {
    const { authentication, cookie, remembered } = withCookie(null);
    remembered.remember(login);
    const access = await authentication.admit(headers({ Cookie: cookie }), true);
    if (isRefusal(access)) throw new Error("expected a login");
    expect(access.roleRefusal?.status).toBe(403);
    expect(access.holds?.()).toBe(true);
    for (const change of [{ authid: "bob" }, { authrole: "user" }, { realm: "realm2" }]) {
      remembered.remember({ ...login, ...change });
      expect(access.holds?.()).toBe(false);
    }
    remembered.remember(login);
    expect(access.holds?.()).toBe(true);
    remembered.forget();
    expect(access.holds?.()).toBe(false);
  });

  test("a token decides where there is one, also if it is refused", async () => {
    const { authentication, cookie, remembered } = withCookie(bearer);
    remembered.remember(login);
    const both = await authentication.admit(headers({ Cookie: cookie, ...(await token()) }), true);
    expect(both).toMatchObject({ role: "user" });
    const wrong = headers({ Cookie: cookie, Authorization: "Bearer a.b.c" });
    expect(await authentication.admit(wrong, true)).toMatchObject({ status: 401 });
    const basic = headers({ Cookie: cookie, Authorization: "Basic YTpi" });
    expect(await authentication.admit(basic, true)).toMatchObject({ role: "boss" });
  });

  test("a login without a method of its own is one by cookie", async () => {
    const { authentication, cookie, remembered } = withCookie(null);
    remembered.remember({ ...alice, authmethod: null, authprovider: null });
    expect(await authentication.admit(headers({ Cookie: cookie }), true)).toMatchObject({
      principal: { authmethod: "cookie", authprovider: "cookie" },
    });
  });
});

describe("the WebSocket whose cookies are logins", () => {
  const webSocket = (auth: WebSocketServiceConfig["auth"]): WebSocketServiceConfig => ({
    type: "websocket",
    serializers: ["json"],
    auth,
    backend: null,
    options: webSocketDefaults,
    cookie: cookieConfig,
  });
  const [one, two] = [webSocket({ cookie: {} }), webSocket({ cookie: {} })];
  const others = { other: webSocket({}), passed: webSocket("passthrough") };
  const server: WebServerConfig = {
    type: "web",
    id: "web",
    endpoint: anyPort,
    paths: { ...others, one, deep: { type: "path", paths: { two } } },
  };
  const find = (websocket: string | null, among = server) => {
    const trackers = new Map(
      [one, two, others.other, others.passed].map((config) => [config, trackerOf()]),
    );
    const found: AuthConfig[] = [];
    const sources = { trackers, recall: (auth: AuthConfig) => void found.push(auth) as undefined };
    const tracker = trackers.get(websocket === "/deep/two" ? two : one);
    const { id } = tracker?.track(null, Date.now()) ?? { id: "" };
    const logins = CookieLogins.find({ websocket }, among, sources);
    const cookie = logins.cookieOf(headers({ Cookie: `cbtid=${id}` }));
    if (cookie !== undefined) logins.loginBy(cookie);
    return found[0];
  };

  test("is the one at a path, or the only one", () => {
    expect(find("/one")).toBe(one.auth as AuthConfig);
    expect(find("/deep/two")).toBe(two.auth as AuthConfig);
    expect(find(null, { ...server, paths: { ...others, one } })).toBe(one.auth as AuthConfig);
  });

  test("is a fault of the program where there is none", () => {
    for (const websocket of ["/other", "/passed", "/none"]) {
      expect(() => find(websocket)).toThrow("Cannot take cookies as logins");
    }
  });
});

describe("the access to a path", () => {
  const open = { realm: "realm1", role: "user" };

  test("without auth is for all, with its role", async () => {
    const access = await openAccess(open, quietContext);
    expect(access.answerToHead(headers({}))).toBe(null);
    expect(await access.admit(headers({}), false)).toEqual({ role: "user" });
  });

  test("with auth is never for all", async () => {
    const auth = { bearer, cookie: null };
    expect(() => accessForAll({ role: "user", auth })).toThrow("its authentication was not opened");
    const access = await openAccess({ ...open, auth }, quietContext);
    expect(access.answerToHead(headers({}))?.status).toBe(401);
    const byCookie = { bearer: null, cookie: { websocket: null } };
    await expect(openAccess({ ...open, auth: byCookie }, quietContext)).rejects.toThrow(
      "no client joins this worker",
    );
  });
});
