/** Joining: how often it may fail, how long it may take, and which authmethod counts. */

import { describe, expect, jest, test } from "bun:test";
import type { AuthConfig } from "#config/auth/auth-config.ts";
import type { JoiningConfig } from "#config/options/session-config.ts";
import type { LogFields } from "#observe/logger.ts";
import { FakePeer } from "../support/fake-peer.ts";
import { fakeTime } from "../support/fake-time.ts";
import {
  authenticationFailed,
  dynamic,
  generic,
  joinableNode,
  joins,
  socketPath,
  startProxyTo,
  startRouter,
  ticketHello,
} from "../support/joinable-node.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { sessionHarness } from "../support/session-harness.ts";
import { wampSocket } from "../support/wamp-socket.ts";

describe("joining", () => {
  const limits: JoiningConfig = {
    hello_timeout: 10_000,
    join_timeout: 10_000,
    authenticate_timeout: 10_000,
    max_auth_failures_per_minute: 0,
  };
  const ticket = {
    type: "static",
    principals: { joe: { ticket: "s3cret", role: "user" } },
  } as const;
  const tooMany = expect.stringContaining("too many attempts from this address failed");

  test("is refused unjudged after so many failed attempts of one address", async () => {
    const path = socketPath();
    await startRouter(path);
    const joining = { ...limits, max_auth_failures_per_minute: 3 };
    const proxy = await startProxyTo(path, { ticket }, { joining });
    const challenged = await wampSocket(proxy.url);
    challenged.says([1, "realm1", ticketHello]);
    await challenged.next();
    for (const wrong of ["a", "b", "c"]) {
      const client = await joins(proxy.url, ticketHello, wrong);
      expect(await client.next()).toMatchObject([3, {}, "wamp.error.authentication_denied"]);
    }
    const other = await wampSocket(proxy.url);
    other.says([1, "realm1", ticketHello]);
    expect(await other.next()).toEqual([3, { message: tooMany }, authenticationFailed]);
    expect((await other.closed).code).toBe(1000);
    challenged.says([5, "s3cret", {}]);
    expect(await challenged.next()).toEqual([3, { message: tooMany }, authenticationFailed]);
    const told = proxy.logged.filter(([text]) => text.startsWith("address refused"));
    expect(told).toEqual([[expect.any(String), { address: "127.0.0.1" }]]);
  });

  test.each(["ticket", "passthrough"] as const)(
    "checks no more attempts at the same time than may fail (%s)",
    async (by) => {
      const path = socketPath();
      const joining = { ...limits, max_auth_failures_per_minute: 3 };
      const router = await scriptedRouter(path);
      const proxy = await (by === "ticket"
        ? startProxyTo(path, { ticket }, { joining })
        : startProxyTo(path, "passthrough", { joining, backend: "router0" }));
      const clients = await Promise.all(Array.from({ length: 12 }, () => wampSocket(proxy.url)));
      for (const client of clients) {
        client.says([1, "realm1", ticketHello]);
        if (by === "passthrough") {
          const session = await router.session();
          await session.next();
          session.says([4, "ticket", {}]);
          void session.next().then(([type]) => {
            if (type === 5) session.says([3, {}, "com.example.wrong"]);
          });
        }
        await client.next();
      }
      for (const client of clients) client.says([5, "wrong", {}]);
      const uris = await Promise.all(clients.map(async (client) => (await client.next())[2]));
      const wrong = by === "ticket" ? "wamp.error.authentication_denied" : "com.example.wrong";
      expect(uris.filter((uri) => uri === wrong)).toHaveLength(3);
      expect(uris.filter((uri) => uri === authenticationFailed)).toHaveLength(9);
    },
  );

  test("counts what is proved to the router, too", async () => {
    const path = socketPath();
    const router = await scriptedRouter(path);
    const joining = { ...limits, max_auth_failures_per_minute: 1 };
    const proxy = await startProxyTo(path, "passthrough", { joining, backend: "router0" });
    const client = await wampSocket(proxy.url);
    client.says([1, "realm1", ticketHello]);
    const session = await router.session();
    await session.next();
    session.says([4, "ticket", {}]);
    await client.next();
    client.says([5, "wrong", {}]);
    await session.next();
    session.says([3, {}, "wamp.error.not_authorized"]);
    expect(await client.next()).toMatchObject([3, {}, "wamp.error.not_authorized"]);
    const other = await wampSocket(proxy.url);
    other.says([1, "realm1", ticketHello]);
    expect(await other.next()).toEqual([3, { message: tooMany }, authenticationFailed]);
  });

  test("counts nothing that a router takes, or that its client gives up", async () => {
    const path = socketPath();
    const router = await scriptedRouter(path);
    const joining = { ...limits, max_auth_failures_per_minute: 1 };
    const proxy = await startProxyTo(path, "passthrough", { joining, backend: "router0" });
    for (const end of ["welcome", "given up", "welcome"]) {
      const client = await wampSocket(proxy.url);
      client.says([1, "realm1", ticketHello]);
      const session = await router.session();
      await session.next();
      session.says([4, "ticket", {}]);
      await client.next();
      client.says([5, "s3cret", {}]);
      expect(await session.next()).toEqual([5, "s3cret", {}]);
      if (end === "welcome") {
        session.says([2, 7, { roles: {} }]);
        expect((await client.next())[0]).toBe(2);
      } else {
        client.close();
        await session.closed.promise;
      }
    }
  });

  test("does not count a client when its authenticator failed", async () => {
    const joining = { ...limits, max_auth_failures_per_minute: 1 };
    const proxy = await startProxyTo(socketPath(), { ticket: dynamic }, { joining });
    for (const _ of [1, 2, 3]) {
      const client = await joins(proxy.url);
      expect(await client.next()).toMatchObject([
        3,
        { message: expect.stringContaining(generic) },
        authenticationFailed,
      ]);
    }
  });

  test("has an end at each step", async () => {
    const path = socketPath();
    const router = await scriptedRouter(path);
    const within = async (changes: Partial<JoiningConfig>, auth: AuthConfig | "passthrough") => {
      const session = { joining: { ...limits, ...changes }, backend: "router0" };
      const { url } = await startProxyTo(path, auth, session);
      const client = await wampSocket(url);
      return client;
    };
    const silent = await within({ hello_timeout: 50 }, { ticket });
    expect(await silent.next()).toEqual([
      3,
      { message: "Cannot join: no HELLO within 50 ms" },
      "wamp.error.timeout",
    ]);
    expect((await silent.closed).code).toBe(1008);

    const noProof = "Cannot join: no AUTHENTICATE within 50 ms";
    const challenged = await within({ authenticate_timeout: 50 }, { ticket });
    challenged.says([1, "realm1", ticketHello]);
    await challenged.next();
    expect(await challenged.next()).toEqual([3, { message: noProof }, authenticationFailed]);
    expect((await challenged.closed).code).toBe(1008);

    const passing = await within({ authenticate_timeout: 50 }, "passthrough");
    passing.says([1, "realm1", ticketHello]);
    const session = await router.session();
    await session.next();
    session.says([4, "ticket", {}]);
    await passing.next();
    expect(await passing.next()).toEqual([3, { message: noProof }, authenticationFailed]);
    await session.closed.promise;

    const anonymous = { type: "static", role: "guest" } as const;
    const unwelcome = await within({ join_timeout: 50 }, { anonymous });
    unwelcome.says([1, "realm1", { roles: { caller: {} } }]);
    expect(await unwelcome.next()).toEqual([
      3,
      { message: "Cannot join: no WELCOME within 50 ms" },
      "wamp.error.timeout",
    ]);
  });

  test("takes no second AUTHENTICATE while its router has not answered", async () => {
    const path = socketPath();
    const router = await scriptedRouter(path);
    const proxy = await startProxyTo(path, { ticket });
    const client = await joins(proxy.url);
    const session = await router.session();
    await session.next();
    client.says([5, "s3cret", {}]);
    const message = "Cannot accept AUTHENTICATE: the session has not joined";
    expect(await client.next()).toEqual([3, { message }, "wamp.error.protocol_violation"]);
    expect(await session.rest()).toEqual([]);
  });

  test("leads to the one backend of its transport, whatever its realm is", async () => {
    const path = socketPath();
    const router = await scriptedRouter(path);
    const anonymous = { type: "static", role: "nobody" } as const;
    const proxy = await startProxyTo(path, { anonymous }, { backend: "router0" });
    const client = await wampSocket(proxy.url);
    client.says([1, "elsewhere", { roles: { caller: {} } }]);
    expect((await (await router.session()).welcome())[1]).toBe("elsewhere");
    expect((await client.next())[0]).toBe(2);
  });

  test("takes the first authmethod of the client's that is configured, and no other", async () => {
    const { proxy, authenticator } = await joinableNode({
      ticket: dynamic,
      anonymous: { type: "static", role: "guest" },
    });
    const client = await wampSocket(proxy.url);
    const authmethods = ["smartcard", "wampcra", "ticket", "anonymous"];
    client.says([1, "realm1", { roles: { caller: {} }, authmethods, authid: "joe" }]);
    expect(await client.next()).toEqual([4, "ticket", {}]);
    client.says([5, "wrong", {}]);
    (await authenticator.asked()).raises("com.example.no");
    expect(await client.next()).toMatchObject([3, {}, "com.example.no"]);
    await client.closed;
  });
});

