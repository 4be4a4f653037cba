/**
 * GuestProcess: any program that the node starts and ends; the node knows only its process.
 *
 * A guest runs in a process group of its own, and the whole group ends with it: otherwise programs that the
 * guest started would stay when it ends, and each restart would add some.
 *
 * @module
 */

import { resolve } from "node:path";
import { Failure, sentenceOf } from "#base/failure.ts";
import { isExecutableFile } from "#base/file-access.ts";
import { isFolder } from "#base/folder-state.ts";
import { orphanWatch } from "#base/orphan-watch.ts";
import { processEnvironment } from "#base/process-environment.ts";
import { exitOf, type ProcessExit } from "#base/process-exit.ts";
import type { GuestWorkerConfig, WatchConfig } from "#config/guest/guest-config.ts";
import type { RestartMode } from "#config/node/worker-options-config.ts";
import type { Logger } from "#observe/logger.ts";
import { logOutput } from "#observe/process-output.ts";
import { FolderWatch } from "./folder-watch.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** Time for a guest to end when its files have changed. */
const RESTART_DEADLINE_MS = 5_000;

/** A running guest. */
export class GuestProcess implements WorkerProcess {
  readonly pid: number;
  /** A guest is ready as soon as it runs; it listens on nothing that the node knows of. */
  readonly ready: Promise<string[]> = Promise.resolve([]);
  readonly exited: Promise<ProcessExit>;
  readonly #process: Bun.Subprocess;
  readonly #restart: RestartMode;
  #isOutdated = false;

  /**
   * Spawns the guest; its output goes to the log that `logOf` makes for its process id.
   *
   * @throws Failure when there is no such executable, or it cannot be run.
   */
  constructor(config: GuestWorkerConfig, logOf: (pid: number) => Logger) {
    this.#process = spawn(config);
    this.#restart = config.options.restart;
    this.pid = this.#process.pid;
    void writeInput(this.#process.stdin, config.options.stdin);
    const release = orphanWatch.add(-this.pid, "SIGTERM");
    const log = logOf(this.pid);
    const watch = config.options.watch && this.#watch(config.options.watch, log);
    const output = logOutput(this.#process, log);
    this.exited = this.#process.exited.then(async () => {
      watch?.stop();
      // Children that outlive the guest have no parent that would end them.
      this.#signal("SIGKILL");
      release();
      await output;
      return exitOf(this.#process);
    });
  }

  get isOutdated(): boolean {
    return this.#isOutdated;
  }

  /** A guest that ends with exit code 0 has done its work, unless it is always to run. */
  shouldRestart({ exitCode }: ProcessExit): boolean {
    return this.#restart === "always" || (this.#restart === "on-failure" && exitCode !== 0);
  }

  /** Guests read no certificates. */
  renewCertificates(): void {}

  /** Sends SIGTERM to the guest and its children, and SIGKILL to those left after the deadline. */
  async shutdown(deadlineMs: number): Promise<"ended" | "killed"> {
    let outcome: "ended" | "killed" = "ended";
    this.#signal("SIGTERM");
    const timer = setTimeout(() => {
      outcome = "killed";
      this.kill();
    }, deadlineMs);
    await this.exited;
    clearTimeout(timer);
    return outcome;
  }

  /** Ends the guest and its children at once. */
  kill(): void {
    this.#signal("SIGKILL");
  }

  #watch({ directories, action, timeout }: WatchConfig, log: Logger): FolderWatch {
    return new FolderWatch({
      folders: directories,
      quietMs: timeout,
      onChange: (path) => {
        log.info("watched file changed", { path, action: action ?? "none" });
        if (action !== "restart") return;
        this.#isOutdated = true;
        void this.shutdown(RESTART_DEADLINE_MS);
      },
      onTooMany: (watched) => log.warn("too many files: the others are not watched", { watched }),
    });
  }

  #signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // ESRCH: the whole group has ended.
    }
  }
}

function spawn(config: GuestWorkerConfig): Bun.Subprocess {
  const { stdin, stdout, stderr } = config.options;
  const executable = findExecutable(config);
  const { workdir } = config.options;
  // The system says of a missing folder that there is no such program.
  if (!isFolder(workdir)) throw failure(config, `no such folder to run it in: "${workdir}"`);
  try {
    return Bun.spawn([executable, ...config.arguments], {
      cwd: workdir,
      env: processEnvironment(config.options.env),
      detached: true,
      stdio: [
        stdin === "close" ? "ignore" : "pipe",
        stdout === "log" ? "pipe" : "ignore",
        stderr === "log" ? "pipe" : "ignore",
      ],
    });
  } catch (cause) {
    throw failure(config, sentenceOf(cause), cause);
  }
}

/** Writes the configured value to standard input. */
async function writeInput(
  sink: Bun.FileSink | number | undefined,
  stdin: GuestWorkerConfig["options"]["stdin"],
): Promise<void> {
  if (typeof sink !== "object" || typeof stdin !== "object") return;
  try {
    await sink.write(stdin.text);
    await (stdin.close ? sink.end() : sink.flush());
  } catch {
    // EPIPE: the guest ended, or closed its input, before it had read everything.
  }
}

/** As in Crossbar: a file below the working folder comes first, then the node's own PATH. */
function findExecutable(config: GuestWorkerConfig): string {
  const { executable, options } = config;
  const file = resolve(options.workdir, executable);
  if (isExecutableFile(file)) return file;
  const found = executable.includes("/") ? null : Bun.which(executable);
  if (found === null) throw failure(config, "no such executable file, also not in PATH");
  return found;
}

function failure({ id, executable }: GuestWorkerConfig, state: string, cause?: unknown): Failure {
  const sentence = `Cannot start worker "${id}": cannot run "${executable}": ${state}`;
  return new Failure(sentence, { source: "config", cause });
}
