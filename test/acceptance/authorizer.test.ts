/** An authorizer that is an Autobahn client, on the built binary and on a real Crossbar. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type AutobahnSession, Connection } from "autobahn";
import { startCrossbar } from "../support/crossbar-router.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePorts, startNode } from "../support/temporary-node.ts";
import { hasPython, joinPython, joinWampy } from "../support/wamp-clients.ts";
import { wampSocket } from "../support/wamp-socket.ts";

const procedure = "com.example.authorize";
const everything = { call: true, register: true, publish: true, subscribe: true };

/** A router with one port for each role. */
const routerNode = (userPort: number, servicePort: number, briefPort: number) => {
  const transport = (port: number, role: string) => ({
    type: "websocket",
    endpoint: { type: "tcp", port, interface: "127.0.0.1" },
    auth: { anonymous: { type: "static", role } },
  });
  const permissions = [{ uri: "", match: "prefix", allow: everything }];
  return {
    version: 2,
    workers: [
      {
        type: "router",
        realms: [
          {
            name: "realm1",
            roles: [
              { name: "service", permissions },
              { name: "user", authorizer: procedure },
              { name: "brief", authorizer: procedure, "authorizer-cache": { ttl: 1 } },
            ],
          },
        ],
        transports: [
          transport(userPort, "user"),
          transport(servicePort, "service"),
          transport(briefPort, "brief"),
        ],
      },
    ],
  };
};

/** Joins with Autobahn. */
async function join(port: number): Promise<{ session: AutobahnSession; leave(): Promise<void> }> {
  const connection = new Connection({
    url: `ws://127.0.0.1:${port}/`,
    realm: "realm1",
    // It would print what the authorizer throws.
    on_user_error() {},
  });
  const closed = Promise.withResolvers<void>();
  const session = await new Promise<AutobahnSession>((joined, failed) => {
    connection.onopen = joined;
    connection.onclose = (reason) => {
      closed.resolve();
      failed(new Error(reason));
      return true;
    };
    connection.open();
  });
  return {
    session,
    async leave() {
      connection.close("wamp.close.normal");
      await closed.promise;
    },
  };
}

/** What the authorizer returns, by the end of the URI. */
const results: Record<string, unknown> = {
  permitted: true,
  denied: false,
  disclosed: { allow: true, disclose: true },
  undisclosed: { allow: true, disclose: false },
  cached: { allow: true, cache: true, disclose: false },
  refused: { allow: false, cache: true, disclose: false },
  unknown: { allow: true, other: 1 },
  empty: {},
  null: null,
};

/** Registers the authorizer; `asked` are its arguments. */
async function registerAuthorizer(session: AutobahnSession) {
  const asked: unknown[][] = [];
  await session.register(procedure, (args) => {
    asked.push(args);
    const last = String(args[1]).split(".").at(-1) ?? "";
    if (last === "broken") throw new Error("no database");
    return last in results ? results[last] : true;
  });
  return asked;
}

/** The error URI of an action, or "done". */
const outcome = (action: Promise<unknown>) =>
  action.then(
    () => "done",
    (error: { error: string }) => error.error,
  );

const routers: [name: string, canRun: boolean, start: typeof startOwn][] = [
  ["crossproxy", true, startOwn],
  ["Crossbar", hasPython, startOther],
];

async function startOwn(config: object): Promise<{ stop(): Promise<unknown> }> {
  return startNode(temporaryFolder({ "node.json": config }));
}

async function startOther(config: object): Promise<{ stop(): Promise<unknown> }> {
  return startCrossbar(temporaryFolder(), config);
}

