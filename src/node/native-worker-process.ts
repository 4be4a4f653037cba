/**
 * NativeWorkerProcess: one process of this program, from its start to its exit, for the controller.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import { orphanWatch } from "#base/orphan-watch.ts";
import { exitOf, type ProcessExit, printExit } from "#base/process-exit.ts";
import type { NativeWorkerConfig } from "#config/node/worker-config.ts";
import type { BackendName } from "#observe/backend-facts.ts";
import type { LogLevel } from "#observe/log-format.ts";
import type { WorkerAnswer, WorkerQuestion } from "./answer-message.ts";
import {
  type MessageToWorker,
  parseMessageToController,
  type StartContext,
} from "./control-message.ts";
import type { ClaimedSocket } from "./inherited-sockets.ts";
import { workerCommand } from "./self-exec.ts";
import type { StatisticsExchange } from "./statistics-collector.ts";
import { workerEnvironment } from "./worker-environment.ts";
import type { ReconfigurableProcess, WorkerProcess } from "./worker-process.ts";
import { WorkerQuestions } from "./worker-questions.ts";

/** Time to become ready; a worker may have to download an archive first. */
const READY_DEADLINE_MS = 30_000;

/** Time to prepare another configuration, for the same reason, and then to apply it. */
const PREPARE_DEADLINE_MS = READY_DEADLINE_MS;
const APPLY_DEADLINE_MS = 5_000;

/** Time to send its listening sockets. */
const SHARE_DEADLINE_MS = 5_000;

/** The first descriptor of a worker behind those of its input and output. */
const FIRST_INHERITED = 3;

/** A worker may answer one request late, while the controller waits for the answer to another one. */
type AnswerKind = "prepared" | "applied" | "sockets_shared";

