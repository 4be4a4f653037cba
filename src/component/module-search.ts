/**
 * Looks for what components and authenticators would load, and loads none of it: their code does not run.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import { killGroup } from "#base/process-group.ts";
import { isRecord } from "#base/record.ts";
import type { PythonName, PythonOptions } from "#config/component/process-config.ts";
import { componentEnvironment } from "./component-environment.ts";
import source from "./module-search.py" with { type: "text" };
import { BOOTSTRAP, bootstrapInput, EXIT_TOO_OLD } from "./python-bootstrap.ts";
import { requirePython } from "./python-interpreter.ts";

const MAX_MS = 5_000;

/** Characters of the answer, which has a sentence for each name. */
const MAX_ANSWER = 4 * 1024 * 1024;

/** Where components are searched for. */
export interface ModuleSearch {
  options: PythonOptions;
  /** The folder of the configuration. */
  folder: string;
  /** Milliseconds until a process is ended that has not answered. */
  maxMs?: number;
}

/** A sentence for each name that cannot be loaded, null for each other, in the order of the names. */
export async function searchModules(
  search: ModuleSearch,
  wanted: readonly PythonName[],
): Promise<(string | null)[]> {
  let python: string;
  try {
    python = requirePython(search.options.python, process.cwd());
  } catch (failure) {
    return wanted.map(() => sentenceOf(failure));
  }
  const found = await run(python, search, wanted).catch(
    (thrown: unknown) => `Cannot run "${python}": ${sentenceOf(thrown)}`,
  );
  if (typeof found === "string") return wanted.map(() => found);
  return wanted.map((name, index) => {
    const state = found[index];
    return typeof state === "string"
      ? `Cannot load ${nameOf(name)} with "${python}": ${state}`
      : null;
  });
}

function nameOf(name: PythonName): string {
  return "name" in name ? `"${name.name}"` : `wamplet "${name.entrypoint}"`;
}

/** The states of the names; a sentence where no component can be run at all. */
async function run(
  python: string,
  { options, folder, maxMs = MAX_MS }: ModuleSearch,
  wanted: readonly PythonName[],
): Promise<unknown[] | string> {
  const start = process.cwd();
  const child = Bun.spawn([python, "-c", BOOTSTRAP], {
    cwd: folder,
    env: componentEnvironment(options, start, folder),
    stdin: bootstrapInput({ wanted, start }, source),
    stderr: "ignore",
    // In a process group of its own, for an interpreter may be a script with children.
    detached: true,
  });
  const reader = child.stdout.getReader();
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), maxMs);
  const ended = await Promise.race([Promise.all([lastOf(reader), child.exited]), late.promise]);
  clearTimeout(timer);
  const refuse = (state: string) => `Cannot run components with "${python}": ${state}`;
  if (ended === null) {
    killGroup(child.pid);
    // A program that it has started may keep its output open, in a group of its own.
    void reader.cancel();
    child.unref();
    return refuse(`it has not answered within ${maxMs} ms`);
  }
  const [output, exitCode] = ended;
  if (exitCode === EXIT_TOO_OLD) return refuse("it is older than Python 3.9");
  const answer = readAnswer(output);
  if (answer === null) return refuse(`it gave no answer and ended with exit code ${exitCode}`);
  if (answer["has_autobahn"] === false)
    return refuse("it has no autobahn; CROSSPROXY_PYTHON can name another");
  return Array.isArray(answer["states"]) ? answer["states"] : [];
}

/** The last characters of an output: other code of the interpreter may print without end. */
async function lastOf(reader: {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
}): Promise<string> {
  const decoder = new TextDecoder();
  let last = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return last;
    last = (last + decoder.decode(value, { stream: true })).slice(-MAX_ANSWER);
  }
}

/** The answer is the last line: other code of the interpreter may print before. */
function readAnswer(output: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(output.trimEnd().split("\n").at(-1) ?? "");
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}
