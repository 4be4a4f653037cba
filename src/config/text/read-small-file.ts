/**
 * Small files that node.json names, such as one with a secret.
 *
 * @module
 */

import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { sentenceOf } from "#base/failure.ts";
import type { Report } from "./report.ts";

/** More is neither a secret that somebody shows nor a certificate. */
const MOST_OCTETS = 65_536;

/** The octets of a file, by a name that counts from the folder of node.json. */
export function readSmallFile(name: string, report: Report): Uint8Array {
  const file = resolve(report.folder, name);
  const stat = statSync(file);
  if (!stat.isFile()) throw new Error("it is no file");
  if (stat.size > MOST_OCTETS) throw new Error(`it is longer than ${MOST_OCTETS} octets`);
  return readFileSync(file);
}

/** What was thrown when a file could not be read, in the words of a fault. */
export function fileStateOf(thrown: unknown): string {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR") return "no such file";
  return code === "EACCES" ? "no permission" : sentenceOf(thrown);
}
