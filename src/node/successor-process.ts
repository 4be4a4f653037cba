/**
 * SuccessorProcess: the node that is started to serve in place of this one; predecessor.ts is its side, and has the
 * messages.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import { exitOf, printExit } from "#base/process-exit.ts";
import { isRecord } from "#base/record.ts";
import { withinTime } from "#base/within-time.ts";
import type { BackendName } from "#observe/backend-facts.ts";
import { HANDED_OVER, type HandedOver, type TakeOver } from "./predecessor.ts";

/** The first descriptor of a process behind those of its input and output. */
const FIRST_DESCRIPTOR = 3;

/** Longest time until all of its workers listen, which start in groups. */
const READY_DEADLINE_MS = 240_000;

/** Longest time to take over, and to end where it is not to. */
const STEP_DEADLINE_MS = 10_000;

/** The process of a node that follows. */
export class SuccessorProcess {
  readonly #process: Bun.Subprocess;
  readonly #ready = Promise.withResolvers<string>();
  readonly #taken = Promise.withResolvers<void>();

  /**
   * Spawns the program. It gets the sockets of `handedOver`, by other descriptors, and `environment` on top of that of
   * this process.
   *
   * @throws Failure when it cannot be spawned.
   */
  constructor(
    command: readonly string[],
    handedOver: HandedOver,
    environment: Readonly<Record<string, string>>,
  ) {
    const { sockets } = handedOver;
    const renumbered = sockets.map((socket, index) => ({
      ...socket,
      descriptor: FIRST_DESCRIPTOR + index,
    }));
    const variable = JSON.stringify({ ...handedOver, sockets: renumbered });
    this.#ready.promise.catch(() => {});
    this.#taken.promise.catch(() => {});
    try {
      this.#process = Bun.spawn([...command], {
        env: { ...process.env, ...environment, [HANDED_OVER]: variable },
        stdio: ["inherit", "inherit", "inherit", ...sockets.map(({ descriptor }) => descriptor)],
        serialization: "json",
        ipc: (message) => this.#receive(message),
      });
    } catch (cause) {
      throw failure(`cannot run "${command[0]}": ${sentenceOf(cause)}`, cause);
    }
    void this.#process.exited.then(() => this.#onExit());
  }

  get pid(): number {
    return this.#process.pid;
  }

  /**
   * Waits until its workers listen; gives its release.
   *
   * @throws Failure when they do not; then the process has ended.
   */
  async untilReady(): Promise<string> {
    const seconds = READY_DEADLINE_MS / 1000;
    if (
      !(await withinTime(
        this.#ready.promise.catch(() => {}),
        READY_DEADLINE_MS,
      ))
    ) {
      this.#ready.reject(failure(`the new process was not ready after ${seconds} seconds`));
    }
    return this.#ready.promise.catch(async (thrown: unknown) => {
      await this.end();
      throw thrown;
    });
  }

  /** Lets it take over, with these marks of backends; false: it has ended instead. */
  async takeOver(downMarks: readonly BackendName[]): Promise<boolean> {
    try {
      this.#process.send({ kind: "take_over", downMarks } satisfies TakeOver);
    } catch {
      // It has ended, which is noticed below.
    }
    const isAlive = this.#taken.promise.then(
      () => true,
      () => false,
    );
    // One that is slow has the sockets, too.
    await withinTime(isAlive, STEP_DEADLINE_MS);
    // It outlives this process.
    this.#process.unref();
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Ends it, with its workers. */
  async end(): Promise<void> {
    this.#process.kill("SIGTERM");
    if (await withinTime(this.#process.exited, STEP_DEADLINE_MS)) return;
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }

  #receive(message: unknown): void {
    if (!isRecord(message)) return;
    const { kind, release, sentence } = message;
    if (kind === "ready") this.#ready.resolve(String(release));
    else if (kind === "taken") this.#taken.resolve();
    else if (kind === "failed") {
      this.#ready.reject(failure(String(sentence).replace(/^Cannot /, "cannot ")));
    }
  }

  #onExit(): void {
    const exit = printExit(exitOf(this.#process));
    const thrown = failure(`the new process ended with ${exit}; its output says why`);
    this.#ready.reject(thrown);
    this.#taken.reject(thrown);
  }
}

function failure(state: string, cause?: unknown): Failure {
  return new Failure(state, { source: "internal", cause });
}
