/**
 * The environment of a process that the node starts, from `options.env` of its worker.
 *
 * @module
 */

import type { EnvironmentConfig } from "#config/component/process-config.ts";

/**
 * Variables by name: the node's own as far as `inherit` allows, then `vars`.
 *
 * `PYTHONUNBUFFERED` is set to 1 unless one of them sets it, as Crossbar does: without it a Python
 * program's output is logged only when its buffer is full.
 */
export function processEnvironment(
  { inherit, vars }: EnvironmentConfig,
  own: Record<string, string | undefined> = process.env,
): Record<string, string> {
  return { PYTHONUNBUFFERED: "1", ...chosenVariables(inherit, own), ...vars };
}

/** All variables, none, or those with these names that are set. */
export function chosenVariables(
  inherit: EnvironmentConfig["inherit"],
  own: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const names = inherit === true ? Object.keys(own) : inherit || [];
  const chosen = names.flatMap((name) => {
    const value = own[name];
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(chosen);
}
