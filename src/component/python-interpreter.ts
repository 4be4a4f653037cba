/**
 * Which Python interpreter runs components and authenticators.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { Failure } from "#base/failure.ts";

/**
 * The file of a worker's interpreter: `options.python`, else the environment variable
 * CROSSPROXY_PYTHON, else that of the virtual environment VIRTUAL_ENV, else `python3` in PATH.
 *
 * The first that is set decides; a file that cannot be executed is not replaced by the next. Relative paths in
 * variables count from the folder in which the node was started, and not from the present one.
 *
 * @throws Failure when none is set, and there is no `python3` in PATH; or no program that CROSSPROXY_PYTHON names.
 */
export function requirePython(
  configured: string | undefined,
  startFolder: string,
  env: Record<string, string | undefined> = process.env,
): string {
  if (configured) return configured;
  const { CROSSPROXY_PYTHON: named, VIRTUAL_ENV: folder, PATH = "" } = env;
  if (named?.includes("/")) return resolve(startFolder, named);
  if (folder && !named) return resolve(startFolder, join(folder, "bin", "python"));
  const found = Bun.which(named || "python3", { PATH, cwd: startFolder });
  if (found !== null) return found;
  const state = named
    ? `CROSSPROXY_PYTHON is "${named}", and PATH has no such program`
    : "none of options.python, CROSSPROXY_PYTHON and VIRTUAL_ENV is set, and PATH has no python3";
  throw new Failure(`Cannot find a Python interpreter: ${state}`, { source: "config" });
}
