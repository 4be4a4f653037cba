/**
 * The options of Bun's engine and of its memory allocator with which workers run, as variables of their environment.
 *
 * @module
 */

/** Options that the node's own environment may set otherwise. */
const ALLOCATOR_OPTIONS = {
  // Milliseconds after which mimalloc gives unused memory back to the system; its own 10 made messages of some
  // kilobytes cost a page fault each.
  MIMALLOC_PURGE_DELAY: "1000",
};

const ENGINE_OPTIONS = {
  // A function is compiled by the last and dearest compiler of JavaScriptCore after eight times the runs that Bun asks
  // for. A release of Bun that does not know the option starts no worker.
  BUN_JSC_thresholdForFTLOptimizeAfterWarmUp: "500000",
};

/** An environment with the options of workers (docs/decisions/0017). */
export function withRuntimeOptions(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return { ...ALLOCATOR_OPTIONS, ...environment, ...ENGINE_OPTIONS };
}

/** Called by a worker: programs that it starts do not inherit the options that the node has set. */
export function forgetRuntimeOptions(own: Record<string, string | undefined> = process.env): void {
  for (const [name, value] of Object.entries({ ...ALLOCATOR_OPTIONS, ...ENGINE_OPTIONS })) {
    if (own[name] === value) delete own[name];
  }
}
