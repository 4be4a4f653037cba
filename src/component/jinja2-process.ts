/**
 * Jinja2Process: the operator's Jinja2, in a Python process that renders one page after the other.
 *
 * The process is started for the first order, and after its end for the next one. A page that takes too long ends it,
 * and no other page: those wait for the next process. Orders and answers are lines of JSON on its standard input and
 * output.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";
import { Failure, sentenceOf } from "#base/failure.ts";
import { orphanWatch } from "#base/orphan-watch.ts";
import { exitOf, printExit } from "#base/process-exit.ts";
import { killGroup } from "#base/process-group.ts";
import { isRecord } from "#base/record.ts";
import { RestartPolicy } from "#base/restart-policy.ts";
import { withinTime } from "#base/within-time.ts";
import type { PythonOptions } from "#config/component/process-config.ts";
import type { Logger } from "#observe/logger.ts";
import { logLines } from "#observe/process-output.ts";
import type { Value } from "#template/engine-value.ts";
import type { Jinja2Fault, PageRenderer, TemplatePlace } from "#template/page-renderer.ts";
import { pythonJson } from "#template/python-json.ts";
import { RenderError } from "#template/render-error.ts";
import { componentEnvironment } from "./component-environment.ts";
import source from "./page_renderer.py" with { type: "text" };
import { BOOTSTRAP, bootstrapInput, EXIT_TOO_OLD } from "./python-bootstrap.ts";
import { requirePython } from "./python-interpreter.ts";

/** Times in milliseconds. */
const TIMES = {
  /** For the interpreter to import Jinja2, and to read the templates of all paths. */
  start: 20_000,
  /** For a page, and before it for those that came earlier. */
  page: 5_000,
  wait: 10_000,
};

/** Time for a process to end that has closed its output. */
const EXIT_MS = 1_000;

/** Most pages at once. */
const MAX_PAGES = 100;

/** Most characters of an order. */
const MAX_ORDER = 16 * 1024 * 1024;

/** Most octets of an answer: in JSON, a page of 16 MiB may be six times as long. */
const MAX_ANSWER = 100 * 1024 * 1024;

const LINE_FEED = 0x0a;

/** What the process needs of its worker. */
export interface Jinja2Context {
  /** Folder of the configuration, and the one in which the node was started. */
  folder: string;
  startFolder: string;
  /** Makes the log of a process by its id. */
  logOf: (pid: number) => Logger;
  /** Aborted when the worker is asked to end. */
  ending: AbortSignal;
}

type Child = Bun.Subprocess<"pipe", "pipe", "pipe">;

type Answer = Record<string, unknown>;

interface Running {
  child: Child;
  answers: AsyncGenerator<Answer, undefined>;
  startedAt: number;
}

/** The Jinja2 of one worker. */
export class Jinja2Process implements PageRenderer {
  release: string | undefined;
  readonly #options: PythonOptions;
  readonly #context: Jinja2Context;
  readonly #times: typeof TIMES;
  readonly #restarts = new RestartPolicy();
  #running: Running | null = null;
  /** Set where the first start has failed. */
  #unusable: Failure | undefined;
  /** When the last process has ended, and how long after that the next one is started. */
  #endedAt = 0;
  #delayMs = 0;
  #hasEnded = false;
  /** Settles when all orders so far are done. */
  #turn: Promise<void> = Promise.resolve();
  #orders = 0;

  constructor(options: PythonOptions, context: Jinja2Context, times = TIMES) {
    this.#options = options;
    this.#context = context;
    this.#times = times;
  }

  async faultsOf({ folder, isSandboxed }: TemplatePlace, name: string): Promise<Jinja2Fault[]> {
    const order = JSON.stringify({ folder, isSandboxed, name });
    const { start } = this.#times;
    const answer = await this.#inTurn(order, start, start);
    if (answer !== "late" && Array.isArray(answer?.["faults"])) return answer["faults"];
    throw unavailable(`"${name}" is not read`);
  }

  async render(
    { folder, isSandboxed }: TemplatePlace,
    name: string,
    value: Value,
  ): Promise<string> {
    const failed = (state: string) =>
      new RenderError("failed", `Cannot render "${name}": ${state}`);
    const begin = JSON.stringify({ folder, isSandboxed, name }).slice(0, -1);
    const order = `${begin},"value":${pythonJson(value)}}`;
    if (order.length > MAX_ORDER) throw failed("the result is too long");
    if (this.#orders >= MAX_PAGES) throw unavailable(`${MAX_PAGES} pages wait for it`);
    const { wait, page } = this.#times;
    const answer = await this.#inTurn(order, wait, page);
    if (answer === "late") throw failed(`it takes longer than ${page} ms`);
    if (typeof answer?.["page"] === "string") return answer["page"];
    throw failed(String(answer?.["failed"] ?? "the process of Jinja2 has ended"));
  }

  /** Ends the process at once, and starts none any more. */
  end(): void {
    this.#hasEnded = true;
    this.#kill();
  }

  /** The answer to an order, which is sent when those before it are done; null: the process has ended. */
  async #inTurn(order: string, waitMs: number, ms: number): Promise<Answer | "late" | null> {
    const before = this.#turn;
    const done = Promise.withResolvers<void>();
    this.#turn = done.promise;
    this.#orders += 1;
    try {
      if (await withinTime(before, waitMs)) return await this.#ask(order, ms);
      throw unavailable(`what was asked before takes longer than ${waitMs} ms`);
    } finally {
      this.#orders -= 1;
      void before.then(done.resolve);
    }
  }

