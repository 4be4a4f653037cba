/**
 * NodeOperations: what the admin endpoint reads of a node, and does to it.
 *
 * @module
 */

import type { WorkerAnswer, WorkerQuestion } from "#node/answer-message.ts";
import type { CommandAnswer } from "#node/command-socket.ts";
import type { BackendName } from "#observe/backend-facts.ts";
import type { LogLevel } from "#observe/log-format.ts";
import type { NodeStatistics } from "#observe/statistics.ts";

/** The answer of one worker; null: it does not run, or did not answer in time. */
export interface WorkerReply {
  id: string;
  answer: WorkerAnswer | null;
}

/** When a configuration was read. */
export interface LastReload {
  /** Whether the last one was taken; if not, the one before is in use. */
  isSuccessful: boolean;
  /** When the present one was read, in Unix time in seconds. */
  succeededAt: number;
}

/** What the whole node can be asked to do. */
export interface NodeCommands {
  /** Takes the configuration again; `isForced`: also where nothing has changed. */
  reload(isForced: boolean): Promise<CommandAnswer>;
  /** Lets its clients go, and ends. */
  drain(): void;
}

/** A node. */
export interface NodeOperations {
  /** Whether it shuts down. */
  readonly isStopping: boolean;
  readonly lastReload: LastReload;
  readonly logLevel: LogLevel;
  /** Of all processes, those included that are started later. */
  setLogLevel(level: LogLevel): void;
  statistics(): NodeStatistics;
  /** The backends that an operator has marked down. */
  readonly downMarks: readonly BackendName[];
  /** Marks a backend down, or up again. */
  markBackend(backend: BackendName, isDown: boolean): Promise<CommandAnswer>;
  /** Asks all workers but guests and containers, or only one. */
  ask(question: WorkerQuestion, only?: string): Promise<WorkerReply[]>;
}
