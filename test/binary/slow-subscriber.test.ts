/** A subscriber of a proxy that does not read while more is published than the embedded router keeps for it. */

import { expect, test } from "bun:test";
import { afterTest } from "../support/cleanups.ts";
import { proxiedNode } from "../support/proxied-node.ts";
import { ScriptedClient } from "../support/scripted-client.ts";

async function join(port: number) {
  const client = await ScriptedClient.open(`ws://127.0.0.1:${port}/`, "cbor");
  afterTest(() => client.socket.destroy());
  client.says([1, "realm1", { roles: { publisher: {}, subscriber: {} } }]);
  const welcome = await client.next();
  expect(welcome?.[0]).toBe(2);
  return { client, session: welcome?.[1] };
}

test("it is told why it is closed, behind the events that were kept", async () => {
  const { node, proxyPort, routerPort } = await proxiedNode({ args: ["--loglevel=debug"] });
  const { client: slow, session } = await join(proxyPort);
  slow.says([32, 1, {}, "a.b"]);
  expect((await slow.next())?.[0]).toBe(33);
  slow.socket.pause();
  const { client: publisher } = await join(routerPort);
  const publish = [16, 1, { acknowledge: true }, "a.b", ["x".repeat(500_000)]];
  const publishUntilCutOff = async (id: unknown) => {
    const line = new RegExp(`slow client cut off .*session=${id} realm=realm1 authid=\\S+`);
    for (let published = 0; !line.test(node.output()); published++) {
      expect(published).toBeLessThan(200);
      publisher.says(publish);
      expect((await publisher.next())?.[0]).toBe(17);
    }
  };
  await publishUntilCutOff(session);
  // Another one, without a proxy, is cut off after this one, and its connection is closed before this one reads.
  const { client: direct, session: directSession } = await join(routerPort);
  direct.says([32, 1, {}, "a.b"]);
  expect((await direct.next())?.[0]).toBe(33);
  direct.socket.pause();
  await publishUntilCutOff(directSession);
  await node.untilOutput(new RegExp(`peer closed peer=\\S+:${direct.socket.localPort}\\b`));
  slow.socket.resume();
  const events = await slow.rest();
  expect(new Set(events.map(([type]) => type))).toEqual(new Set([36]));
  expect(events.length).toBeGreaterThan(30);
  expect(await slow.closed).toBe(1008);
  await node.untilOutput(/session closed: the client did not read/);
  expect(node.output()).not.toContain("router connection lost");
  publisher.says([48, 2, {}, "wamp.session.count"]);
  expect(await publisher.next()).toEqual([50, 2, {}, [1]]);
}, 60_000);
