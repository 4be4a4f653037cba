/** Authmethod `cookie`: who has joined once joins again without proof, at every worker of the node. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { RawWebSocket } from "../support/raw-websocket.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort, startNode, type TemporaryNode } from "../support/temporary-node.ts";

const ports = { one: freePort(), other: freePort(), router: freePort(), elsewhere: freePort() };

const user = { realm: "realm1", authid: "alice", authrole: "user" };
const byTicket = { ...user, authmethod: "ticket", authprovider: "static" };
const byCookie = { ...user, authmethod: "ticket", authprovider: "cookie" };

/** One connection of a browser. */
class Browser {
  readonly #socket: RawWebSocket;

  private constructor(socket: RawWebSocket) {
    this.#socket = socket;
  }

  /** Connects with a cookie, or gets a new one. */
  static async open(port: number, cookie?: string): Promise<{ browser: Browser; cookie: string }> {
    const socket = await RawWebSocket.open(`ws://127.0.0.1:${port}/`, {
      "Sec-WebSocket-Protocol": "wamp.2.json",
      ...(cookie !== undefined && { Cookie: `cbtid=${cookie}` }),
    });
    const issued = /^set-cookie: cbtid=([^;]+)/im.exec(socket.answer)?.[1];
    return { browser: new Browser(socket), cookie: issued ?? cookie ?? "" };
  }

  async hello(authmethods: string[], details: object = {}): Promise<unknown[]> {
    const roles = { caller: {} };
    return this.ask([1, "realm1", { roles, authmethods, ...details }]);
  }

  async ask(message: unknown[]): Promise<unknown[]> {
    this.#socket.sendFrame(0x81, Buffer.from(JSON.stringify(message)));
    const { payload } = await this.#socket.nextFrame();
    return JSON.parse(String(payload));
  }

  /** Joins with the ticket, and gives what WELCOME says of the client. */
  async joinByTicket(authextra: object = {}): Promise<unknown> {
    const details = { authid: "alice", authextra };
    expect(await this.hello(["cookie", "ticket"], details)).toEqual([4, "ticket", {}]);
    return whoIs(await this.ask([5, "secret1", {}]));
  }

  close(): void {
    this.#socket.destroy();
  }
}

function whoIs([type, , details]: unknown[]): unknown {
  if (type !== 2) return type;
  const { realm, authid, authrole, authmethod, authprovider } = details as Record<string, unknown>;
  return { realm, authid, authrole, authmethod, authprovider };
}