/** A running worker process. */
export class NativeWorkerProcess implements WorkerProcess, ReconfigurableProcess {
  readonly reconfigurable = this;
  readonly config: NativeWorkerConfig;
  readonly pid: number;
  /** Where the worker listens, once it does; rejects with a Failure when it does not start. */
  readonly ready: Promise<string[]>;
  /** Resolves when the process has ended; never rejects. */
  readonly exited: Promise<ProcessExit>;
  readonly #process: Bun.Subprocess;
  readonly #statistics: StatisticsExchange;
  #heardAt = performance.now();
  /** What takes the answer to a request, a fault or null, by the kind of the answer. */
  readonly #answers = new Map<AnswerKind, (fault: string | null) => void>();
  readonly #questions = new WorkerQuestions((id, question) =>
    this.#send({ kind: "question", id, question }),
  );

  /**
   * Spawns the process and sends it its configuration; `statistics` takes its figures. It inherits the `sockets`, by
   * other descriptors.
   *
   * @throws Failure when the process cannot be spawned.
   */
  constructor(
    config: NativeWorkerConfig,
    context: StartContext,
    folder: string,
    statistics: StatisticsExchange,
    sockets: readonly ClaimedSocket[] = [],
  ) {
    const ready = Promise.withResolvers<string[]>();
    this.config = config;
    this.#statistics = statistics;
    this.ready = ready.promise;
    // Callers that await `ready` get the rejection; without a caller it must not count as unhandled.
    this.ready.catch(() => {});

    const inherited = sockets.map(({ descriptor }) => descriptor);
    this.#process = spawn(config, folder, inherited, (message) => this.#receive(message, ready));
    this.pid = this.#process.pid;
    const release = orphanWatch.add(this.pid, "SIGCONT");
    this.exited = this.#process.exited.then(() => {
      release();
      this.#questions.end();
      return exitOf(this.#process);
    });

    const deadline = setTimeout(() => {
      ready.reject(this.#failure(`not ready after ${READY_DEADLINE_MS / 1000} seconds`));
    }, READY_DEADLINE_MS);
    this.ready.finally(() => clearTimeout(deadline)).catch(() => {});
    this.exited
      .then((exit) => ready.reject(this.#failure(`it ended with ${printExit(exit)}`)))
      .catch(() => {});

    const own = sockets.map((socket, index) => ({
      ...socket,
      descriptor: FIRST_INHERITED + index,
    }));
    this.#send({ kind: "start", config, context, ...(own.length > 0 && { sockets: own }) });
  }

  get heardAt(): number {
    return this.#heardAt;
  }

  /** A native worker serves until it is told to end, so that every other end is a failure. */
  shouldRestart(): boolean {
    return this.config.options?.restart !== "never";
  }

  /** Asks the worker to read its certificates again. */
  renewCertificates(): void {
    this.#send({ kind: "renew_certificates" });
  }

  ask(question: WorkerQuestion): Promise<WorkerAnswer | null> {
    return this.#questions.ask(question);
  }

  setLogLevel(level: LogLevel): void {
    this.#send({ kind: "log_level", level });
  }

  markDown(marks: readonly BackendName[]): void {
    this.#send({ kind: "down_marks", marks: [...marks] });
  }

  /** Asks the worker to open the log's file again. */
  reopenLog(): void {
    this.#send({ kind: "reopen_log" });
  }

  async prepare(
    config: NativeWorkerConfig,
    nodeKey: string | null,
    isForced: boolean,
  ): Promise<void> {
    const fault = await this.#request(
      { kind: "prepare", config, nodeKey, isForced },
      "prepared",
      PREPARE_DEADLINE_MS,
    );
    if (fault === null) return;
    const reason = fault.replace(/^Cannot /, "cannot ");
    throw new Failure(`worker "${config.id}": ${reason}`, { source: "config" });
  }

  async apply(): Promise<void> {
    if ((await this.#request({ kind: "apply" }, "applied", APPLY_DEADLINE_MS)) !== null)
      this.kill();
  }

  abandon(): void {
    this.#send({ kind: "abandon" });
  }

  async shareSockets(to: string): Promise<void> {
    const worker = this.config.id;
    const message = { kind: "share_sockets", to, worker } as const;
    const fault = await this.#request(message, "sockets_shared", SHARE_DEADLINE_MS);
    if (fault === null) return;
    throw new Failure(`worker "${worker}": ${fault}`, { source: "internal" });
  }

  leaveSockets(): void {
    this.#send({ kind: "leave_sockets" });
  }

  takeSocketFiles(): void {
    this.#send({ kind: "take_socket_files" });
  }

  /** Sends a message, and gives the answer, a fault or null. */
  async #request(
    message: MessageToWorker,
    answeredBy: AnswerKind,
    deadlineMs: number,
  ): Promise<string | null> {
    const answer = Promise.withResolvers<string | null>();
    this.#answers.set(answeredBy, answer.resolve);
    this.#send(message);
    const seconds = deadlineMs / 1000;
    const timer = setTimeout(
      () => answer.resolve(`it did not answer within ${seconds} seconds`),
      deadlineMs,
    );
    const ended = this.exited.then((exit) => `it ended with ${printExit(exit)}`);
    return Promise.race([answer.promise, ended]).finally(() => clearTimeout(timer));
  }

  /**
   * Asks the worker to drain its sessions and to end, and kills it after the drain and the deadline; returns which of
   * both happened.
   */
  async shutdown(deadlineMs: number, drainMs = 0): Promise<"ended" | "killed"> {
    this.#send({ kind: "shutdown", drainMs });
    const deadline = Promise.withResolvers<"killed">();
    const timer = setTimeout(() => {
      this.kill();
      deadline.resolve("killed");
    }, drainMs + deadlineMs);
    const outcome = await Promise.race([
      this.exited.then(() => "ended" as const),
      deadline.promise,
    ]);
    clearTimeout(timer);
    await this.exited;
    return outcome;
  }

  /** Kills the process at once. */
  kill(): void {
    this.#process.kill("SIGKILL");
  }

  #receive(value: unknown, ready: PromiseWithResolvers<string[]>): void {
    this.#heardAt = performance.now();
    const message = parseMessageToController(value);
    if (message === undefined) {
      ready.reject(this.#failure("it sent what is no control message"));
    } else if (message.kind === "ready") {
      ready.resolve(message.urls);
    } else if (message.kind === "figures") {
      this.#statistics.report(message);
    } else if (message.kind === "alive") {
      this.#statistics.alive();
    } else if (message.kind === "prepared" || message.kind === "sockets_shared") {
      this.#answers.get(message.kind)?.(message.fault);
    } else if (message.kind === "applied") {
      this.#answers.get(message.kind)?.(null);
    } else if (message.kind === "answer") {
      this.#questions.answered(message.id, message.answer);
    } else if (message.kind === "want_statistics") {
      this.#statistics.want(message.wanted, (statistics) => {
        this.#send({ kind: "statistics", statistics });
      });
    } else {
      const reason = message.sentence.replace(/^Cannot /, "cannot ");
      ready.reject(this.#failure(reason, message.source));
    }
  }

  #failure(reason: string, source: Failure["source"] = "internal"): Failure {
    return new Failure(`Cannot start worker "${this.config.id}": ${reason}`, { source });
  }

  #send(message: MessageToWorker): void {
    try {
      this.#process.send(message);
    } catch {
      // The channel closes when the process ends, which `exited` reports.
    }
  }
}

function spawn(
  { id, options }: NativeWorkerConfig,
  folder: string,
  inherited: readonly number[],
  onMessage: (message: unknown) => void,
): Bun.Subprocess {
  try {
    return Bun.spawn(workerCommand(), {
      // The title as `ps` shows it with arguments; the worker itself names its process.
      ...(options?.title !== undefined && { argv0: options.title }),
      cwd: folder,
      env: workerEnvironment(options?.env),
      stdio: ["ignore", "inherit", "inherit", ...inherited],
      serialization: "json",
      ipc: onMessage,
    });
  } catch (cause) {
    throw new Failure(
      `Cannot start worker "${id}": cannot run "${process.execPath}": ${sentenceOf(cause)}`,
      {
        source: "internal",
        cause,
      },
    );
  }
}
