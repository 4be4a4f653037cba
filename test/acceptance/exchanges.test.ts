/**
 * Odd messages of clients, and what the clients then see: of the real Crossbar, of a proxy before it, of the embedded
 * router, and of a proxy before that, in every serializer over WebSocket and RawSocket.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { role, startCrossbar } from "../support/crossbar-router.ts";
import { type ExchangeRow, FIRST_WORDS, IN_SESSIONS } from "../support/exchange-rows.ts";
import { seenOf } from "../support/exchanges.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePorts, startNode, type TemporaryNode } from "../support/temporary-node.ts";
import { hasPython } from "../support/wamp-clients.ts";

const SERIALIZERS = ["json", "msgpack", "cbor"] as const;
const FRAMINGS = ["ws", "rs"] as const;
const PLACES = ["crossbar", "a proxy before it", "router", "a proxy before that"] as const;
type Place = (typeof PLACES)[number];

const ports = freePorts(PLACES.length * FRAMINGS.length);
const portOf = (place: Place, framing: (typeof FRAMINGS)[number]) =>
  ports[PLACES.indexOf(place) * FRAMINGS.length + FRAMINGS.indexOf(framing)] ?? 0;

/** A proxy has a realm of its own, for a procedure has one callee. */
const REALMS: Record<Place, string> = {
  crossbar: "realm1",
  "a proxy before it": "realm2",
  router: "realm1",
  "a proxy before that": "realm2",
};
const realms = ["realm1", "realm2"].map((name) => ({ name, roles: [role("anonymous")] }));

const listening = (place: Place) =>
  FRAMINGS.map((framing) => ({
    type: framing === "ws" ? "websocket" : "rawsocket",
    endpoint: { type: "tcp", port: portOf(place, framing), interface: "127.0.0.1" },
    serializers: SERIALIZERS,
    auth: { anonymous: { type: "static", role: "anonymous" } },
  }));
const forProxies = (path: string) => ({
  type: "rawsocket",
  endpoint: { type: "unix", path },
  serializers: ["cbor"],
  auth: { "anonymous-proxy": { type: "static" } },
});
const proxyTo = (path: string, place: Place) => ({
  type: "proxy",
  connections: {
    conn1: {
      transport: { type: "rawsocket", endpoint: { type: "unix", path }, serializer: "cbor" },
    },
  },
  routes: { realm1: { anonymous: "conn1" }, realm2: { anonymous: "conn1" } },
  transports: listening(place),
});

/** How the table writes what was seen; RawSocket has no close codes. */
function inShort(seen: string, framing: (typeof FRAMINGS)[number]): string {
  const short = seen
    .replace("ABORT wamp.error.protocol_violation, close 1002", "violation")
    .replace("GOODBYE wamp.close.system_shutdown, close 1001", "lost")
    .replaceAll(/wamp\.(error|close)\./g, "");
  if (framing === "ws") return short;
  return short
    .replace("ABORT protocol_violation, end", "violation")
    .replace("GOODBYE system_shutdown, end", "lost");
}

const overFraming = (wanted: string, framing: (typeof FRAMINGS)[number]) =>
  framing === "ws" ? wanted : wanted.replace(/close \d+/, "end");

/** Fewer than wait for Crossbar to accept them. */
const AT_ONCE = 20;

let count = 0;

/** Lets a client say the words of a row, everywhere at once. */
async function everywhere(
  [name, turns, crossbar, proxy, router]: ExchangeRow,
  joins: boolean,
  framing: (typeof FRAMINGS)[number],
  serializer: (typeof SERIALIZERS)[number],
) {
  count += 1;
  const unique = String(count);
  const seen = await Promise.all(
    PLACES.map(async (place) => {
      const url = `${framing}://127.0.0.1:${portOf(place, framing)}/`;
      const terms = { idleMs: 20_000, realm: REALMS[place], unique };
      return inShort(await seenOf(url, serializer, { turns, joins }, terms), framing);
    }),
  );
  const wanted = [crossbar, proxy, router, router].map((one) => overFraming(one, framing));
  return { seen: [name, ...seen], wanted: [name, ...wanted] };
}

describe.skipIf(!hasPython)("what a client sees of odd messages", () => {
  let crossbar: { stop(): Promise<void> };
  let node: TemporaryNode;

  beforeAll(async () => {
    const folder = temporaryFolder();
    const sockets = ["crossbar.sock", "router.sock"].map((name) => join(folder, name));
    const [behind = "", own = ""] = sockets;
    crossbar = await startCrossbar(folder, {
      version: 2,
      controller: { id: "router1" },
      workers: [
        { type: "router", realms, transports: [...listening("crossbar"), forProxies(behind)] },
      ],
    });
    const workers = [
      { type: "router", realms, transports: [...listening("router"), forProxies(own)] },
      proxyTo(behind, "a proxy before it"),
      proxyTo(own, "a proxy before that"),
    ];
    await Bun.write(join(folder, "node.json"), JSON.stringify({ version: 2, workers }));
    node = await startNode(folder);
  }, 60_000);

  afterAll(async () => {
    await node.stop();
    await crossbar.stop();
  }, 30_000);

  const ways = FRAMINGS.flatMap((framing) =>
    SERIALIZERS.map((serializer) => [framing, serializer] as const),
  );
  test.each(ways)(
    "over %s in %s",
    async (framing, serializer) => {
      for (const [rows, joins] of [
        [FIRST_WORDS, false],
        [IN_SESSIONS, true],
      ] as const) {
        for (let at = 0; at < rows.length; at += AT_ONCE) {
          const some = rows.slice(at, at + AT_ONCE);
          const done = await Promise.all(
            some.map((row) => everywhere(row, joins, framing, serializer)),
          );
          expect(done.map(({ seen }) => seen)).toEqual(done.map(({ wanted }) => wanted));
        }
      }
    },
    120_000,
  );
});
