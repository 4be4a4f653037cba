/**
 * The metrics of a node: their names, and where their values come from.
 *
 * Names follow the rules of Prometheus, and where Bondy counts the same, its names. The labels are bounded, and none
 * has an address, an authid, a session id or a file name. docs/metrics.md has the same table, and a test compares them.
 *
 * @module
 */

import type { TrafficMetrics, WorkerMetrics } from "#node/answer-message.ts";
import type { DistributionFigures } from "#observe/distribution.ts";
import type { ServedCertificate } from "#observe/served-certificates.ts";
import type { NodeStatistics } from "#observe/statistics.ts";
import type { LastReload } from "./node-operations.ts";

/** What the metrics are made of. */
export interface NodeReading {
  statistics: NodeStatistics;
  /** Those of the workers that have answered, by id. */
  workers: ReadonlyMap<string, WorkerMetrics>;
  lastReload: LastReload;
  /** Those of the admin endpoint. */
  certificates: readonly ServedCertificate[];
}

/** Names and values of labels. */
export type Labels = Record<string, string>;

/** One value of a metric. */
export interface Sample {
  labels: Labels;
  value: number;
}

/** One distribution of a histogram. */
export interface HistogramSample {
  labels: Labels;
  figures: DistributionFigures;
}

/** A metric. */
export type Metric = { name: string; help: string } & (
  | { type: "counter" | "gauge"; read(reading: NodeReading): Sample[] }
  | { type: "histogram"; read(reading: NodeReading): HistogramSample[] }
);

/** The controller has no id among those of the workers, which none of them may have. */
const CONTROLLER = "controller";

