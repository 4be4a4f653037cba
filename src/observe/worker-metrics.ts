/**
 * WorkerMetrics: what a worker has counted, for Prometheus. The controller asks for it.
 *
 * No part of it is made by a walk through the sessions: reading it must not keep a worker with many of them from its
 * clients.
 *
 * @module
 */

import type { DistributionFigures } from "./distribution.ts";
import type { ServedCertificate } from "./served-certificates.ts";
import type { SessionEnd } from "./session-facts.ts";
import type { SessionGroup } from "./session-groups.ts";
import type { RouterFigures } from "./statistics.ts";

/** One direction of the messages of joined sessions. */
export interface TrafficMetrics {
  /** `type` in lower case, such as `call`. */
  types: { type: string; messages: number; octets: number }[];
  /** Octets of messages. */
  sizes: DistributionFigures;
}

/** The counts of one worker, since it was started; times are in seconds. */
export interface WorkerMetrics {
  /** Unix time. */
  startedAt: number;
  cpuSeconds: number;
  residentOctets: number;
  loopLag: DistributionFigures;
  /** Open connections of clients of WAMP, those included that have not joined. */
  connections: number;
  groups: SessionGroup[];
  joins: number;
  ends: { reason: SessionEnd; count: number }[];
  durations: DistributionFigures;
  /** `reason` is a URI. */
  refusals: { reason: string; count: number }[];
  disconnects: { code: number; count: number }[];
  slowClients: number;
  stalledRouters: number;
  pings: DistributionFigures;
  fromClients: TrafficMetrics;
  toClients: TrafficMetrics;
  messagesLeftOut: number;
  messagesLate: number;
  waitingOctets: number;
  routers: RouterFigures[];
  certificates: ServedCertificate[];
}