describe("a join that takes too long", () => {
  const HELLO = [1, "realm1", { roles: { caller: {} } }];
  const WITH_TICKET = [
    1,
    "realm1",
    { authmethods: ["ticket"], authid: "joe", roles: { caller: {} } },
  ];
  const ticket = {
    ticket: { type: "static", principals: { joe: { ticket: "s3cret", role: "user" } } },
  } as const;
  type Line = [level: string, message: string, fields: LogFields | undefined];
  const byClient = (missing: string): Line => [
    "info",
    "client refused",
    expect.objectContaining({ reason: `Cannot join: no ${missing} within 50 ms` }),
  ];
  const reason = "Cannot join: no WELCOME within 50 ms";
  const byRouter: Line = ["warn", "router failed", { reason }];

  test.each([
    ["HELLO", { hello_timeout: 50 }, undefined, [], byClient("HELLO")],
    ["AUTHENTICATE", { authenticate_timeout: 50 }, ticket, [WITH_TICKET], byClient("AUTHENTICATE")],
    ["AUTHENTICATE, and WELCOME", { join_timeout: 50 }, ticket, [WITH_TICKET], byClient("WELCOME")],
    [
      "a router's handshake",
      { join_timeout: 50 },
      undefined,
      [[1, "silent", { roles: { caller: {} } }]],
      byRouter,
    ],
    ["WELCOME", { join_timeout: 50 }, undefined, [HELLO], byRouter],
    ["WELCOME", { join_timeout: 50 }, "passthrough", [HELLO], byRouter],
  ] as const)("for want of %s (%j)", async (_, joining, auth, says, logged) => {
    const harness = await sessionHarness({ joining, auth });
    const client = await harness.connect("websocket");
    client.says(...says.map((message) => [...message]));
    expect((await client.rest()).at(-1)?.[0]).toBe(3);
    expect(await client.closed).toBe(1008);
    expect(harness.logged.filter(([, text]) => /refused|failed/.test(text))).toEqual([logged]);
  });

  test("never counts the time of a join that is over", async () => {
    const harness = await sessionHarness({ auth: ticket });
    const pass = fakeTime();
    const client = new FakePeer();
    const session = harness.begin(client);
    client.attach(session);
    client.says(WITH_TICKET);
    expect((await client.next())[0]).toBe(4);
    client.says([5, "s3cret", {}]);
    const router = await harness.router.session();
    await router.welcome();
    expect((await client.next())[0]).toBe(2);
    client.says([6, {}, "wamp.close.close_realm"]);
    expect((await router.next())[0]).toBe(6);
    router.says([6, {}, "wamp.close.goodbye_and_out"]);
    expect((await client.next())[0]).toBe(6);
    pass(15_000);
    client.says(WITH_TICKET);
    expect((await client.next())[0]).toBe(4);
    pass(15_000);
    expect(client.sent).toEqual([]);
    pass(5_000);
    expect((await client.next())[0]).toBe(3);
    session.onClose("gone");
  });

  test.each([
    ["before HELLO", []],
    ["amid a join", [WITH_TICKET]],
  ])("keeps no timer of a client that goes %s", async (_, says) => {
    const harness = await sessionHarness({ auth: ticket });
    fakeTime();
    const client = new FakePeer();
    client.attach(harness.begin(client));
    for (const message of says) {
      client.says([...message]);
      await client.next();
    }
    expect(jest.getTimerCount()).toBeGreaterThan(0);
    client.disconnect();
    expect(jest.getTimerCount()).toBe(0);
  });

  test("for want of the AUTHENTICATE that a router asked for is the client's fault", async () => {
    const joining = { authenticate_timeout: 50 };
    const harness = await sessionHarness({ joining, auth: "passthrough" });
    const client = await harness.connect("websocket");
    client.says(HELLO);
    const router = await harness.router.session();
    await router.next();
    router.says([4, "ticket", {}]);
    expect((await client.rest()).map(([type]) => type)).toEqual([4, 3]);
    const refused = harness.logged.filter(([, text]) => /refused|failed/.test(text));
    expect(refused).toEqual([byClient("AUTHENTICATE")]);
  });
});