/** The metrics, in the order of docs/metrics.md. */
export const METRICS: readonly Metric[] = [
  {
    name: "crossproxy_build_info",
    type: "gauge",
    help: "1; the labels have the release of the program and of Bun.",
    read: ({ statistics }) => [
      { labels: { version: statistics.release, bun: Bun.version }, value: 1 },
    ],
  },
  {
    name: "crossproxy_config_last_reload_successful",
    type: "gauge",
    help: "Whether the configuration was taken when it was last read.",
    read: ({ lastReload }) => [{ labels: {}, value: Number(lastReload.isSuccessful) }],
  },
  {
    name: "crossproxy_config_last_reload_success_timestamp_seconds",
    type: "gauge",
    help: "When the present configuration was read.",
    read: ({ lastReload }) => [{ labels: {}, value: lastReload.succeededAt }],
  },
  {
    name: "crossproxy_log_warnings_total",
    type: "counter",
    help: "Lines of the log of level warn or error.",
    read: ({ statistics }) => [{ labels: {}, value: statistics.warningsInAll }],
  },
  {
    name: "crossproxy_worker_up",
    type: "gauge",
    help: "Whether the worker runs and answers.",
    read: ({ statistics, workers }) =>
      statistics.workers.map(({ id, type, state }) => {
        const answers = workers.has(id) || type === "guest" || type === "container";
        return { labels: { worker: id, type }, value: Number(state === "running" && answers) };
      }),
  },
  {
    name: "crossproxy_worker_restarts_total",
    type: "counter",
    help: "How often the worker was started again.",
    read: ({ statistics }) =>
      statistics.workers.map(({ id, type, restarts }) => ({
        labels: { worker: id, type },
        value: restarts,
      })),
  },
  {
    name: "crossproxy_process_start_time_seconds",
    type: "gauge",
    help: "When the process was started.",
    read: (reading) => [
      ofController(Date.parse(reading.statistics.controller.startedAt) / 1000),
      ...ofWorkers(reading, ({ startedAt }) => startedAt),
    ],
  },
  {
    name: "crossproxy_process_cpu_seconds_total",
    type: "counter",
    help: "Processor time of the process.",
    read: (reading) => [
      ofController(reading.statistics.controller.cpuSeconds),
      ...ofWorkers(reading, ({ cpuSeconds }) => cpuSeconds),
    ],
  },
  {
    name: "crossproxy_process_resident_memory_bytes",
    type: "gauge",
    help: "Resident memory of the process.",
    read: (reading) => [
      ofController(reading.statistics.controller.residentOctets),
      ...ofWorkers(reading, ({ residentOctets }) => residentOctets),
    ],
  },
  {
    name: "crossproxy_event_loop_lag_seconds",
    type: "histogram",
    help: "How late a timer of the process was, once a second.",
    read: (reading) => distributions(reading, ({ loopLag }) => loopLag),
  },
  {
    name: "crossproxy_connections",
    type: "gauge",
    help: "Open connections of clients of WAMP, those included that have not joined.",
    read: (reading) => ofWorkers(reading, ({ connections }) => connections),
  },
  {
    name: "crossproxy_sessions",
    type: "gauge",
    help: "Joined sessions.",
    read: (reading) =>
      each(reading, ({ groups }) =>
        groups.map(({ realm, authrole, transport, serializer, sessions }) => ({
          labels: { realm: realm ?? "", authrole: authrole ?? "", transport, serializer },
          value: sessions,
        })),
      ),
  },
  {
    name: "crossproxy_sessions_opened_total",
    type: "counter",
    help: "Sessions that have joined.",
    read: (reading) => ofWorkers(reading, ({ joins }) => joins),
  },
  {
    name: "crossproxy_sessions_closed_total",
    type: "counter",
    help: "Joined sessions that are over, by the reason of their end.",
    read: (reading) => each(reading, ({ ends }) => ends.map(byReason)),
  },
  {
    name: "crossproxy_session_duration_seconds",
    type: "histogram",
    help: "For how long sessions were joined that are over.",
    read: (reading) => distributions(reading, ({ durations }) => durations),
  },
  {
    name: "crossproxy_joins_refused_total",
    type: "counter",
    help: "Clients that were refused, and sessions that were aborted, by the URI of the reason.",
    read: (reading) => each(reading, ({ refusals }) => refusals.map(byReason)),
  },
  {
    name: "crossproxy_server_disconnects_total",
    type: "counter",
    help: "Connections of clients that this node has closed, by WebSocket close code.",
    read: (reading) =>
      each(reading, ({ disconnects }) =>
        disconnects.map(({ code, count }) => ({
          labels: { code: code === 0 ? "other" : String(code) },
          value: count,
        })),
      ),
  },
  {
    name: "crossproxy_slow_clients_total",
    type: "counter",
    help: "Clients that were cut off because they did not read.",
    read: (reading) => ofWorkers(reading, ({ slowClients }) => slowClients),
  },
  {
    name: "crossproxy_stalled_routers_total",
    type: "counter",
    help: "Sessions that were ended because their router did not read.",
    read: (reading) => ofWorkers(reading, ({ stalledRouters }) => stalledRouters),
  },
  {
    name: "crossproxy_ping_pong_duration_seconds",
    type: "histogram",
    help: "Time from a ping of this node to its pong.",
    read: (reading) => distributions(reading, ({ pings }) => pings),
  },
  {
    name: "crossproxy_wamp_messages_total",
    type: "counter",
    help: "Messages of joined sessions, without those that begin or end one.",
    read: (reading) => byType(reading, ({ messages }) => messages),
  },
  {
    name: "crossproxy_wamp_bytes_total",
    type: "counter",
    help: "Octets of these messages as their sender has serialized them.",
    read: (reading) => byType(reading, ({ octets }) => octets),
  },
  {
    name: "crossproxy_wamp_message_bytes",
    type: "histogram",
    help: "How long these messages are.",
    read: ({ workers }) =>
      [...workers].flatMap(([worker, metrics]) =>
        directionsOf(metrics).map(([direction, { sizes }]) => ({
          labels: { worker, direction },
          figures: sizes,
        })),
      ),
  },
  {
    name: "crossproxy_wamp_dropped_total",
    type: "counter",
    help: "Messages that could not be forwarded and that no peer waited for, or that came behind the end of their session.",
    read: (reading) =>
      each(reading, ({ messagesLeftOut, messagesLate }) => [
        { labels: { reason: "undeliverable" }, value: messagesLeftOut },
        { labels: { reason: "late" }, value: messagesLate },
      ]),
  },
  {
    name: "crossproxy_outgoing_waiting_bytes",
    type: "gauge",
    help: "Octets that clients have not read yet.",
    read: (reading) => ofWorkers(reading, ({ waitingOctets }) => waitingOctets),
  },
  {
    name: "crossproxy_router_up",
    type: "gauge",
    help: "Whether the last client or check reached the router; absent before the first one.",
    read: (reading) =>
      each(reading, ({ routers }) =>
        routers
          .filter(({ health }) => health !== "unknown")
          .map(({ connection, health }) => ({
            labels: { connection },
            value: Number(health === "up"),
          })),
      ),
  },
  {
    name: "crossproxy_router_marked_down",
    type: "gauge",
    help: "Routers that are marked down by hand: 0 or 1, or how many of the addresses of a host.",
    read: (reading) =>
      each(reading, ({ routers }) =>
        routers.map(({ connection, markedDown }) => ({
          labels: { connection },
          value: markedDown,
        })),
      ),
  },
  {
    name: "crossproxy_router_sessions",
    type: "gauge",
    help: "Sessions that are connected or connecting to the router.",
    read: (reading) =>
      each(reading, ({ routers }) =>
        routers.map(({ connection, sessions }) => ({ labels: { connection }, value: sessions })),
      ),
  },
  {
    name: "crossproxy_trace_spans_total",
    type: "counter",
    help: "Spans of traces that were sent to the collector, and those that were lost.",
    read: (reading) =>
      each(reading, ({ spans }) => [
        { labels: { outcome: "sent" }, value: spans.sent },
        { labels: { outcome: "lost" }, value: spans.lost },
      ]),
  },
  {
    name: "crossproxy_tls_certs_not_after",
    type: "gauge",
    help: "Until when a certificate is valid that clients are shown, in Unix time in seconds.",
    read: (reading) => [
      ...reading.certificates.map(ofCertificate).map(({ labels, value }) => ({
        labels: { worker: CONTROLLER, ...labels },
        value,
      })),
      ...each(reading, ({ certificates }) => certificates.map(ofCertificate)),
    ],
  },
];

