/**
 * What the worker process gives to a kind of worker, and what it gets back from it.
 *
 * @module
 */

import type { PreparedChange } from "#base/prepared-change.ts";
import type { BackendFacts, BackendName } from "#observe/backend-facts.ts";
import type { JoinTracer } from "#observe/join-tracer.ts";
import type { LogLevel } from "#observe/log-format.ts";
import type { Logger } from "#observe/logger.ts";
import type { SessionCounts } from "#observe/session-counts.ts";
import type {
  OwnFigures,
  RouteReach,
  RouterFigures,
  StatisticsSource,
} from "#observe/statistics.ts";
import type { InheritedListener } from "#transport/endpoint/listen.ts";
import type { NodeInfo } from "#transport/listener.ts";
import type { SessionTable } from "./session-table.ts";
import type { WorkerTransports } from "./worker-transports.ts";

/** What every kind of worker gets besides its configuration. */
export interface WorkerContext {
  log: Logger;
  /** Makes the log of another process of the worker, by its id. */
  logOf: (pid: number) => Logger;
  /** Aborted when the worker is asked to end, also while it starts. */
  ending: AbortSignal;
  nodeInfo: NodeInfo;
  /** The figures of the whole node. */
  statistics: StatisticsSource;
  /** Folder of the configuration, and the one in which the node was started. */
  folder: string;
  startFolder: string;
  logLevel: LogLevel;
  /** For the sockets between the workers of the node; made when it is needed. Absent: there are none. */
  runFolder?: string;
  /** Sockets that are open already, by the ids of the transports; absent: there are none. */
  inheritedSockets?: Map<string, InheritedListener>;
  /** Private key of the node in hex; absent for a worker that does not sign with it. */
  nodeKey?: string | null;
  /** Records joins; absent: nothing does. */
  tracer?: JoinTracer;
  /** The backends that an operator has marked down; absent: none. */
  downMarks?: readonly BackendName[];
}

/** Another configuration for a running worker. */
export interface NextConfig<Config> {
  config: Config;
  /** Private key of the node in hex; null for a worker that does not sign with it. */
  nodeKey: string | null;
  /** Whether all that can be opened again is, also where nothing has changed. */
  isForced: boolean;
}

/** A worker whose transports all listen. */
export interface RunningWorker<Config = never> {
  /** Where it listens, for display: `http://127.0.0.1:8080/`, `unix:/run/router.sock`. */
  urls: string[];
  /** Its sessions and routers at this moment. */
  figures(): OwnFigures;
  /** What it has counted of its sessions, and the sessions themselves. */
  counts: SessionCounts;
  sessions: Pick<SessionTable, "size" | "page">;
  /** Its listening sockets. */
  transports: Pick<WorkerTransports, "shareSockets" | "leaveSockets" | "takeSocketFiles">;
  /** Absent where the worker has no routes. */
  routers?: {
    figures(): RouterFigures[];
    /** Connects to every router of its routes that is not marked down, to see which can be reached. */
    reach(): Promise<RouteReach[]>;
    backends(): BackendFacts[];
    /** These are marked down from now on, and no others. */
    mark(marks: readonly BackendName[]): void;
  };
  /**
   * Prepares another configuration of this worker.
   *
   * @throws Failure when it cannot be used; the worker goes on as it is.
   */
  prepare(next: NextConfig<Config>): Promise<PreparedChange>;
  /** Reads all certificates again; open sessions continue. */
  renewCertificates(): void;
  /**
   * Sends GOODBYE to every client, closes the listeners and removes their socket files. The GOODBYEs are spread over
   * `drainMs`, and calls may take as long; absent: all at once.
   */
  shutdown(drainMs?: number): Promise<void>;
}
