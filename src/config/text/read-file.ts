/**
 * Files that are read whole: the configuration, and small ones that it names, such as files with a secret.
 *
 * @module
 */

import { readFileSync, statSync } from "node:fs";

/** The octets of a file; throws the state of one that is no file, or longer. */
export function readOctets(file: string, mostOctets: number): Uint8Array {
  const stat = statSync(file);
  if (stat.isDirectory()) throw new Error("it is a directory");
  if (!stat.isFile()) throw new Error("it is no file");
  if (stat.size > mostOctets) throw new Error(`it is longer than ${mostOctets} octets`);
  return readFileSync(file);
}

/** The text of a file, in UTF-8. */
export function readText(file: string, mostOctets: number): string {
  const octets = readOctets(file, mostOctets);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch {
    throw new Error("it is not UTF-8 text");
  }
}