function ofCertificate({ port, name, notAfter }: ServedCertificate): Sample {
  return { labels: { port: String(port), cn: name }, value: notAfter };
}

function ofController(value: number): Sample {
  return { labels: { worker: CONTROLLER }, value };
}

function ofWorkers(reading: NodeReading, value: (metrics: WorkerMetrics) => number): Sample[] {
  return each(reading, (metrics) => [{ labels: {}, value: value(metrics) }]);
}

/** The samples of all workers, each with its worker. */
function each({ workers }: NodeReading, read: (metrics: WorkerMetrics) => Sample[]): Sample[] {
  return [...workers].flatMap(([worker, metrics]) =>
    read(metrics).map(({ labels, value }) => ({ labels: { worker, ...labels }, value })),
  );
}

function distributions(
  { workers }: NodeReading,
  read: (metrics: WorkerMetrics) => DistributionFigures,
): HistogramSample[] {
  return [...workers].map(([worker, metrics]) => ({ labels: { worker }, figures: read(metrics) }));
}

function byType(
  reading: NodeReading,
  value: (count: TrafficMetrics["types"][number]) => number,
): Sample[] {
  return each(reading, (metrics) =>
    directionsOf(metrics).flatMap(([direction, { types }]) =>
      types.map((count) => ({ labels: { direction, type: count.type }, value: value(count) })),
    ),
  );
}

function directionsOf({ fromClients, toClients }: WorkerMetrics): [string, TrafficMetrics][] {
  return [
    ["from_clients", fromClients],
    ["to_clients", toClients],
  ];
}

function byReason({ reason, count }: { reason: string; count: number }): Sample {
  return { labels: { reason }, value: count };
}
