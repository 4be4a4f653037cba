/**
 * Client libraries of other languages at a router worker, at a proxy worker before it, and at the node of the README:
 * they join, publish and subscribe, register and call, and see the errors of each other.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Error as AutobahnError, type AutobahnSession, Connection, Result } from "autobahn";
import {
  LIBRARIES,
  type PeerClient,
  type PeerProgram,
  startPeers,
} from "../support/peer-program.ts";
import { seedFolder } from "../support/seed.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort, startNode, type TemporaryNode } from "../support/temporary-node.ts";
import { publicKey, type Serializer } from "../support/wamp-clients.ts";

const seed = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510";
const secrets = { ticket: "secret1", wampcra: "L3L1YUE8Txlw", cryptosign: seed };
const wrong = { ticket: "secret2", wampcra: "L3L1YUE8Txlv", cryptosign: "ff".repeat(32) };

const ports = {
  router: { ws: freePort(), rs: freePort() },
  proxy: { ws: freePort(), rs: freePort() },
};
const example = seedFolder();
const [AT_ROUTER, AT_PROXY, AT_EXAMPLE] = ["a router", "a proxy", "the README's node"] as const;
const PLACES = [
  [AT_ROUTER, "ws", `ws://127.0.0.1:${ports.router.ws}/`],
  [AT_ROUTER, "rs", `rs://127.0.0.1:${ports.router.rs}`],
  [AT_PROXY, "ws", `ws://127.0.0.1:${ports.proxy.ws}/`],
  [AT_PROXY, "rs", `rs://127.0.0.1:${ports.proxy.rs}`],
  [AT_EXAMPLE, "ws", `ws://127.0.0.1:${example.port}/ws`],
] as const;

const everything = { call: true, register: true, publish: true, subscribe: true };
const role = (name: string) => ({
  name,
  permissions: [{ uri: "", match: "prefix", allow: everything }],
});
const auth = {
  anonymous: { type: "static", role: "anonymous" },
  ticket: { type: "static", principals: { alice: { ticket: secrets.ticket, role: "user" } } },
  wampcra: {
    type: "static",
    users: {
      alice: {
        secret: secrets.wampcra,
        salt: "salt123",
        iterations: 1000,
        keylen: 32,
        role: "user",
      },
    },
  },
  cryptosign: {
    type: "static",
    principals: { alice: { authorized_keys: [publicKey(seed)], role: "user" } },
  },
};
const listening = ({ ws, rs }: { ws: number; rs: number }) =>
  [
    { type: "websocket", port: ws },
    { type: "rawsocket", port: rs },
  ].map(({ type, port }) => ({
    type,
    endpoint: { type: "tcp", port, interface: "127.0.0.1" },
    auth,
    options: { max_auth_failures_per_minute: 0 },
  }));
const unix = { type: "unix", path: "router.sock" };
const node = {
  version: 2,
  workers: [
    {
      type: "router",
      realms: [{ name: "realm1", roles: [role("anonymous"), role("user")] }],
      transports: [
        ...listening(ports.router),
        {
          type: "rawsocket",
          endpoint: unix,
          serializers: ["cbor"],
          auth: { "anonymous-proxy": { type: "static" } },
        },
      ],
    },
    {
      type: "proxy",
      connections: {
        conn1: { transport: { type: "rawsocket", endpoint: unix, serializer: "cbor" } },
      },
      routes: { realm1: { anonymous: "conn1", user: "conn1" } },
      transports: listening(ports.proxy),
    },
  ],
};

const args = ["Grüße 👋", 42, -1, 1.5, true, null, [1, 2], { b: 1, a: [null] }];
const kwargs = { größe: "3 µm", list: [] };
const payload = { args, kwargs };

/** Autobahn for JavaScript, with which each of them talks. */
async function joinPartner(url: string) {
  const on_user_error = () => {};
  const connection = new Connection({ url, realm: "realm1", max_retries: 0, on_user_error });
  const session = await new Promise<AutobahnSession>((joined, reject) => {
    connection.onopen = joined;
    connection.onclose = (reason) => {
      reject(new Error(reason));
      return true;
    };
    connection.open();
  });
  return { session, leave: () => connection.close() };
}

