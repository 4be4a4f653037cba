/** What a worker has counted, for Prometheus. */

import { expect, test } from "bun:test";
import { parseMessageToController } from "#node/control-message.ts";
import { servedCertificates } from "#observe/served-certificates.ts";
import { SessionCounts } from "#observe/session-counts.ts";
import { traffic } from "#observe/traffic.ts";
import { answerQuestion } from "#worker/answer-question.ts";
import { readWorkerMetrics } from "#worker/worker-metrics.ts";
import { afterTest } from "../../support/cleanups.ts";

/** A worker with so many sessions, which nothing may look at. */
const worker = (size: number) => ({
  counts: new SessionCounts(),
  sessions: {
    size,
    page(): never {
      throw new Error("the sessions are looked at");
    },
  },
  routers: {
    figures: () => [
      { connection: "conn1", health: "up" as const, sessions: size, routers: 1, markedDown: 0 },
    ],
    reach: async () => [],
    backends: () => [],
    mark() {},
  },
});

test("are read without a look at any session", () => {
  expect(readWorkerMetrics(worker(50_000))).toMatchObject({
    connections: 50_000,
    routers: [{ connection: "conn1", health: "up", sessions: 50_000, routers: 1, markedDown: 0 }],
  });
});

test("have the messages by the names of their types", () => {
  const before = readWorkerMetrics(worker(0)).fromClients.types;
  const calls = before.find(({ type }) => type === "call")?.messages ?? 0;
  traffic.fromClients.count(48, 10);
  const { types } = readWorkerMetrics(worker(0)).fromClients;
  expect(types.find(({ type }) => type === "call")?.messages).toBe(calls + 1);
});

test("have of certificates with one name on a port the one that expires first", () => {
  const certificate = { port: 443, name: "example.com" };
  const owner = {};
  servedCertificates.set(owner, [
    { ...certificate, notAfter: 20 },
    { ...certificate, notAfter: 10 },
    { ...certificate, port: 444, notAfter: 30 },
  ]);
  afterTest(() => servedCertificates.delete(owner));
  expect(readWorkerMetrics(worker(0)).certificates).toEqual([
    { ...certificate, notAfter: 10 },
    { ...certificate, port: 444, notAfter: 30 },
  ]);
});

test("are what the controller takes for an answer", async () => {
  const answer = await answerQuestion({ about: "metrics" }, worker(3));
  const message = { kind: "answer", id: 1, answer };
  expect(parseMessageToController(message)).toEqual(message as never);
  const spoilt = { ...message, answer: { ...answer, pid: 1 } };
  expect(parseMessageToController(spoilt)).toBeUndefined();
});
