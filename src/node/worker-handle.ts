/**
 * One worker process as its controller sees it: spawned, ready or failed, told to stop, gone.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import type { WorkerConfig } from "#config/node-config.ts";
import {
  type MessageToWorker,
  parseMessageToController,
  type StartContext,
} from "./control-message.ts";
import { workerCommand } from "./self-exec.ts";

/** How a process ended: one of the two is set. */
export interface WorkerExit {
  exitCode: number | null;
  signal: string | null;
}

/** Time to become ready; a worker may have an archive to download first. */
const READY_DEADLINE_MS = 30_000;

/** A running worker process. */
export class WorkerHandle {
  readonly config: WorkerConfig;
  readonly pid: number;
  /** What the worker listens on, once it does; rejects with the one sentence why it does not. */
  readonly ready: Promise<string[]>;
  /** Resolves when the process is gone; never rejects. */
  readonly exited: Promise<WorkerExit>;
  readonly #process: Bun.Subprocess;

  /**
   * Spawns the process and sends it its configuration.
   *
   * @throws Failure when the process cannot be spawned.
   */
  constructor(config: WorkerConfig, context: StartContext, folder: string) {
    const ready = Promise.withResolvers<string[]>();
    this.config = config;
    this.ready = ready.promise;
    // Whoever waits gets the rejection; nobody waiting is no unhandled one.
    this.ready.catch(() => {});

    this.#process = spawn(config.id, folder, (message) => this.#receive(message, ready));
    this.pid = this.#process.pid;
    this.exited = this.#process.exited.then(
      (): WorkerExit => ({
        exitCode: this.#process.exitCode,
        signal: this.#process.signalCode === null ? null : String(this.#process.signalCode),
      }),
    );

    const deadline = setTimeout(() => {
      ready.reject(this.#failure(`not ready after ${READY_DEADLINE_MS / 1000} seconds`));
    }, READY_DEADLINE_MS);
    this.ready.finally(() => clearTimeout(deadline)).catch(() => {});
    this.exited
      .then((exit) => ready.reject(this.#failure(`it ended with ${printExit(exit)}`)))
      .catch(() => {});

    this.#send({ kind: "start", config, context });
  }

  /** Asks the worker to read its certificates again. */
  renewCertificates(): void {
    this.#send({ kind: "renew_certificates" });
  }

  /** Asks the worker to end; after the deadline it is killed. Says whether it had to be. */
  async shutdown(deadlineMs: number): Promise<"ended" | "killed"> {
    this.#send({ kind: "shutdown" });
    const deadline = Promise.withResolvers<"killed">();
    const timer = setTimeout(() => {
      this.kill();
      deadline.resolve("killed");
    }, deadlineMs);
    const outcome = await Promise.race([
      this.exited.then(() => "ended" as const),
      deadline.promise,
    ]);
    clearTimeout(timer);
    await this.exited;
    return outcome;
  }

  /** Ends the process at once. */
  kill(): void {
    this.#process.kill("SIGKILL");
  }

  #receive(value: unknown, ready: PromiseWithResolvers<string[]>): void {
    const message = parseMessageToController(value);
    if (message === undefined) {
      ready.reject(this.#failure("it sent what is no control message"));
    } else if (message.kind === "ready") {
      ready.resolve(message.urls);
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
      // The channel closes when the process ends, and `exited` tells that to everybody.
    }
  }
}

/** Says in words how a process ended. */
export function printExit(exit: WorkerExit): string {
  return exit.signal === null ? `exit code ${exit.exitCode}` : `signal ${exit.signal}`;
}

function spawn(id: string, folder: string, receive: (message: unknown) => void): Bun.Subprocess {
  try {
    return Bun.spawn(workerCommand(), {
      cwd: folder,
      stdio: ["ignore", "inherit", "inherit"],
      serialization: "json",
      ipc: receive,
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