describe.each(routers)("on %s", (_name, canRun, start) => {
  const isOwn = start === startOwn;
  const [userPort = 0, servicePort = 0, briefPort = 0] = freePorts(3);
  const ended: { stop(): Promise<unknown> }[] = [];
  let asked: unknown[][];
  let user: AutobahnSession;
  let service: AutobahnSession;
  let brief: AutobahnSession;

  beforeAll(async () => {
    if (!canRun) return;
    ended.push(await start(routerNode(userPort, servicePort, briefPort)));
    const ports = [userPort, servicePort, servicePort, briefPort];
    const clients = await Promise.all(ports.map(join));
    ended.push(...clients.map(({ leave }) => ({ stop: leave })));
    const [one, two, three, four] = clients.map(({ session }) => session);
    if (!one || !two || !three || !four) throw new Error("a client is missing");
    [user, service, brief] = [one, two, four];
    expect(await outcome(user.call("com.example.early", []))).toBe(
      "wamp.error.authorization_failed",
    );
    asked = await registerAuthorizer(three);
  }, 60_000);

  afterAll(async () => {
    for (const one of ended.reverse()) await one.stop();
  }, 30_000);

  const publish = (topic: string, args: unknown[] = []) =>
    user.publish(topic, args, {}, { acknowledge: true });

  test.if(canRun).each([
    ["permitted", "done"],
    ["denied", "wamp.error.not_authorized"],
    ["disclosed", "done"],
    ["unknown", "wamp.error.authorization_failed"],
    ["empty", "wamp.error.authorization_failed"],
    ["null", "wamp.error.authorization_failed"],
    ["broken", "wamp.error.authorization_failed"],
  ])("a request about %s is %s", async (name, expected) => {
    const uri = `com.example.${name}`;
    expect({
      publish: await outcome(publish(`${uri}`)),
      subscribe: await outcome(user.subscribe(uri, () => {})),
      register: await outcome(user.register(uri, (args) => args)),
    }).toEqual({ publish: expected, subscribe: expected, register: expected });
    // After the registration, so that there is something to call.
    expect(await outcome(user.call(uri, [1]))).toBe(expected);
    const actions = asked.filter((args) => args[1] === uri).map((args) => args[2]);
    expect(actions).toEqual(["publish", "subscribe", "register", "call"]);
  });

  test.if(canRun)("the authorizer gets the session, the action and the options", async () => {
    await publish("com.example.options");
    const [details, ...rest] = asked.at(-1) ?? [];
    expect(rest).toEqual(["com.example.options", "publish", { acknowledge: true }]);
    expect(details).toMatchObject({
      session: expect.any(Number),
      authid: expect.any(String),
      authrole: "user",
      authmethod: "anonymous",
      authprovider: "static",
      authextra: expect.any(Object),
      transport: { channel_type: "tcp", peer: expect.stringContaining("tcp4:127.0.0.1:") },
    });
    expect(await outcome(user.call("wamp.session.count", []))).toBe("done");
    expect(asked.at(-1)?.slice(1)).toEqual(["wamp.session.count", "call", {}]);
  });

  test.if(canRun)("a decision with cache is asked for once", async () => {
    for (const [name, expected] of [
      ["cached", "done"],
      ["refused", "wamp.error.not_authorized"],
    ]) {
      const uri = `com.example.${name}`;
      expect(await outcome(publish(uri))).toBe(expected ?? "");
      expect(await outcome(publish(uri))).toBe(expected ?? "");
      expect(asked.filter((args) => args[1] === uri)).toHaveLength(1);
    }
  });

  test.if(canRun && isOwn)(
    "a decision with a time to live is asked for again after it",
    async () => {
      const uri = "com.example.brief.cached";
      const questions = () => asked.filter((args) => args[1] === uri).length;
      const begun = performance.now();
      const subscribeBriefly = () => outcome(brief.subscribe(uri, () => {}));
      expect(await Promise.all([subscribeBriefly(), subscribeBriefly()])).toEqual(["done", "done"]);
      expect(questions()).toBe(1);
      while (questions() === 1) await subscribeBriefly();
      expect(performance.now() - begun).toBeGreaterThan(990);
    },
  );

  test.if(canRun)("the identity of the publisher is disclosed if it says so", async () => {
    const details: unknown[] = [];
    for (const name of ["disclosed", "undisclosed"]) {
      const uri = `com.example.shown.${name}`;
      const socket = await wampSocket(`ws://127.0.0.1:${servicePort}/`);
      socket.says([1, "realm1", { roles: { subscriber: {} }, authmethods: ["anonymous"] }]);
      await socket.next();
      socket.says([32, 1, {}, uri]);
      await socket.next();
      await publish(uri);
      details.push((await socket.next())[3]);
      socket.close();
    }
    expect(details).toEqual([expect.objectContaining({ publisher_authrole: "user" }), {}]);
  });

  test.if(canRun)("publications arrive in their order", async () => {
    const received: unknown[] = [];
    const last = Promise.withResolvers<void>();
    await service.subscribe("com.example.order", ([number]) => {
      received.push(number);
      if (received.length === 200) last.resolve();
    });
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    await Promise.all(numbers.map((number) => publish("com.example.order", [number])));
    await last.promise;
    expect(received).toEqual(numbers);
  });

  test.if(canRun && hasPython)("other clients are authorized too", async () => {
    const url = `ws://127.0.0.1:${userPort}/`;
    const clients = [await joinWampy(url, "msgpack"), await joinPython(url, "cbor")];
    for (const [index, client] of clients.entries()) {
      await client.registerEcho(`com.example.echo${index}`);
      expect(await client.call(`com.example.echo${index}`, [1, "é"])).toEqual([1, "é"]);
      await expect(client.publish("com.example.denied", [])).rejects.toThrow();
      await client.leave();
    }
  });
});
