/**
 * Which Python interpreter runs components and authenticators.
 *
 * @module
 */

import { join } from "node:path";
import { Failure } from "#base/failure.ts";

/**
 * The file of a worker's interpreter: `options.python`, else the environment variable
 * CROSSPROXY_PYTHON, else that of the virtual environment VIRTUAL_ENV, else `python3` in PATH.
 *
 * The first that is set decides; a file that cannot be executed is not replaced by the next.
 *
 * @throws Failure when none is set, and there is no `python3` in PATH.
 */
export function requirePython(
  configured: string | undefined,
  env: Record<string, string | undefined> = process.env,
): string {
  if (configured) return configured;
  const { CROSSPROXY_PYTHON: named, VIRTUAL_ENV: folder, PATH = "" } = env;
  if (named) return named;
  if (folder) return join(folder, "bin", "python");
  const found = Bun.which("python3", { PATH });
  if (found !== null) return found;
  throw new Failure(
    "Cannot find a Python interpreter: none of options.python, CROSSPROXY_PYTHON and VIRTUAL_ENV is set, and PATH has no python3",
    { source: "config" },
  );
}
