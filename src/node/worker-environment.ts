/**
 * The environment of a worker process: what `options.env` says of the node's own, without what changes how Bun runs this
 * program, and with the options that workers run with.
 *
 * @module
 */

import { chosenVariables } from "#base/process-environment.ts";
import { withRuntimeOptions } from "#base/runtime-options.ts";
import type { EnvironmentConfig } from "#config/component/process-config.ts";

/**
 * Names of variables that are cleared.
 *
 * All that begin with `BUN_` are read by Bun alone: some run other code (`BUN_OPTIONS`, `BUN_BE_BUN`,
 * `BUN_INSPECT_PRELOAD`), some let a debugger in (`BUN_INSPECT`, `BUN_INSPECT_CONNECT_TO`), the others set up
 * its engine and its sockets. Of those of Node.js, Bun obeys one that changes a worker: with
 * `NODE_TLS_REJECT_UNAUTHORIZED=0` certificates of servers are not checked.
 */
const CLEARED: readonly RegExp[] = [/^BUN_/, /^NODE_TLS_REJECT_UNAUTHORIZED$/];

/** Variables by which a worker finds its Python, and Python its modules: a worker has them whatever `options.env` says. */
const KEPT = ["PATH", "VIRTUAL_ENV", "CROSSPROXY_PYTHON", "PYTHONPATH"];

/** Variables by name. Those of `vars` are not cleared: the operator has written them for this worker. */
export function workerEnvironment(
  { inherit, vars }: EnvironmentConfig = { inherit: true, vars: {} },
  own: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string | undefined> {
  const inherited = Object.entries(chosenVariables(inherit, own)).filter(
    ([name]) => !CLEARED.some((pattern) => pattern.test(name)),
  );
  const kept = chosenVariables(KEPT, own);
  return withRuntimeOptions({ ...Object.fromEntries(inherited), ...vars, ...kept });
}
