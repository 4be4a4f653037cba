/** Two nodes of one realm that a real nats-server connects. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { afterTest } from "../support/cleanups.ts";
import { type ClusterNode, startClusterNode } from "../support/cluster-nodes.ts";
import { hasNats, type NatsServer, startNats } from "../support/nats-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { BINARY, freePort, workerPids } from "../support/temporary-node.ts";

describe.skipIf(!hasNats)("check --connect", () => {
  /** What the command prints, and its exit code. */
  async function check(cluster: object): Promise<[output: string, exitCode: number]> {
    const realms = [{ name: "realm1", roles: [], cluster: { type: "nats", ...cluster } }];
    const workers = [{ type: "router", realms, transports: [] }];
    const folder = temporaryFolder({ "node.json": { version: 2, workers } });
    const child = Bun.spawn([BINARY, "check", "--connect", "node.json"], {
      cwd: folder,
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return [stdout + stderr, await child.exited];
  }

  test("says whether the servers of a realm let a worker in", async () => {
    const port = freePort();
    const servers = [`nats://127.0.0.1:${port}`];
    const cannot = `Cannot connect the cluster of realm "realm1" to ${servers[0]}: `;
    expect(await check({ servers })).toEqual([`${cannot}connection refused\n`, 1]);
    const token = "s3cret";
    const server = await startNats(temporaryFolder(), port, `authorization { token: ${token} }`);
    afterTest(() => server.kill());
    const [refusal, exitCode] = await check({ servers, token: "wrong" });
    expect(refusal).toStartWith(cannot);
    expect(refusal).toContain("Authorization");
    expect(exitCode).toBe(1);
    expect(await check({ servers, token })).toEqual([
      'Ok, node configuration "node.json" looks good\n',
      0,
    ]);
  });
});

describe.skipIf(!hasNats)("a realm on two nodes", () => {
  const port = freePort();
  const servers = [`nats://127.0.0.1:${port}`];
  const folder = temporaryFolder();
  let server: NatsServer;
  let one: ClusterNode;
  let other: ClusterNode;

  beforeAll(async () => {
    server = await startNats(folder, port);
    [one, other] = await Promise.all([startClusterNode(servers), startClusterNode(servers)]);
  });

  afterAll(async () => {
    await Promise.all([one?.stop(), other?.stop()]);
    await server?.kill();
  });

  test("events reach clients of both, in their serializers", async () => {
    const [publisher, far] = [await one.join("cbor"), await other.join("json")];
    const near = await one.join("msgpack");
    for (const peer of [near, far]) {
      expect((await peer.ask([32, 1, { match: "prefix" }, "com.example"]))[0]).toBe(33);
    }
    const long = "x".repeat(3_000_000);
    for (const args of [[1, "ä"], [long], [2]]) {
      expect((await publisher.ask([16, 2, { acknowledge: true }, "com.example.a", args]))[0]).toBe(
        17,
      );
      for (const peer of [near, far]) expect((await peer.next())[4]).toEqual(args);
    }
  });

  test("calls reach callees of the other", async () => {
    const [caller, callee] = [await one.join("msgpack"), await other.join("json")];
    expect((await callee.ask([64, 1, {}, "com.example.add"]))[0]).toBe(65);
    const long = "x".repeat(3_000_000);
    caller.client.says([48, 2, { disclose_me: true }, "com.example.add", [long], { a: 1 }]);
    const [type, invocation, , details, args, kwargs] = await callee.next();
    expect([type, args, kwargs]).toEqual([68, [long], { a: 1 }]);
    expect(details).toMatchObject({ caller: caller.id });
    callee.client.says([70, invocation, {}, [long]]);
    expect(await caller.next()).toEqual([50, 2, {}, [long]]);
    const refused = await caller.ask([64, 3, {}, "com.example.add"]);
    expect(refused[4]).toBe("wamp.error.procedure_already_exists");
  });

  test("a worker that is killed is missed in time", async () => {
    const lost = await startClusterNode(servers, { presence_timeout: 2_000 });
    const [caller, callee] = [await one.join(), await lost.join()];
    await callee.ask([64, 1, {}, "com.example.lost"]);
    caller.client.says([48, 2, {}, "com.example.lost"]);
    await callee.next();
    const from = performance.now();
    process.kill(workerPids(lost.output())["router"] ?? 0, "SIGKILL");
    expect((await caller.next())[4]).toBe("wamp.error.canceled");
    expect(performance.now() - from).toBeLessThan(3_000);
    expect((await caller.ask([64, 3, {}, "com.example.lost"]))[0]).toBe(65);
    await lost.stop();
  });

  test("a node whose servers cannot be reached is not ready, and comes back by itself", async () => {
    const ready = async () => (await fetch(`${one.adminUrl}/readyz`)).status;
    expect(await ready()).toBe(200);
    const [publisher, far] = [await one.join(), await other.join()];
    await far.ask([32, 1, {}, "com.example.back"]);
    await server.kill();
    await one.untilOutput(/cluster lost/);
    await other.untilOutput(/cluster lost/);
    while ((await ready()) !== 503) await Bun.sleep(50);
    expect(await publisher.ask([16, 2, { acknowledge: true }, "com.example.back"])).toContain(17);
    const from = [one.output().length, other.output().length];
    server = await startNats(folder, port);
    await one.untilOutput(/cluster joined/, from[0]);
    await other.untilOutput(/cluster joined/, from[1]);
    while ((await ready()) !== 200) await Bun.sleep(50);
    publisher.client.says([16, 3, {}, "com.example.back", ["back"]]);
    expect((await far.next())[4]).toEqual(["back"]);
  });
});
