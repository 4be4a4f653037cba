/** Users whose browser has a cookie of the node: they join without proof, until they log out. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { hasOpenssl, selfSigned } from "../support/certificates.ts";
import { hasChromium, inPage, launchChromium, openUser, trustFlag } from "../support/chromium.ts";
import { startPageNode } from "../support/page-node.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePorts, type TemporaryNode } from "../support/temporary-node.ts";
import { AUDIENCE, ISSUER, SECRET, sign } from "../support/tokens.ts";

const [port = 0, tlsPort = 0] = freePorts(2);

const auth = {
  ticket: { type: "static", principals: { alice: { ticket: "secret1", role: "anonymous" } } },
  cookie: {},
};
const store = { type: "file", filename: "cookies" };
const socket = (cookie: object) => ({
  type: "websocket",
  auth,
  cookie: { store, ...cookie },
  options: { allowed_origins: ["http://localhost:*", "https://localhost:*"] },
});
const tokens = {
  type: "jwt",
  issuer: ISSUER,
  audience: AUDIENCE,
  secret: SECRET,
  cookie: { name: "access_token", allowed_origins: ["http://localhost:*"] },
};
const value = { type: "json", value: 1, options: { allow_cross_origin: false } };
const paths = {
  value,
  plain: socket({}),
  strict: socket({ secure: true, http_strict: true, same_site: "Strict" }),
  tokens: { type: "websocket", auth: { ticket: tokens } },
  events: {
    type: "sse",
    realm: "realm1",
    auth: { cookie: { websocket: "/plain" } },
    options: { heartbeat_interval: 1_000 },
  },
};

const byTicket = {
  authid: "alice",
  authrole: "anonymous",
  authmethod: "ticket",
  authprovider: "static",
};
const byCookie = { ...byTicket, authprovider: "cookie" };

describe.skipIf(!hasChromium)("a user", () => {
  let node: TemporaryNode;
  let browser: Browser;

  beforeAll(async () => {
    const tls = hasOpenssl ? selfSigned(temporaryFolder(), "node") : null;
    const withTls = tls && { [tlsPort]: { paths, endpoint: { tls } } };
    node = await startPageNode({ [port]: { paths }, ...withTls });
    browser = await launchChromium(...(tls ? [trustFlag(tls.certificate)] : []));
  }, 30_000);

  afterAll(async () => {
    await browser?.close();
    await node?.stop();
  });

  const open = async (user: BrowserContext, origin: string, library = "autobahn") => {
    const page = await user.newPage();
    await page.goto(`${origin}/pages/${library}.html`);
    return page;
  };
  const join = (page: Page, path: string, authmethods: string[]) => {
    const { protocol, host } = new URL(page.url());
    const url = `${protocol === "https:" ? "wss" : "ws"}://${host}/${path}`;
    const proof = { authid: "alice", ticket: "secret1" };
    return inPage(page, "join", { url, serializer: "json", authmethods, ...proof });
  };

  const kinds = [
    ["http", port, "plain", { httpOnly: false, secure: false, sameSite: "Lax" }] as const,
    ...(hasOpenssl
      ? [
          [
            "https",
            tlsPort,
            "strict",
            { httpOnly: true, secure: true, sameSite: "Strict" },
          ] as const,
        ]
      : []),
  ];

  test.each(kinds)("over %s joins by a cookie, until they log out", async (...kind) => {
    const [scheme, at, path, attributes] = kind;
    const user = await openUser(browser);
    const origin = `${scheme}://localhost:${at}`;
    const page = await open(user, origin);
    expect(await join(page, path, ["cookie", "ticket"])).toEqual(byTicket);
    const [cookie, ...others] = await user.cookies();
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({ name: "cbtid", path: "/", ...attributes });
    const seen = attributes.httpOnly ? "" : `cbtid=${cookie?.value}`;
    expect(await page.evaluate("document.cookie")).toBe(seen);

    // A request with the cookie leaves a connection that the browser may use again.
    expect(await inPage(page, "request", "/value", { credentials: "include" })).toEqual([200, "1"]);
    await page.reload();
    expect(await join(page, path, ["cookie"])).toEqual(byCookie);
    const second = await open(user, origin);
    expect(await join(second, path, ["cookie"])).toEqual(byCookie);
    await inPage(second, "leave", "wamp.close.logout");
    await second.reload();
    await expect(join(second, path, ["cookie"])).rejects.toThrow(/no_auth_method/);
  });

  test("listens by a cookie to events, until they log out", async () => {
    const user = await openUser(browser);
    const page = await open(user, `http://localhost:${port}`);
    const listen = async () => {
      await inPage(page, "listen", "/events?topic=com.example.topic");
      return await inPage(page, "next");
    };
    expect(await listen()).toBe("closed");
    expect(await join(page, "plain", ["cookie", "ticket"])).toEqual(byTicket);
    expect(await listen()).toBe("open");
    await page.evaluate('session.publish("com.example.topic", ["hello"])');
    expect(await inPage(page, "next")).toMatchObject({ args: ["hello"] });
    await inPage(page, "leave", "wamp.close.logout");
    // EventSource tries once more, and is refused.
    expect([await inPage(page, "next"), await inPage(page, "next")]).toEqual(["lost", "closed"]);
  });

  test.each(["autobahn", "wampy"])("joins with %s by a token in a cookie", async (library) => {
    const user = await openUser(browser);
    const page = await open(user, `http://localhost:${port}`, library);
    await expect(join(page, "tokens", ["ticket"])).rejects.toThrow();
    const value = await sign(SECRET, { sub: "bob", role: "anonymous" });
    const place = { domain: "localhost", path: "/", httpOnly: true };
    await user.addCookies([{ name: "access_token", value, ...place }]);
    await page.reload();
    expect(await page.evaluate("document.cookie")).toBe("");
    const byToken = { ...byTicket, authid: "bob", authprovider: "jwt" };
    expect(await join(page, "tokens", ["ticket"])).toEqual(byToken);
  });

  test("is not known to pages of another site", async () => {
    const user = await openUser(browser);
    const page = await open(user, `http://localhost:${port}`);
    expect(await join(page, "plain", ["cookie", "ticket"])).toEqual(byTicket);
    const foreign = await open(user, `http://127.0.0.1:${port}`);
    const url = `ws://localhost:${port}/plain`;
    expect(await inPage(foreign, "tryWebSocket", url)).toBe("refused");
  });
});
