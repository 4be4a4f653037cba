/** The metrics: their table in the documents, their text, and the board and the rules that read them. */

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { METRICS, type NodeReading } from "#node/admin/metrics-table.ts";
import { printMetrics } from "#node/admin/metrics-text.ts";
import type { WorkerMetrics } from "#node/answer-message.ts";
import { Distribution } from "#observe/distribution.ts";
import { SESSION_ENDS } from "#observe/session-facts.ts";
import { samplesOf } from "../../../support/admin-node.ts";
import { documentText, ROOT } from "../../../support/documents.ts";
import { nodeFigures, workerStatistics } from "../../../support/node-figures.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const distribution = new Distribution([1, 10]);
for (const value of [0.5, 2, 20]) distribution.observe(value);
const figures = distribution.figures();
const traffic = { types: [{ type: "call", messages: 2, octets: 30 }], sizes: figures };

const metrics: WorkerMetrics = {
  startedAt: 1_700_000_000,
  cpuSeconds: 1.5,
  residentOctets: 50_000_000,
  loopLag: figures,
  connections: 4,
  groups: [
    { realm: 'a"b\n', authrole: null, transport: "websocket", serializer: "json", sessions: 3 },
  ],
  joins: 5,
  ends: [{ reason: "client_left", count: 2 }],
  durations: figures,
  refusals: [{ reason: "wamp.error.no_such_realm", count: 1 }],
  disconnects: [
    { code: 1008, count: 1 },
    { code: 0, count: 2 },
  ],
  slowClients: 1,
  stalledRouters: 0,
  pings: figures,
  fromClients: traffic,
  toClients: traffic,
  messagesLeftOut: 0,
  messagesLate: 1,
  waitingOctets: 100,
  routers: [
    { connection: "conn1", health: "up", sessions: 3, routers: 1, markedDown: 0 },
    { connection: "conn2", health: "down", sessions: 0, routers: 3, markedDown: 2 },
    { connection: "conn3", health: "unknown", sessions: 0, routers: 1, markedDown: 0 },
  ],
  spans: { sent: 7, lost: 2 },
  certificates: [{ port: 443, name: "example.com", notAfter: 1_800_000_000 }],
};

const reading: NodeReading = {
  statistics: nodeFigures({
    workers: [
      workerStatistics({ restarts: 2 }),
      workerStatistics({ id: "hung" }),
      workerStatistics({ id: "guest1", type: "guest", figures: null }),
    ],
  }),
  workers: new Map([["proxy1", metrics]]),
  lastReload: { isSuccessful: true, succeededAt: 1_700_000_001 },
  certificates: [{ port: 9000, name: "node1.example", notAfter: 1_900_000_000 }],
};

/** The rows of the table of metrics: name, type, labels and meaning. */
const rows = [
  ...documentText("docs/metrics.md").matchAll(
    /^\| `(crossproxy_\w+)` \| (\w+) \| (.*?) ?\| (.*) \|$/gm,
  ),
].map(([, name, type, labels = "", meaning]) => ({
  name,
  type,
  labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = ""]) => label),
  meaning,
}));

test("the document has a row for each metric, with its type and meaning", () => {
  expect(rows.map(({ name, type, meaning }) => ({ name, type, help: meaning }))).toEqual(
    METRICS.map(({ name, type, help }) => ({ name, type, help })),
  );
});

test("the document has the labels of each metric", () => {
  const labels = METRICS.map((metric) => {
    const [sample] = metric.read(reading);
    return { name: metric.name, labels: Object.keys(sample?.labels ?? {}) };
  });
  expect(labels).toEqual(rows.map(({ name = "", labels }) => ({ name, labels })));
});

test("the document has every reason of an end", () => {
  const [, section = ""] = documentText("docs/metrics.md").split("### Why a session ended");
  const cells = section.split("\n## ")[0]?.matchAll(/^\| (`.*`) \|/gm) ?? [];
  const named = [...cells].flatMap(([, cell = ""]) => [...cell.matchAll(/`(\w+)`/g)]);
  const reasons = named.map(([, reason]) => reason).filter((reason) => reason !== "reason");
  expect(reasons.toSorted()).toEqual([...SESSION_ENDS].toSorted());
});

test("the text has every metric, with help and type", async () => {
  const { text } = await printMetrics(reading, "prometheus");
  for (const { name, type, help } of METRICS) {
    expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
    expect(samplesOf(text, type === "histogram" ? `${name}_count` : name)).not.toEqual([]);
  }
});

test("in OpenMetrics the name of a counter has its suffix in its samples alone", async () => {
  const { text } = await printMetrics(reading, "openmetrics");
  const name = "crossproxy_sessions_opened";
  expect(text).toContain(`# TYPE ${name} counter\n${name}_total{worker="proxy1"} 5\n`);
  expect(text).toEndWith("# EOF\n");
});