  async #ask(order: string, ms: number): Promise<Answer | "late" | null> {
    const { child, answers } = await this.#started();
    send(child, `${order}\n`);
    const next = answers.next();
    const isInTime = await withinTime(next, ms);
    const answer = isInTime ? ((await next).value ?? null) : "late";
    if (answer === "late" || answer === null) this.#kill();
    return answer;
  }

  async #started(): Promise<Running> {
    if (this.#running !== null) return this.#running;
    if (this.#unusable !== undefined) throw this.#unusable;
    await Bun.sleep(Math.max(0, this.#endedAt + this.#delayMs - performance.now()));
    // A worker that is to end does not wait for its interpreter.
    const { ending } = this.#context;
    const stop = () => this.end();
    ending.addEventListener("abort", stop);
    try {
      return await this.#start();
    } catch (thrown) {
      this.#kill();
      // What has run before may run again.
      if (this.release === undefined && thrown instanceof Failure) this.#unusable = thrown;
      throw thrown;
    } finally {
      ending.removeEventListener("abort", stop);
    }
  }

  /** @throws Failure when there is no interpreter with Jinja2. */
  async #start(): Promise<Running> {
    const { startFolder, ending, logOf } = this.#context;
    if (this.#hasEnded || ending.aborted) throw unavailable("the worker ends");
    const interpreter = requirePython(this.#options.python, startFolder);
    const running = this.#spawn(interpreter);
    const { child, answers } = running;
    send(child, bootstrapInput({}, source));
    const next = answers.next();
    const isInTime = await withinTime(next, this.#times.start);
    const first = isInTime ? (await next).value : undefined;
    const { jinja2, python } = first ?? {};
    if (typeof jinja2 !== "string" || typeof python !== "string") {
      const state = isInTime ? await stateOf(child, first) : "it does not answer";
      throw unusable(interpreter, state);
    }
    this.release = `Jinja2 ${jinja2} of "${interpreter}"`;
    logOf(child.pid).info("templates are rendered by Jinja2", { interpreter, python, jinja2 });
    return running;
  }

  #spawn(python: string): Running {
    const { folder, startFolder, logOf } = this.#context;
    const child = spawn(python, folder, componentEnvironment(this.#options, startFolder, folder));
    const running = { child, answers: answersOf(child.stdout), startedAt: performance.now() };
    this.#running = running;
    const log = logOf(child.pid);
    logLines(child.stderr, log.warn).catch(() => {});
    const release = orphanWatch.add(-child.pid, "SIGCONT");
    void child.exited.then(() => {
      // What templates without a sandbox have started has no parent that would end it.
      killGroup(child.pid);
      release();
      this.#forget(running);
      if (this.#hasEnded || this.release === undefined) return;
      const ended = printExit(exitOf(child));
      log.error("Jinja2 died", { ended, restart_ms: this.#delayMs });
    });
    return running;
  }

  #kill(): void {
    if (this.#running === null) return;
    killGroup(this.#running.child.pid);
    this.#forget(this.#running);
  }

  #forget(running: Running): void {
    if (this.#running !== running) return;
    this.#running = null;
    this.#endedAt = performance.now();
    this.#delayMs = this.#restarts.nextDelayMs(this.#endedAt - running.startedAt);
  }
}

/** @throws Failure when the interpreter cannot be run. */
function spawn(python: string, cwd: string, env: Record<string, string>): Child {
  try {
    return Bun.spawn([python, "-u", "-c", BOOTSTRAP], {
      cwd,
      env,
      stdio: ["pipe", "pipe", "pipe"],
      // A process group of its own: an interpreter may be a script with children.
      detached: true,
    });
  } catch (thrown) {
    throw unusable(python, sentenceOf(thrown));
  }
}

function send({ stdin }: Child, octets: string | Uint8Array): void {
  try {
    // EPIPE: the process has ended, and gives no answer.
    Promise.all([stdin.write(octets), stdin.flush()]).catch(() => {});
  } catch {
    // The same.
  }
}

/** The answers of a process; other lines, which the interpreter may print before them, are left out. */
async function* answersOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Answer, undefined> {
  let begin: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    let rest = chunk;
    for (let end = rest.indexOf(LINE_FEED); end !== -1; end = rest.indexOf(LINE_FEED)) {
      const answer = readAnswer(Buffer.concat([...begin, rest.subarray(0, end)]).toString());
      if (answer !== null) yield answer;
      rest = rest.subarray(end + 1);
      begin = [];
      length = 0;
    }
    begin.push(rest);
    length += rest.length;
    if (length > MAX_ANSWER) return;
    // A stream that always has more would keep the loop from everything else, also from deadlines.
    await setImmediate();
  }
}

function readAnswer(line: string): Answer | null {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/** Why an interpreter cannot render. */
async function stateOf(child: Child, first: Answer | undefined): Promise<string> {
  if (typeof first?.["unusable"] === "string") return first["unusable"];
  const hasEnded = await withinTime(child.exited, EXIT_MS);
  const isTooOld = hasEnded && child.exitCode === EXIT_TOO_OLD;
  return isTooOld ? "it is older than Python 3.9" : "it ended at its start";
}

function unusable(python: string, state: string): Failure {
  const hint = `it needs Python 3.9 and Jinja2: ${python} -m pip install jinja2`;
  return new Failure(`Cannot render templates with "${python}": ${state}; ${hint}`, {
    source: "config",
  });
}

function unavailable(state: string): Failure {
  return new Failure(`Cannot ask Jinja2: ${state}`, { source: "internal" });
}
