/**
 * WorkerProcess: the controller's view of a worker's process, whatever runs in it.
 *
 * @module
 */

import type { ProcessExit } from "#base/process-exit.ts";
import type { NativeWorkerConfig } from "#config/node/worker-config.ts";
import type { BackendName } from "#observe/backend-facts.ts";
import type { LogLevel } from "#observe/log-format.ts";
import type { WorkerAnswer, WorkerQuestion } from "./answer-message.ts";

/** A process that takes other configurations while it runs. */
export interface ReconfigurableProcess {
  /**
   * Prepares another configuration. `isForced`: all that can be opened again is.
   *
   * @throws Failure when it cannot be used, or the process does not answer in time.
   */
  prepare(config: NativeWorkerConfig, nodeKey: string | null, isForced: boolean): Promise<void>;
  /** Applies what was prepared; a process that does not do so in time is killed, because its restart does. */
  apply(): Promise<void>;
  /** Drops what was prepared. */
  abandon(): void;
  /** Ends it at once. */
  kill(): void;
}

/** The process of one worker, from its start to its end. */
export interface WorkerProcess {
  readonly pid: number;
  /** When the worker was last heard, by the clock of this process; absent: it says nothing by itself. */
  readonly heardAt?: number | undefined;
  /** The URLs that the worker listens on; rejects with a Failure when it does not become ready. */
  readonly ready: Promise<string[]>;
  /** Resolves when the process is gone; never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Whether a worker that ended in this way, without being asked to, is started again. */
  shouldRestart(exit: ProcessExit): boolean;
  /** Whether the worker ended itself because its files have changed, so that it is started again at once. */
  readonly isOutdated?: boolean;
  /** Absent: another configuration needs another process. */
  readonly reconfigurable?: ReconfigurableProcess;
  /** Asks the worker; null: there was no answer in time. Absent: the worker answers no questions. */
  ask?(question: WorkerQuestion): Promise<WorkerAnswer | null>;
  /** How much the worker logs from now on; absent: it has no log of its own. */
  setLogLevel?(level: LogLevel): void;
  /**
   * Makes the worker send its listening sockets to a socket file of the node's folder; it goes on accepting. Absent: it
   * has none.
   *
   * @throws Failure when it cannot.
   */
  shareSockets?(to: string): Promise<void>;
  /** Makes the worker accept no more from the sockets that it has sent, and leave the files of Unix sockets. */
  leaveSockets?(): void;
  /** Tells the worker that the node before accepts from no socket any more: the files of Unix sockets are its own. */
  takeSocketFiles?(): void;
  /** The backends that are marked down from now on; absent: the worker has none. */
  markDown?(marks: readonly BackendName[]): void;
  /** Makes the worker read its certificates again. */
  renewCertificates(): void;
  /** Makes the worker open the log's file again; absent: its lines are written by the controller. */
  reopenLog?(): void;
  /**
   * Asks the worker to end, and kills it after the deadline; returns which of both ended it. A worker with sessions
   * ends them within `drainMs`, to which the deadline is added; absent: all at once.
   */
  shutdown(deadlineMs: number, drainMs?: number): Promise<"ended" | "killed">;
  /** Ends the process at once. */
  kill(): void;
}
