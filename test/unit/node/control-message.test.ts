import { expect, test } from "bun:test";

import { parseMessageToController, parseMessageToWorker } from "#node/control-message.ts";
import { nodeFigures, workerFigures } from "../../support/node-figures.ts";

const context = {
  release: "0.1.0",
  nodeId: "node1",
  folder: "/node",
  startFolder: "/",
  runFolder: "/run",
  logLevel: "info",
  logFormat: "standard",
  logOutput: { color: false, file: null },
  nodeKey: null,
  decoyKey: "00".repeat(32),
  downMarks: [{ connection: "conn1", address: null }],
};

test("hands on a start message with the whole configuration of the worker", () => {
  const config = { type: "proxy", id: "proxy1", transports: [{ anything: true }] };
  const message: unknown = { kind: "start", config, context };
  expect(parseMessageToWorker(message) as unknown).toEqual(message);
});

test("refuses a worker type that there is not, and a context with something missing", () => {
  const config = { type: "guest", id: "guest1" };
  expect(parseMessageToWorker({ kind: "start", config, context })).toBeUndefined();
  const proxy = { type: "proxy", id: "proxy1" };
  expect(parseMessageToWorker({ kind: "start", config: proxy, context: {} })).toBeUndefined();
});

test("refuses in either direction what belongs to the other", () => {
  expect(parseMessageToController({ kind: "shutdown" })).toBeUndefined();
  expect(parseMessageToWorker({ kind: "ready", urls: [] })).toBeUndefined();
  expect(parseMessageToWorker(null)).toBeUndefined();
});

test("hands on what a worker says", () => {
  for (const wanted of ["once", "always", "no"] as const) {
    const message = { kind: "want_statistics", wanted } as const;
    expect(parseMessageToController(message)).toEqual(message);
  }
  const failed = { kind: "failed", sentence: "Cannot listen", source: "internal" } as const;
  expect(parseMessageToController(failed)).toEqual(failed);
  for (const fault of [null, "Cannot listen"]) {
    expect(parseMessageToController({ kind: "prepared", fault })).toEqual({
      kind: "prepared",
      fault,
    });
  }
  expect(parseMessageToController({ kind: "applied" })).toEqual({ kind: "applied" });
  const ready = { kind: "ready", urls: ["http://localhost:8080/"] } as const;
  expect(parseMessageToController(ready)).toEqual({ kind: "ready", urls: [...ready.urls] });
});

test("hands on figures, those of a worker only if they are whole", () => {
  const statistics = { kind: "statistics", statistics: nodeFigures() };
  expect(parseMessageToWorker(statistics) as unknown).toEqual(statistics);
  const other = { ...nodeFigures(), format: 2 };
  expect(parseMessageToWorker({ kind: "statistics", statistics: other })).toBeUndefined();
  const figures = { kind: "figures", figures: workerFigures(), warnings: [], warningCount: 0 };
  expect(parseMessageToController(figures) as unknown).toEqual(figures);
  for (const spoilt of [{ uptimeSeconds: -1 }, { sessions: {} }, { pid: 1 }]) {
    const message = { ...figures, figures: { ...figures.figures, ...spoilt } };
    expect(parseMessageToController(message)).toBeUndefined();
  }
  const warning = { at: "", level: "warn", event: "", fields: {} };
  const flood = Array.from({ length: 51 }, () => warning);
  expect(parseMessageToController({ ...figures, warnings: flood })).toBeUndefined();
});