describe("a browser", () => {
  let node: TemporaryNode;
  const cookies: string[] = [];

  beforeAll(async () => {
    const folder = temporaryFolder({ "node.json": nodeConfig() });
    node = await startNode(folder);
  }, 30_000);

  afterAll(() => node.stop());

  /** A browser that has joined by ticket at one port, and left again. */
  async function knownBrowser(port: number, authextra: object = {}): Promise<string> {
    const { browser, cookie } = await Browser.open(port);
    expect(await browser.joinByTicket(authextra)).toEqual(byTicket);
    await browser.ask([6, {}, "wamp.close.normal"]);
    browser.close();
    cookies.push(cookie);
    return cookie;
  }

  test.each(["one", "router"] as const)("has to prove itself once (%s)", async (place) => {
    const cookie = await knownBrowser(ports[place]);
    for (let time = 0; time < 2; time++) {
      const { browser } = await Browser.open(ports[place], cookie);
      expect(whoIs(await browser.hello(["cookie"]))).toEqual(byCookie);
      browser.close();
    }
  });

  test("is known to every worker that shares the file", async () => {
    const cookie = await knownBrowser(ports.one, { theme: "dark" });
    const { browser } = await Browser.open(ports.other, cookie);
    const welcome = await browser.hello(["cookie"]);
    expect(whoIs(welcome)).toEqual(byCookie);
    expect(welcome[2]).toMatchObject({ authextra: { theme: "dark" } });
    browser.close();
    const again = await Browser.open(ports.one, cookie);
    expect(whoIs(await again.browser.hello(["cookie"]))).toEqual(byCookie);
    again.browser.close();
  });

  test.each(["one", "router"] as const)("that logs out is known no more (%s)", async (place) => {
    const cookie = await knownBrowser(ports[place]);
    const { browser } = await Browser.open(ports[place], cookie);
    expect(whoIs(await browser.hello(["cookie"]))).toEqual(byCookie);
    const goodbye = await browser.ask([6, {}, "wamp.close.logout"]);
    expect(goodbye[0]).toBe(6);
    expect(await browser.joinByTicket()).toEqual(byTicket);
    await browser.ask([6, {}, "wamp.close.logout"]);
    browser.close();
    const later = await Browser.open(ports[place === "one" ? "other" : "router"], cookie);
    expect(await later.browser.hello(["cookie"])).toEqual([
      3,
      { message: "Cannot authenticate: no suitable authmethod found" },
      "wamp.error.no_auth_method",
    ]);
    later.browser.close();
  });

  test("that has not joined, or has a cookie of its own making, joins another way", async () => {
    const fresh = await Browser.open(ports.one);
    expect((await fresh.browser.hello(["cookie", "ticket"], { authid: "alice" }))[0]).toBe(4);
    expect((await fresh.browser.ask([5, "wrong", {}]))[0]).toBe(3);
    fresh.browser.close();
    for (const cookie of [fresh.cookie, "A".repeat(24)]) {
      const { browser } = await Browser.open(ports.one, cookie);
      expect((await browser.hello(["cookie", "ticket"], { authid: "alice" }))[0]).toBe(4);
      browser.close();
    }
  });

  test("that no router let in is not known", async () => {
    const { browser, cookie } = await Browser.open(ports.one);
    const details = { authid: "lost" };
    expect(await browser.hello(["cookie", "ticket"], details)).toEqual([4, "ticket", {}]);
    expect((await browser.ask([5, "secret2", {}]))[0]).toBe(3);
    const again = await Browser.open(ports.one, cookie);
    expect((await again.browser.hello(["cookie"]))[0]).toBe(3);
    again.browser.close();
  });

  test("is known where its first proof would do, and nowhere else", async () => {
    const cookie = await knownBrowser(ports.one);
    const { browser } = await Browser.open(ports.elsewhere, cookie);
    const welcome = await browser.hello(["cookie", "anonymous"]);
    expect(whoIs(welcome)).toMatchObject({ authrole: "anonymous", authmethod: "anonymous" });
    browser.close();
  });

  test("leaves its cookie in no log, and in a file that no other user can read", () => {
    const file = `${node.folder}/cookies`;
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(cookies.length).toBeGreaterThan(3);
    for (const cookie of cookies) {
      expect(readFileSync(file, "utf8")).toContain(cookie);
      expect(node.output()).not.toContain(cookie);
    }
  });
});

function nodeConfig(): object {
  const ticket = {
    type: "static",
    principals: {
      alice: { ticket: "secret1", role: "user" },
      lost: { ticket: "secret2", role: "nowhere" },
    },
  };
  const socket = (port: number, auth: object) => ({
    type: "websocket",
    endpoint: { type: "tcp", interface: "127.0.0.1", port },
    auth,
    cookie: { store: { type: "file", filename: "cookies" } },
    options: { allowed_origins: ["https://example.com"] },
  });
  const known = { ticket, cookie: {} };
  const allow = { call: true, register: true, publish: true, subscribe: true };
  const permissions = [{ uri: "", match: "prefix", allow }];
  const proxy = (id: string, transports: object[]) => ({
    type: "proxy",
    id,
    connections: {
      conn1: {
        transport: {
          type: "rawsocket",
          endpoint: { type: "unix", path: "router.sock" },
          serializer: "cbor",
        },
      },
    },
    routes: { realm1: { user: "conn1", anonymous: "conn1" } },
    transports,
  });
  return {
    version: 2,
    workers: [
      {
        type: "router",
        realms: [{ name: "realm1", roles: [{ name: "user", permissions }, { name: "anonymous" }] }],
        transports: [
          {
            type: "rawsocket",
            endpoint: { type: "unix", path: "router.sock" },
            auth: { "anonymous-proxy": { type: "static" } },
          },
          socket(ports.router, known),
        ],
      },
      proxy("one", [
        socket(ports.one, known),
        socket(ports.elsewhere, { anonymous: { type: "static" }, cookie: {} }),
      ]),
      proxy("other", [socket(ports.other, known)]),
    ],
  };
}
