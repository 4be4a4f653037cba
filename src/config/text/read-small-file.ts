/**
 * Small files that node.json names, such as files with a secret.
 *
 * @module
 */

import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { sentenceOf } from "#base/failure.ts";
import type { Report } from "./report.ts";

/** A longer file is neither a secret nor a certificate. */
const MOST_OCTETS = 65_536;

/** The octets of a file; its name is relative to the folder of node.json. */
export function readSmallFile(name: string, report: Report): Uint8Array {
  const file = resolve(report.folder, name);
  const stat = statSync(file);
  if (!stat.isFile()) throw new Error("it is no file");
  if (stat.size > MOST_OCTETS) throw new Error(`it is longer than ${MOST_OCTETS} octets`);
  return readFileSync(file);
}

/** The state of a file that could not be read, for a fault: `no such file` and so on. */
export function fileStateOf(thrown: unknown): string {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR") return "no such file";
  return code === "EACCES" ? "no permission" : sentenceOf(thrown);
}
