/**
 * Prints the faults and warnings of a configuration.
 *
 * @module
 */

import { type ConfigIssue, printIssue } from "#config/text/config-issue.ts";
import { warningLines } from "#config/text/warning-lines.ts";
import type { Logger } from "#observe/logger.ts";
import { writeCompletely } from "#observe/write-output.ts";

/** Prints every fault on a line of its own, then how many there are. */
export function reportFaults(faults: readonly ConfigIssue[], file: string): void {
  const count = faults.length === 1 ? "1 problem" : `${faults.length} problems`;
  const lines = [...faults.map(printIssue), `${count} in ${file}`];
  writeCompletely("stderr", lines.map((line) => `${line}\n`).join(""));
}

/** The same as records of a log. */
export function logFaults(faults: readonly ConfigIssue[], log: Logger): void {
  for (const { sentence, ...place } of faults) log.error(sentence, place);
}

/** Prints the warnings, those of one sentence in one line. */
export function reportWarnings(warnings: readonly ConfigIssue[]): void {
  for (const line of warningLines(warnings)) writeCompletely("stderr", `warning: ${line}\n`);
}
