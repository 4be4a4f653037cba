/** Dynamic authenticators: what they are asked, and what becomes of their answers. */

import { describe, expect, test } from "bun:test";
import {
  authenticationFailed,
  dynamic,
  generic,
  joinableNode,
  joins,
  procedure,
  startRouter,
} from "../support/joinable-node.ts";
import { registerAuthenticator } from "../support/wamp-socket.ts";

describe("a dynamic authenticator", () => {
  test("is asked with the ticket, and gives the client its identity", async () => {
    const { proxy, authenticator } = await joinableNode({ ticket: dynamic });
    const client = await joins(proxy.url);
    const call = await authenticator.asked();
    expect(call.args).toEqual([
      "realm1",
      "joe",
      {
        transport: {
          channel_type: "tcp",
          channel_framing: "websocket",
          channel_serializer: "json",
          peer: expect.stringMatching(/^tcp4:127\.0\.0\.1:\d+$/),
          is_server: true,
          is_secure: false,
        },
        session: expect.any(Number),
        authmethod: "ticket",
        authextra: { app: "shop" },
        authid: "joe",
        ticket: "s3cret",
      },
    ]);
    call.returns({ role: "user", authid: "joe2", extra: { tier: 3 } });
    expect(await client.next()).toEqual([
      2,
      expect.any(Number),
      expect.objectContaining({
        realm: "realm1",
        authid: "joe2",
        authrole: "user",
        authmethod: "ticket",
        authprovider: "dynamic",
        authextra: { tier: 3 },
      }),
    ]);
    expect(JSON.stringify(proxy.logged)).not.toContain("s3cret");
  });

  test("is asked about anonymous clients, and may give them a role alone", async () => {
    const { proxy, authenticator } = await joinableNode({ anonymous: dynamic });
    const client = await joins(proxy.url, { authid: "admin" });
    const call = await authenticator.asked();
    const [, authid] = call.args;
    expect(authid).toMatch(/^(\w{4}-){5}\w{4}$/);
    expect(call.args[2]).not.toHaveProperty("ticket");
    call.returns("guest");
    expect(await client.next()).toMatchObject([
      2,
      expect.any(Number),
      { authid, authrole: "guest", authmethod: "anonymous", authprovider: "dynamic" },
    ]);
  });

  test("names no role: the default role counts, and without one no client joins", async () => {
    const auth = { ticket: { ...dynamic, "default-role": "guest" }, anonymous: dynamic };
    const { proxy, authenticator } = await joinableNode(auth);
    const client = await joins(proxy.url);
    (await authenticator.asked()).returns({});
    expect(await client.next()).toMatchObject([2, expect.any(Number), { authrole: "guest" }]);
    const other = await joins(proxy.url, {});
    (await authenticator.asked()).returns({});
    expect(await other.next()).toMatchObject([3, {}, "wamp.error.no_such_role"]);
  });

  test("may send a client to another realm, but to none without a route", async () => {
    const { proxy, authenticator } = await joinableNode({ anonymous: dynamic });
    const client = await joins(proxy.url, {});
    (await authenticator.asked()).returns({ role: "authenticator", realm: "auth" });
    expect(await client.next()).toMatchObject([2, expect.any(Number), { realm: "auth" }]);
    const other = await joins(proxy.url, {});
    (await authenticator.asked()).returns({ role: "guest", realm: "secret" });
    expect(await other.next()).toMatchObject([3, {}, "wamp.error.no_such_realm"]);
  });

  test("refuses with an ERROR of its own, which the client is told", async () => {
    const { proxy, authenticator } = await joinableNode({ ticket: dynamic });
    for (const [uri, said, expected] of [
      ["com.example.expired", "the ticket has expired", "the ticket has expired"],
      ["com.example.expired", 7, expect.stringContaining(generic)],
      ["com.example.invalid", "s3cret is no ticket", "*** is no ticket"],
      ["wamp.error.no_such_principal", "who?", "who?"],
      ["wamp.error.not_authorized", "role x", expect.stringContaining(generic)],
    ]) {
      const client = await joins(proxy.url);
      (await authenticator.asked()).raises(String(uri), said);
      expect(await client.next()).toEqual([3, { message: expected }, uri]);
      expect((await client.closed).code).toBe(1000);
    }
  });

  test("fails, and the client learns nothing of it", async () => {
    const { proxy, authenticator } = await joinableNode({ ticket: dynamic });
    const refused = [3, { message: expect.stringContaining(generic) }, authenticationFailed];
    const raised = await joins(proxy.url);
    (await authenticator.asked()).raises("wamp.error.runtime_error", "no table users: s3cret");
    expect(await raised.next()).toEqual(refused);
    expect(proxy.logged).toContainEqual([
      "authenticator failed",
      expect.objectContaining({ reason: "wamp.error.runtime_error no table users: ***" }),
    ]);
    for (const [value, reason] of [
      [42, "expected a role or a map"],
      [null, "expected a role or a map"],
      ["", "role: expected a text that is not empty"],
      [{ role: 7 }, "role: expected a text"],
      [{ role: "user", authid: null }, "authid: expected a text"],
      [{ role: "user", extra: [] }, "extra: expected a map"],
      [[], "expected a role or a map"],
    ]) {
      const client = await joins(proxy.url);
      (await authenticator.asked()).returns(value);
      expect(await client.next()).toEqual(refused);
      expect(proxy.logged).toContainEqual([
        "authenticator failed",
        expect.objectContaining({ reason: `its answer makes no sense: ${reason}` }),
      ]);
    }
  });

  test("is not registered, and is registered again", async () => {
    const { proxy, router, authenticator } = await joinableNode({ ticket: dynamic });
    await authenticator.leave();
    const client = await joins(proxy.url);
    expect(await client.next()).toMatchObject([3, {}, authenticationFailed]);
    expect(proxy.logged).toContainEqual([
      "authenticator failed",
      expect.objectContaining({ reason: expect.stringContaining("no_such_procedure") }),
    ]);
    const again = await registerAuthenticator(router.url, "auth", procedure);
    const other = await joins(proxy.url);
    (await again.asked()).returns("user");
    expect(await other.next()).toMatchObject([2, expect.any(Number), { authrole: "user" }]);
  });

  test("is slow: it is told to stop, and the client is refused", async () => {
    const slow = { ...dynamic, "authenticator-timeout": 1_000 };
    const { proxy, authenticator } = await joinableNode({ ticket: slow });
    const client = await joins(proxy.url);
    await authenticator.asked();
    expect(await client.next()).toEqual([
      3,
      { message: expect.stringContaining(generic) },
      authenticationFailed,
    ]);
    expect(await authenticator.next()).toMatchObject([69, expect.any(Number), {}]);
  });

  test("is told to stop when the client does not wait", async () => {
    const { proxy, authenticator } = await joinableNode({ ticket: dynamic });
    const client = await joins(proxy.url);
    await authenticator.asked();
    client.close();
    expect(await authenticator.next()).toMatchObject([69, expect.any(Number), {}]);
    expect(proxy.logged.map(([text]) => text)).not.toContain("authenticator failed");
  });

  test("is told to stop when the worker ends, and its client why", async () => {
    const { proxy, authenticator } = await joinableNode({ ticket: dynamic });
    const client = await joins(proxy.url);
    await authenticator.asked();
    const stopped = proxy.stop();
    expect(await client.next()).toEqual([
      3,
      { message: "The node shuts down" },
      "wamp.close.system_shutdown",
    ]);
    await stopped;
    expect(await authenticator.next()).toMatchObject([69, expect.any(Number), {}]);
    expect(proxy.logged.map(([text]) => text)).not.toContain("authenticator failed");
  });

  test("is asked again once its router is there again", async () => {
    const { path, proxy, router, authenticator } = await joinableNode({ ticket: dynamic });
    const client = await joins(proxy.url);
    (await authenticator.asked()).returns("user");
    await client.next();
    const waiting = await joins(proxy.url);
    await authenticator.asked();
    await router.stop();
    expect(await waiting.next()).toMatchObject([3, {}, authenticationFailed]);
    const early = await joins(proxy.url);
    expect(await early.next()).toMatchObject([3, {}, authenticationFailed]);
    const restarted = await startRouter(path);
    const again = await registerAuthenticator(restarted.url, "auth", procedure);
    const late = await joins(proxy.url);
    (await again.asked()).returns("user");
    expect(await late.next()).toMatchObject([2, expect.any(Number), { authrole: "user" }]);
  });
});
