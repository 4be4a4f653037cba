/** The session over which a proxy calls authenticators: how it joins, and joins again. */

import { describe, expect, test } from "bun:test";
import { makePrivateKey, publicKeyOf } from "#base/ed25519.ts";
import type { DynamicAuthConfig } from "#config/auth/authenticator-config.ts";
import { afterTest } from "../support/cleanups.ts";
import {
  authenticationFailed,
  dynamic,
  joins,
  procedure,
  socketPath,
  startProxyTo,
  startRouter,
} from "../support/joinable-node.ts";
import { quietContext } from "../support/quiet-context.ts";
import { scriptedRouter } from "../support/scripted-router.ts";
import { registerAuthenticator } from "../support/wamp-socket.ts";

describe("a service session", () => {
  /** A proxy in front of a scripted router. */
  async function scripted(config: Partial<DynamicAuthConfig> = {}) {
    const path = socketPath();
    const router = await scriptedRouter(path);
    const proxy = await startProxyTo(path, { ticket: { ...dynamic, ...config } });
    return { router, proxy };
  }
  const welcome = [2, 7, { roles: { dealer: { features: { call_canceling: true } } } }];

  test("joins once, as the proxy vouches, for any number of clients", async () => {
    const { router, proxy } = await scripted();
    const clients = await Promise.all([1, 2, 3].map(() => joins(proxy.url)));
    const service = await router.session();
    expect(await service.next()).toEqual([
      1,
      "auth",
      {
        roles: {
          caller: { features: { call_canceling: true } },
          publisher: {
            features: {
              publisher_exclusion: true,
              publisher_identification: true,
              subscriber_blackwhite_listing: true,
            },
          },
          subscriber: { features: { pattern_based_subscription: true } },
        },
        authid: "node",
        authmethods: ["anonymous-proxy"],
        authextra: {
          proxy_realm: "auth",
          proxy_authid: expect.stringMatching(/^proxy-(\w{4}-){5}\w{4}$/),
          proxy_authrole: "authenticator",
          proxy_authmethod: "anonymous-proxy",
          proxy_authprovider: "static",
          proxy_authextra: {},
        },
      },
    ]);
    service.says(welcome);
    for (const _ of clients) {
      const [, request, , called] = await service.next();
      expect(called).toBe(procedure);
      service.says([8, 48, request, {}, "com.example.no"]);
    }
    for (const client of clients) {
      expect(await client.next()).toMatchObject([3, {}, "com.example.no"]);
    }
    await proxy.stop();
    expect(await service.next()).toEqual([6, {}, "wamp.close.system_shutdown"]);
    await service.closed.promise;
  });

  test.each([
    ["refuses it", [3, { message: "no" }, "wamp.error.no_such_role"]],
    ["breaks the protocol", [4, "ticket", {}]],
    ["hangs up", undefined],
  ])("joins again for the next client when its router %s", async (_state, said) => {
    const { router, proxy } = await scripted();
    const client = await joins(proxy.url);
    const service = await router.session();
    await service.next();
    if (said) service.says(said);
    else service.hangUp();
    expect(await client.next()).toMatchObject([3, {}, authenticationFailed]);
    await service.closed.promise;
    const other = await joins(proxy.url);
    const again = await router.session();
    await again.next();
    again.says(welcome);
    const [, request] = await again.next();
    again.says([8, 48, request, {}, "com.example.no"]);
    expect(await other.next()).toMatchObject([3, {}, "com.example.no"]);
  });

  test.each([
    ["says GOODBYE", [6, {}, "wamp.close.close_realm"], [6, {}, "wamp.close.goodbye_and_out"]],
    ["sends an event", [36, 1, 1, {}], [6, {}, "wamp.error.protocol_violation"]],
  ])("that is called when its router %s answers and joins again", async (_state, said, answer) => {
    const { router, proxy } = await scripted();
    const client = await joins(proxy.url);
    const service = await router.session();
    await service.next();
    service.says(welcome);
    await service.next();
    service.says(said);
    expect(await service.next()).toEqual(answer);
    expect(await client.next()).toMatchObject([3, {}, authenticationFailed]);
    const other = await joins(proxy.url);
    const again = await router.session();
    await again.next();
    again.says(welcome);
    const [, request, , called] = await again.next();
    expect(called).toBe(procedure);
    again.says([8, 48, request, {}, "com.example.no"]);
    expect(await other.next()).toMatchObject([3, {}, "com.example.no"]);
  });

  test("signs with the node's key where that is how the proxy proves itself", async () => {
    const key = makePrivateKey();
    const path = socketPath();
    const node = { authorized_keys: [publicKeyOf(key)] };
    const principals = { [quietContext.nodeInfo.nodeId]: node };
    const router = await startRouter(path, { "cryptosign-proxy": { type: "static", principals } });
    const proxy = await startProxyTo(path, { ticket: dynamic }, {}, { key });
    const authenticator = await registerAuthenticator(router.url, "auth", procedure);
    const client = await joins(proxy.url);
    (await authenticator.asked()).returns("user");
    expect(await client.next()).toMatchObject([2, expect.any(Number), { authrole: "user" }]);
  });

  test("joins another router of its route when one is away", async () => {
    const path = socketPath();
    const router = await startRouter(path);
    const proxy = await startProxyTo(path, { ticket: dynamic }, {}, { others: [socketPath()] });
    const authenticator = await registerAuthenticator(router.url, "auth", procedure);
    const client = await joins(proxy.url);
    (await authenticator.asked()).returns("user");
    expect(await client.next()).toMatchObject([2, expect.any(Number), { authrole: "user" }]);
  });

  test("leaves a router that breaks the protocol as soon as it answers", async () => {
    const path = socketPath();
    const left = Promise.withResolvers<void>();
    const listener = Bun.listen({
      unix: path,
      socket: {
        // The handshake, and in the same write a message that is an empty list.
        data: (socket) => void socket.write(Buffer.from("7ff3000000000001" + "80", "hex")),
        close: () => left.resolve(),
      },
    });
    afterTest(() => listener.stop(true));
    const proxy = await startProxyTo(path, { ticket: dynamic });
    const client = await joins(proxy.url);
    expect(await client.next()).toMatchObject([3, {}, authenticationFailed]);
    await left.promise;
  });

  test("that never gets its WELCOME keeps no client longer than the authenticator may take", async () => {
    const { router, proxy } = await scripted({ "authenticator-timeout": 500 });
    const client = await joins(proxy.url);
    await (await router.session()).next();
    expect(await client.next()).toMatchObject([3, {}, authenticationFailed]);
  });

  test("joins no realm without a route, whatever the client asks for", async () => {
    const { proxy } = await scripted({ "authenticator-realm": null });
    const client = await joins(proxy.url);
    expect(await client.next()).toMatchObject([3, {}, authenticationFailed]);
    expect(proxy.logged).toContainEqual([
      "authenticator failed",
      expect.objectContaining({ reason: expect.stringContaining("no route leads to it") }),
    ]);
  });
});
