/**
 * `crossproxy init`: writes a node that works into a folder.
 *
 * @module
 */

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCodeOf, Failure } from "#base/failure.ts";
import { fileStateOf } from "#base/file-state.ts";
import { findConfigFile } from "#config/find-config-file.ts";
import { writeCompletely } from "#observe/write-output.ts";
import { EXAMPLE_FILES } from "./example-node.ts";
import { ExitCode } from "./exit-code.ts";

/**
 * Writes the files, and makes the folder if need be; returns the exit code.
 *
 * @throws Failure when there is a configuration, or one of the files, and then nothing is written; or when a file
 * cannot be written.
 */
export function initCommand(folder: string): number {
  const config = findConfigFile(folder);
  if (config !== null) {
    throw new Failure(`Cannot make a node in "${folder}": there is one already, "${config}"`, {
      source: "internal",
    });
  }
  const files = Object.entries(EXAMPLE_FILES).map(([name, text]) => ({
    file: join(folder, name),
    text,
  }));
  const present = files.find(({ file }) => existsSync(file));
  if (present !== undefined) throw failure(present.file, "there is such a file");
  for (const { file, text } of files) {
    write(file, text);
    writeCompletely("stdout", `Wrote "${file}"\n`);
  }
  const start = folder === "." ? "crossproxy start" : `cd ${shellWord(folder)} && crossproxy start`;
  writeCompletely("stdout", `To start the node: ${start}\n`);
  return ExitCode.clean;
}

function write(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: "wx" });
  } catch (thrown) {
    const isThere = errorCodeOf(thrown) === "EEXIST";
    throw failure(file, isThere ? "something else has its name" : fileStateOf(thrown));
  }
}

function failure(file: string, state: string): Failure {
  return new Failure(`Cannot write "${file}": ${state}`, { source: "internal" });
}

function shellWord(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
