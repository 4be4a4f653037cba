/**
 * States of files, out of the errors of the system, for sentences: `Cannot read "a": no such file`.
 *
 * @module
 */

import { errorCodeOf, sentenceOf } from "./failure.ts";

const STATES: Record<string, string> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EACCES: "no permission",
  EPERM: "no permission",
  EISDIR: "it is a directory",
  EROFS: "the file system is read-only",
  ENOSPC: "no space is left",
};

/** The state of a file that could not be read or written; else the message of what was thrown. */
export function fileStateOf(thrown: unknown): string {
  return STATES[errorCodeOf(thrown) ?? ""] ?? sentenceOf(thrown);
}
