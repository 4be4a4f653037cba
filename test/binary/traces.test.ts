/** Traces of the joins of a node of the built binary. */

import { expect, test } from "bun:test";
import { adminNode, connectionAt, sumOf } from "../support/admin-node.ts";
import { afterTest } from "../support/cleanups.ts";
import { ScriptedClient } from "../support/scripted-client.ts";
import { spanCollector } from "../support/span-collector.ts";
import { freePort } from "../support/temporary-node.ts";

/** A client that asks for a realm; resolves with the type of the answer. */
async function join(url: string, realm: string): Promise<unknown> {
  const client = await ScriptedClient.open(url, "json");
  afterTest(() => client.socket.destroy());
  client.says([1, realm, { roles: { caller: {} } }]);
  return ((await client.next()) as unknown[])[0];
}

test("a join has a span on the proxy, with its router's, and one on the router", async () => {
  const collector = spanCollector();
  const { url } = await adminNode({ traces: { url: collector.url } });
  expect(await join(url, "realm1")).toBe(2);
  const joins = await collector.named("join", 2);
  const of = (type: string) =>
    joins.find(({ resource }) => resource["crossproxy.worker.type"] === type);
  expect(of("proxy")?.attributes).toMatchObject({
    "network.transport": "tcp",
    "wamp.transport": "websocket",
    "wamp.serializer": "json",
    "wamp.realm": "realm1",
    "wamp.authrole": "anonymous",
    "wamp.authmethod": "anonymous",
    "crossproxy.outcome": "joined",
  });
  expect(of("router")?.attributes).toMatchObject({
    "wamp.transport": "rawsocket",
    "wamp.serializer": "cbor",
    "crossproxy.outcome": "joined",
  });
  const [connect] = await collector.named("connect conn1");
  expect(connect?.parentSpanId).toBe(of("proxy")?.spanId);
});

test("a join whose router is gone has a failed span, with what failed", async () => {
  const collector = spanCollector();
  const traces = { url: collector.url };
  const { url } = await adminNode({ traces, more: { gone: connectionAt("gone.sock") } });
  expect(await join(url, "realm2")).toBe(3);
  const [span] = await collector.named("join");
  expect(span).toMatchObject({
    status: { code: 2, message: "router_failed" },
    attributes: { "wamp.realm": "realm2", "error.type": "wamp.error.network_failure" },
  });
  const [connect] = await collector.named("connect gone");
  expect(connect?.status.code).toBe(2);
});

test("without a collector clients join all the same, and what is lost is counted", async () => {
  const { node, url, ask } = await adminNode({
    traces: { url: `http://127.0.0.1:${freePort()}/v1/traces` },
  });
  expect(await join(url, "realm1")).toBe(2);
  await node.untilOutput(/spans lost/);
  const text = await (await ask("/metrics")).text();
  expect(sumOf(text, "crossproxy_trace_spans_total", /outcome="lost"/)).toBeGreaterThan(0);
});
