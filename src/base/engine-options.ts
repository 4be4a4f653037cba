/**
 * The options of Bun's engine (JavaScriptCore) with which workers run, as variables of their environment.
 *
 * @module
 */

/**
 * A function is compiled by the last and dearest compiler after eight times the runs that Bun asks for:
 * docs/decisions/0017. A release of Bun that does not know an option starts no worker.
 */
export const ENGINE_OPTIONS = { BUN_JSC_thresholdForFTLOptimizeAfterWarmUp: "500000" };

/** Called by a worker: programs that it starts do not inherit the options of its engine. */
export function forgetEngineOptions(own: Record<string, string | undefined> = process.env): void {
  for (const name of Object.keys(ENGINE_OPTIONS)) delete own[name];
}