const outcomeOf = async (call: Promise<unknown>) => {
  try {
    const { args, kwargs } = (await call) as Result;
    return { args, kwargs };
  } catch (failure) {
    const { error, args, kwargs } = failure as AutobahnError;
    return { error, args, kwargs };
  }
};

let rounds = 0;

describe.each(LIBRARIES.map((library) => [library.name, library] as const))("%s", (_, library) => {
  const { isInstalled, framings, serializers, authmethods } = library;
  let nodes: TemporaryNode[];
  let program: PeerProgram;

  beforeAll(async () => {
    if (!isInstalled) return;
    program = await startPeers(library);
    const folders = [temporaryFolder({ "node.json": node }), example.folder];
    nodes = await Promise.all(folders.map((folder) => startNode(folder)));
  }, 900_000);

  afterAll(async () => {
    if (!isInstalled) return;
    await Promise.all([program.stop(), ...nodes.map((one) => one.stop())]);
  });

  const places = PLACES.filter(([, framing]) => framings.includes(framing));

  describe.skipIf(!isInstalled).each(places)("at %s over %s", (place, _, url) => {
    const joined = async (serializer: Serializer) => {
      const client = program.client();
      const identity = await client.order({ do: "join", url, serializer });
      expect(identity).toMatchObject({ authrole: "anonymous", authmethod: "anonymous" });
      return client;
    };
    /** Has a client of each serializer, and its partner at another place, do something. */
    const eachWithPartner = async (talk: Talk) => {
      const partner = await joinPartner(place === AT_EXAMPLE ? url : PLACES[0][2]);
      for (const serializer of serializers) {
        const client = await joined(serializer);
        await talk(client, partner.session, `com.example.round${++rounds}`);
        expect(await client.order({ do: "leave" })).toEqual({});
      }
      partner.leave();
    };

    test("subscribes to topics, prefixes and wildcards, and publishes", () =>
      eachWithPartner(async (client, partner, uri) => {
        await client.order({ do: "subscribe", uri: `${uri}.topic` });
        await client.order({ do: "subscribe", uri, match: "prefix" });
        await client.order({ do: "subscribe", uri: `${uri}..deep`, match: "wildcard" });
        await partner.publish(`${uri}.topic`, args, kwargs, { acknowledge: true });
        const first = await client.events(2);
        await partner.publish(`${uri}.any.deep`, [], {}, { acknowledge: true });
        const second = await client.events(2);
        const seen = [first, second].map((events) =>
          events
            .map(({ topic, args, kwargs, details }) => ({
              topic: topic.slice(uri.length),
              of: details["topic"],
              args: args ?? [],
              kwargs: kwargs ?? {},
            }))
            .toSorted((one, other) => one.topic.length - other.topic.length),
        );
        const none = { args: [], kwargs: {} };
        expect(seen).toEqual([
          [
            { topic: "", of: `${uri}.topic`, ...payload },
            { topic: ".topic", of: undefined, ...payload },
          ],
          [
            { topic: "", of: `${uri}.any.deep`, ...none },
            { topic: "..deep", of: `${uri}.any.deep`, ...none },
          ],
        ]);

        const event = Promise.withResolvers<unknown>();
        await partner.subscribe(`${uri}.back`, (...seen) => event.resolve(seen.slice(0, 2)));
        expect(await client.order({ do: "publish", uri: `${uri}.back`, ...payload })).toEqual({});
        expect(await event.promise).toEqual([args, kwargs]);

        expect(await client.order({ do: "unsubscribe", uri })).toEqual({});
        await partner.publish(`${uri}.topic`, ["last"], {}, { acknowledge: true });
        expect(await client.events(1)).toMatchObject([{ topic: `${uri}.topic`, args: ["last"] }]);
      }));

    test("registers, is called, and answers with errors", () =>
      eachWithPartner(async (client, partner, uri) => {
        for (const as of ["echo", "fail"] as const) {
          await client.order({ do: "register", uri: `${uri}.${as}`, as });
        }
        const call = (name: string) => outcomeOf(partner.call(`${uri}.${name}`, args, kwargs));
        expect(await call("echo")).toEqual(payload);
        expect(await call("fail")).toEqual({ error: "com.example.error.failed", ...payload });
        expect(await client.order({ do: "unregister", uri: `${uri}.echo` })).toEqual({});
        expect(await call("echo")).toMatchObject({ error: "wamp.error.no_such_procedure" });
      }));

    test("calls, and is told the errors of callees and of the router", () =>
      eachWithPartner(async (client, partner, uri) => {
        await partner.register(`${uri}.echo`, (args, kwargs) => new Result(args, kwargs));
        await partner.register(`${uri}.fail`, (args, kwargs) => {
          throw new AutobahnError("com.example.error.failed", args, kwargs);
        });
        const call = (name: string) =>
          client.order({ do: "call", uri: `${uri}.${name}`, ...payload });
        expect(await call("echo")).toMatchObject(payload);
        expect(await call("fail")).toEqual({ error: "com.example.error.failed", ...payload });
        expect(await call("missing")).toMatchObject({ error: "wamp.error.no_such_procedure" });
        expect(
          await client.order({ do: "register", uri: `${uri}.echo`, as: "echo" }),
        ).toMatchObject({
          error: "wamp.error.procedure_already_exists",
        });
        expect(
          await client.order({ do: "subscribe", uri: "com.example.with space" }),
        ).toMatchObject({
          error: "wamp.error.invalid_uri",
        });
      }));

    test("carries long texts both ways", () =>
      eachWithPartner(async (client, partner, uri) => {
        const long = "ä".repeat(150_000);
        await partner.register(`${uri}.echo`, ([text]) => text);
        const ours = await client.order({ do: "call", uri: `${uri}.echo`, args: [long] });
        expect(ours["args"]).toEqual([long]);
        await client.order({ do: "register", uri: `${uri}.theirs`, as: "echo" });
        expect(await partner.call(`${uri}.theirs`, [long])).toBe(long);
      }));

    if (library.hasProgress)
      test("sends and gets progressive results", () =>
        eachWithPartner(async (client, partner, uri) => {
          await client.order({ do: "register", uri: `${uri}.theirs`, as: "count" });
          const seen: unknown[] = [];
          const called = partner.call(`${uri}.theirs`, [], {}, { receive_progress: true });
          (called as Promise<unknown> & { then(...done: unknown[]): unknown }).then(
            undefined,
            undefined,
            (part: unknown) => seen.push(part),
          );
          expect([await called, seen]).toEqual([3, [1, 2]]);

          await partner.register(`${uri}.ours`, (_, __, { progress }) => {
            progress?.(["part"]);
            return "whole";
          });
          expect(
            await client.order({ do: "call", uri: `${uri}.ours`, progress: true }),
          ).toMatchObject({
            args: ["whole"],
            progress: [["part"]],
          });
        }));

    if (library.hasCancel) {
      test.each(["kill", "killnowait", "skip"] as const)("cancels a call with %s", (cancel) =>
        eachWithPartner(async (client, _, uri) => {
          const callee = await joined("cbor");
          await callee.order({ do: "register", uri, as: "wait" });
          expect(await client.order({ do: "call", uri, cancel })).toMatchObject({
            error: "wamp.error.canceled",
          });
          expect(await callee.order({ do: "leave" })).toEqual({});
        }),
      );
    }

    if (place === AT_EXAMPLE) return;
    test("joins with its secrets, and not with others", async () => {
      for (const serializer of serializers) {
        for (const method of authmethods) {
          const join = (secret: string) => {
            const client = program.client();
            return client.order({
              do: "join",
              url,
              serializer,
              auth: { method, authid: "alice", secret },
            });
          };
          expect(await join(secrets[method])).toMatchObject({
            authid: "alice",
            authrole: "user",
            authmethod: method,
          });
          const { error } = await join(wrong[method]);
          expect(error).toContain("wamp.error.authentication_denied");
        }
      }
    });
  });
});

type Talk = (client: PeerClient, partner: AutobahnSession, uri: string) => Promise<void>;
