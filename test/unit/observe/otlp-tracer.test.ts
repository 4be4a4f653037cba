/** Spans of joins, as a collector gets them. */

import { expect, test } from "bun:test";
import type { TracesConfig } from "#config/node/node-config.ts";
import type { TracedClient } from "#observe/join-tracer.ts";
import { OtlpTracer } from "#observe/otlp-tracer.ts";
import { spanCounts } from "#observe/span-counts.ts";
import { afterTest } from "../../support/cleanups.ts";
import { keptLog } from "../../support/kept-log.ts";
import { spanCollector } from "../../support/span-collector.ts";

const worker = { nodeId: "node1", workerId: "proxy1", workerType: "proxy", release: "1.2.3" };
const client: TracedClient = {
  peer: "tcp6:[2001:db8::7]:49816",
  type: "websocket",
  serializer: "cbor",
};
const identity = { session: 7, realm: "realm1", authrole: "user", authmethod: "ticket" };

function tracerFor(config: Partial<TracesConfig> & { url: string }) {
  const { log, logged } = keptLog("warn");
  const tracer = new OtlpTracer({ headers: {}, ratio: 1, ...config }, worker, log);
  afterTest(() => tracer.close());
  return { tracer, logged };
}

test("the span of a join has its client, its session, its process and its routers", async () => {
  const collector = spanCollector();
  const { tracer } = tracerFor({ url: collector.url, headers: { "X-Token": "s3cret" } });
  const join = tracer.begins(client);
  join.asked("realm1");
  join.connects("conn1").ended("failed", "Cannot connect");
  join.connects("conn2").ended("connected", null);
  join.joined(identity);
  await tracer.close();
  const [span] = await collector.named("join");
  expect(span).toMatchObject({
    kind: 2,
    status: { code: 0 },
    attributes: {
      "network.transport": "tcp",
      "network.peer.address": "2001:db8::7",
      "network.peer.port": 49816,
      "network.protocol.name": "wamp",
      "wamp.transport": "websocket",
      "wamp.serializer": "cbor",
      "wamp.session": 7,
      "wamp.realm": "realm1",
      "wamp.authrole": "user",
      "wamp.authmethod": "ticket",
      "crossproxy.outcome": "joined",
    },
    resource: {
      "service.name": "crossproxy",
      "service.version": "1.2.3",
      "service.instance.id": "node1/proxy1",
      "process.pid": process.pid,
    },
  });
  expect(span?.parentSpanId).toBeUndefined();
  const [failed] = await collector.named("connect conn1");
  const { traceId, spanId } = span ?? {};
  expect(failed).toMatchObject({
    traceId,
    parentSpanId: spanId,
    kind: 3,
    status: { code: 2, message: "Cannot connect" },
    attributes: { "crossproxy.connection": "conn1", "error.type": "failed" },
  });
  const [connected] = await collector.named("connect conn2");
  expect(connected).toMatchObject({ traceId, parentSpanId: spanId, status: { code: 0 } });
  expect(collector.headers[0]?.get("x-token")).toBe("s3cret");
});

test.each([
  ["wamp.error.authentication_failed", null, { code: 0 }, undefined],
  ["wamp.error.network_failure", "router_failed", { code: 2, message: "router_failed" }, true],
])("a join that ends with %s has it for its outcome", async (outcome, fault, status, isError) => {
  const collector = spanCollector();
  const { tracer } = tracerFor({ url: collector.url });
  tracer.begins({ ...client, peer: "unix:/run/a.sock" }).ended(outcome, fault);
  await tracer.close();
  const [span] = await collector.named("join");
  expect(span?.status).toEqual(status as never);
  expect(span?.attributes).toMatchObject({
    "network.transport": "unix",
    "network.peer.address": "unix:/run/a.sock",
    "crossproxy.outcome": outcome,
  });
  expect(span?.attributes["error.type"]).toBe(isError && outcome);
});

const trace = "0af7651916cd43dd8448eb211c80319c";
const parent = "b7ad6b7169203331";

test("a join belongs to the trace of the server before, unless that is not recorded", async () => {
  const collector = spanCollector();
  const { tracer } = tracerFor({ url: collector.url });
  tracer.begins({ ...client, traceparent: `00-${trace}-${parent}-00` }).joined(identity);
  tracer.begins({ ...client, traceparent: `00-${trace}-${parent}-01` }).joined(identity);
  await tracer.close();
  const spans = await collector.named("join");
  expect(spans).toHaveLength(1);
  expect(spans[0]).toMatchObject({ traceId: trace, parentSpanId: parent });
});

test("with a ratio of 0 there are no spans, whatever a client claims", async () => {
  const collector = spanCollector();
  const { tracer } = tracerFor({ url: collector.url, ratio: 0 });
  tracer.begins(client).joined(identity);
  tracer.begins({ ...client, traceparent: `00-${trace}-${parent}-01` }).joined(identity);
  await tracer.close();
  expect(collector.headers).toEqual([]);
});

test("spans that a collector refuses are counted as lost, and logged with the reason", async () => {
  const collector = spanCollector(() => 400);
  const { tracer, logged } = tracerFor({ url: collector.url });
  const before = spanCounts.lost;
  tracer.begins(client).joined(identity);
  await tracer.close();
  expect(spanCounts.lost - before).toBe(1);
  expect(logged).toEqual([["spans lost", { reason: expect.stringMatching(/Bad Request|400/) }]]);
});

test("beyond those that may wait for a slow collector, spans are counted as lost", async () => {
  const answered = Promise.withResolvers<number>();
  const collector = spanCollector(() => answered.promise);
  const { tracer, logged } = tracerFor({ url: collector.url });
  const before = { ...spanCounts };
  for (let index = 0; index < 2_050; index += 1) tracer.begins(client).joined(identity);
  expect(spanCounts.lost - before.lost).toBe(2);
  expect(logged[0]).toEqual(["spans lost", { reason: "2048 wait already" }]);
  answered.resolve(200);
  await tracer.close();
  expect(spanCounts.sent - before.sent).toBe(2_048);
  // The places are free again.
  tracer.begins(client).joined(identity);
  expect(logged).toHaveLength(2);
});
