/**
 * Reads what this worker has counted, for Prometheus.
 *
 * @module
 */

import { outgoingMemory } from "#base/outgoing-memory.ts";
import type { TrafficMetrics, WorkerMetrics } from "#node/answer-message.ts";
import { disconnects } from "#observe/disconnects.ts";
import { LoopLag } from "#observe/loop-lag.ts";
import { pingTimes } from "#observe/ping-times.ts";
import { earliestCertificates } from "#observe/served-certificates.ts";
import { slowClients } from "#observe/slow-clients.ts";
import { spanCounts } from "#observe/span-counts.ts";
import { type TrafficCount, traffic } from "#observe/traffic.ts";
import { messageTypeName } from "#wamp/message-type.ts";
import type { RunningWorker } from "./running-worker.ts";

/** Unix time in seconds. */
const STARTED_AT = Math.round(Date.now() - performance.now()) / 1000;

/** Made at the first reading, so that a node that nothing watches has no further timer. */
let loop: LoopLag | undefined;

/** The counts at this moment. */
export function readWorkerMetrics({
  counts,
  sessions,
  routers,
}: Pick<RunningWorker, "counts" | "sessions" | "routers">): WorkerMetrics {
  loop ??= new LoopLag();
  const { user, system } = process.cpuUsage();
  return {
    startedAt: STARTED_AT,
    cpuSeconds: (user + system) / 1e6,
    residentOctets: process.memoryUsage.rss(),
    loopLag: loop.lag.figures(),
    connections: sessions.size,
    ...counts.metrics(),
    disconnects: disconnects.figures(),
    slowClients: slowClients.cutOff,
    pings: pingTimes.figures(),
    fromClients: trafficMetrics(traffic.fromClients),
    toClients: trafficMetrics(traffic.toClients),
    waitingOctets: outgoingMemory.octets,
    routers: routers?.figures() ?? [],
    spans: { ...spanCounts },
    certificates: earliestCertificates(),
  };
}

function trafficMetrics(count: TrafficCount): TrafficMetrics {
  const types = count
    .byType()
    .map(({ type, ...counted }) => ({ type: messageTypeName(type).toLowerCase(), ...counted }));
  return { types, sizes: count.sizes() };
}
