/**
 * The environment of a worker process: the node's own, without what changes how Bun runs this program, and with the
 * options that workers run with.
 *
 * @module
 */

import { withRuntimeOptions } from "#base/runtime-options.ts";

/**
 * Names of variables that are cleared.
 *
 * All that begin with `BUN_` are read by Bun alone: some run other code (`BUN_OPTIONS`, `BUN_BE_BUN`,
 * `BUN_INSPECT_PRELOAD`), some let a debugger in (`BUN_INSPECT`, `BUN_INSPECT_CONNECT_TO`), the others set up
 * its engine and its sockets. Of those of Node.js, Bun obeys one that changes a worker: with
 * `NODE_TLS_REJECT_UNAUTHORIZED=0` certificates of servers are not checked.
 */
const CLEARED: readonly RegExp[] = [/^BUN_/, /^NODE_TLS_REJECT_UNAUTHORIZED$/];

/** Variables by name: the given ones but those to clear, and the options of workers. */
export function workerEnvironment(
  own: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string | undefined> {
  const kept = Object.entries(own).filter(
    ([name]) => !CLEARED.some((pattern) => pattern.test(name)),
  );
  return withRuntimeOptions(Object.fromEntries(kept));
}
