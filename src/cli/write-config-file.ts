/**
 * Writes the configuration file that a command has made of another one.
 *
 * @module
 */

import { existsSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { extname } from "node:path";
import { errorCodeOf, Failure } from "#base/failure.ts";
import { fileStateOf } from "#base/file-state.ts";

/** The options of such a command. */
export interface OutputChoice {
  output?: string | undefined;
  /** Whether a file that is there may be replaced. */
  force?: boolean | undefined;
}

/** What is written, and where. */
export interface NewConfigFile {
  output: string;
  text: string;
  /** The file that it was made of. */
  file: string;
  /** What its name has to end in: the text is of that format. */
  extensions: readonly string[];
  isForced: boolean;
}

/**
 * Writes the file, with the mode of the other one, as there may be secrets in it.
 *
 * @throws Failure when it cannot be written there.
 */
export function writeConfigFile({ output, text, file, extensions, isForced }: NewConfigFile): void {
  if (existsSync(output) && realpathSync(output) === realpathSync(file)) {
    throw failure(output, "it is the file that it is made of");
  }
  if (!extensions.includes(extname(output).toLowerCase())) {
    throw failure(
      output,
      `its name has to end in ${extensions.join(" or ")}, the format of its text`,
    );
  }
  const mode = statSync(file).mode & 0o777;
  try {
    writeFileSync(output, text, { flag: isForced ? "w" : "wx", mode });
  } catch (thrown) {
    throw failure(output, stateOf(thrown));
  }
}

function failure(output: string, state: string): Failure {
  return new Failure(`Cannot write "${output}": ${state}`, { source: "config" });
}

function stateOf(thrown: unknown): string {
  const code = errorCodeOf(thrown);
  if (code === "EEXIST") return "there is such a file; --force replaces it";
  return code === "ENOENT" || code === "ENOTDIR" ? "no such folder" : fileStateOf(thrown);
}