test("histograms count up to each bound", async () => {
  const { text } = await printMetrics(reading, "prometheus");
  const name = "crossproxy_event_loop_lag_seconds";
  expect(samplesOf(text, `${name}_bucket`)).toEqual([
    ['le="1",worker="proxy1"', 1],
    ['le="10",worker="proxy1"', 2],
    ['le="+Inf",worker="proxy1"', 3],
  ]);
  expect(samplesOf(text, `${name}_sum`)).toEqual([['worker="proxy1"', 22.5]]);
});

test("names of realms are escaped", async () => {
  const { text } = await printMetrics(reading, "prometheus");
  const labels = `worker="proxy1",realm="a\\"b\\n",authrole="",transport="websocket",serializer="json"`;
  expect(samplesOf(text, "crossproxy_sessions")).toEqual([[labels, 3]]);
});

test("a worker that does not answer is down, a guest that runs is not", async () => {
  const { text } = await printMetrics(reading, "prometheus");
  expect(samplesOf(text, "crossproxy_worker_up").map(([, value]) => value)).toEqual([1, 0, 1]);
});

test("routers that are not known are left out, and further codes are named other", async () => {
  const { text } = await printMetrics(reading, "prometheus");
  expect(samplesOf(text, "crossproxy_router_up")).toEqual([
    ['worker="proxy1",connection="conn1"', 1],
    ['worker="proxy1",connection="conn2"', 0],
  ]);
  expect(samplesOf(text, "crossproxy_router_marked_down")).toEqual([
    ['worker="proxy1",connection="conn1"', 0],
    ['worker="proxy1",connection="conn2"', 2],
    ['worker="proxy1",connection="conn3"', 0],
  ]);
  expect(samplesOf(text, "crossproxy_server_disconnects_total")).toEqual([
    ['worker="proxy1",code="1008"', 1],
    ['worker="proxy1",code="other"', 2],
  ]);
});

const MONITORING = join(ROOT, "examples/monitoring");
const FILES = ["crossproxy.rules.yml", "grafana-board.json"];

test.each(FILES)("every metric that %s names is one of the node", (file) => {
  const text = readFileSync(join(MONITORING, file), "utf8");
  const known = METRICS.flatMap(({ name, type }) =>
    type === "histogram" ? ["_bucket", "_sum", "_count"].map((part) => name + part) : [name],
  );
  const named = new Set([...text.matchAll(/crossproxy_[a-z_]+/g)].map(([name]) => name));
  expect(named.size).toBeGreaterThan(7);
  expect([...named].filter((name) => !known.includes(name))).toEqual([]);
});

test("the board shows every metric but those of rare events", () => {
  const text = readFileSync(join(MONITORING, "grafana-board.json"), "utf8");
  const missing = METRICS.filter(({ name }) => !text.includes(name)).map(({ name }) => name);
  expect(missing).toEqual([
    "crossproxy_config_last_reload_successful",
    "crossproxy_config_last_reload_success_timestamp_seconds",
    "crossproxy_worker_restarts_total",
    "crossproxy_process_start_time_seconds",
    "crossproxy_connections",
    "crossproxy_trace_spans_total",
  ]);
});

const hasPromtool = Bun.which("promtool") !== null;
if (!hasPromtool)
  console.log(
    "LEFT OUT: the tests of rules, board and metrics with promtool, as it is not installed",
  );

/** What promtool says; empty: nothing is wrong. */
async function promtool(args: string[], input = ""): Promise<string> {
  const child = Bun.spawn(["promtool", ...args], {
    cwd: MONITORING,
    stdin: Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return (await child.exited) === 0 ? "" : `${stdout}${stderr}`;
}

test.skipIf(!hasPromtool)("promtool takes the rules and the configuration", async () => {
  expect(await promtool(["check", "rules", "crossproxy.rules.yml"])).toBe("");
  expect(await promtool(["check", "config", "prometheus.yml"])).toBe("");
});

test.skipIf(!hasPromtool)("promtool takes the metrics", async () => {
  const { text } = await printMetrics(reading, "prometheus");
  expect(await promtool(["check", "metrics"], text)).toBe("");
});

test.skipIf(!hasPromtool)("promtool takes every query of the board", async () => {
  const board = JSON.parse(readFileSync(join(MONITORING, "grafana-board.json"), "utf8"));
  const queries: string[] = board.panels.flatMap(({ targets }: { targets: { expr: string }[] }) =>
    targets.map(({ expr }) => expr.replaceAll("$__rate_interval", "5m")),
  );
  expect(queries.length).toBeGreaterThan(20);
  const rules = queries.map((expr, index) => ({ record: `query:n${index}`, expr }));
  const folder = temporaryFolder({ "board.json": { groups: [{ name: "board", rules }] } });
  expect(await promtool(["check", "rules", join(folder, "board.json")])).toBe("");
});
