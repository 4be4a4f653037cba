/**
 * A proxy of the built binary that finds its routers by the name of a host, in a namespace with an /etc/hosts of its
 * own, which a test changes; the routers listen on several addresses of the loopback interface.
 */

import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startRouterWorker } from "#worker/router-worker.ts";
import { afterTest } from "../support/cleanups.ts";
import { quietContext } from "../support/quiet-context.ts";
import { everything } from "../support/router-harness.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePorts, startNodeWithin } from "../support/temporary-node.ts";
import { anyPort, rawSocketTransport } from "../support/transports.ts";
import { wampSocket } from "../support/wamp-socket.ts";

const HOST = "routers.test";

/** Runs what follows in namespaces of its own, with a file in place of another. */
const within = (script: string, file: string, ...kinds: string[]) => [
  ...["unshare", "--user", "--map-root-user", "--mount", ...kinds],
  ...["sh", "-c", `${script} && exec "$@"`, file],
];
const withHosts = (file: string) => within(`mount --bind "$0" /etc/hosts`, file);
const withResolver = (file: string) =>
  within(`ip link set lo up && mount --bind "$0" /etc/resolv.conf`, file, "--net");

const hasNamespaces =
  Bun.which("unshare") !== null &&
  Bun.which("ip") !== null &&
  Bun.spawnSync([...withResolver("/etc/resolv.conf"), "true"]).exitCode === 0;

if (!hasNamespaces) console.log("LEFT OUT: the test of names of hosts, as there are no namespaces");

async function startRouter(address: string, port: number): Promise<void> {
  const worker = await startRouterWorker(
    {
      type: "router",
      id: "router",
      realms: [{ name: "realm1", roles: [{ name: "anonymous", permissions: [everything] }] }],
      transports: [
        rawSocketTransport(
          {},
          {
            endpoint: { ...anyPort, interface: address, port },
            auth: { anonymous: { type: "static", role: "anonymous" } },
          },
        ),
      ],
    },
    quietContext,
  );
  afterTest(() => worker.shutdown(0));
}

/** A client that has joined through the proxy; `beside` is how many sessions its router has. */
async function joined(url: string) {
  const client = await wampSocket(url);
  client.says([1, "realm1", { roles: { caller: {} } }]);
  expect((await client.next())[0]).toBe(2);
  let request = 0;
  return {
    async beside(): Promise<unknown> {
      client.says([48, ++request, {}, "wamp.session.count"]);
      return (await client.next())[3];
    },
  };
}

describe.skipIf(!hasNamespaces)("routers behind the name of a host", () => {
  test("share sessions; those that come get some, those that are gone get no new ones", async () => {
    const [port = 0, proxyPort = 0] = freePorts(2);
    const [one, two, three] = ["127.0.0.2", "127.0.0.3", "127.0.0.4"] as const;
    for (const address of [one, two, three]) await startRouter(address, port);
    const endpoint = { type: "tcp", host: HOST, port };
    const proxy = {
      type: "proxy",
      connections: {
        conn1: {
          transport: { type: "rawsocket", endpoint, serializer: "cbor" },
          dns_refresh: 1000,
        },
      },
      routes: { realm1: { "*": "conn1" } },
      transports: [
        {
          type: "websocket",
          endpoint: { type: "tcp", port: proxyPort, interface: "127.0.0.1" },
          auth: "passthrough",
        },
      ],
    };
    const folder = temporaryFolder({ "node.json": { version: 2, workers: [proxy] }, hosts: "" });
    const hosts = join(folder, "hosts");
    const resolveTo = (...addresses: string[]) =>
      writeFileSync(hosts, addresses.map((address) => `${address} ${HOST}\n`).join(""));
    resolveTo(one, two);
    const node = await startNodeWithin(withHosts(hosts), folder);
    afterTest(() => node.stop());
    const url = `ws://127.0.0.1:${proxyPort}/`;
    await node.untilOutput(/routers found by name .*routers=2/);
    const first = [await joined(url), await joined(url)];
    expect(await Promise.all(first.map((client) => client.beside()))).toEqual([[1], [1]]);

    let seen = node.output().length;
    resolveTo(two, three);
    await node.untilOutput(/routers found by name/, seen);
    const second = [await joined(url), await joined(url)];
    const counts = await Promise.all(second.map((client) => client.beside()));
    expect(counts.toSorted()).toEqual([[1], [2]]);
    expect((await Promise.all(first.map((client) => client.beside()))).toSorted()).toEqual([
      [1],
      [2],
    ]);

    seen = node.output().length;
    resolveTo();
    await node.untilOutput(/host not found .*host=routers.test/, seen);
    const third = [await joined(url), await joined(url)];
    const last = await Promise.all(third.map((client) => client.beside()));
    expect(last.toSorted()).toEqual([[2], [3]]);
  });

  test("are found over the search domains of Kubernetes", async () => {
    const resolver = [
      "nameserver 127.0.0.1",
      "search default.svc.cluster.local svc.cluster.local cluster.local",
      "options ndots:5",
    ];
    const folder = temporaryFolder({ "resolv.conf": `${resolver.join("\n")}\n` });
    const command = [
      ...withResolver(join(folder, "resolv.conf")),
      process.execPath,
      join(import.meta.dir, "../support/named-routers.ts"),
      "routers.infra.svc.cluster.local",
      "routers.infra",
      "10.0.0.1",
      "10.0.0.2",
    ];
    const found = Bun.spawn(command, { stderr: "inherit" });
    expect((await found.stdout.json()).toSorted()).toEqual(["10.0.0.1", "10.0.0.2"]);
  });
});
