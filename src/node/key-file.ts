/**
 * Files of the node's key: how one is read, checked and written.
 *
 *     <a title>
 *
 *     creator: joe@host
 *     created-at: 2026-11-23T03:17:49.123Z
 *     ...
 *     public-key-ed25519: <64 hex digits>
 *     private-key-ed25519: <64 hex digits>      in key.priv only
 *
 * This is Crossbar's format. Crossbar's key for Ethereum is accepted in the files and never made;
 * Crossbar adds one when it reads them.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { errorCodeOf, Failure } from "#base/failure.ts";
import { fileStateOf } from "#base/file-state.ts";

/** The values of a file by their tag. */
export type KeyTags = Map<string, string>;

/** The tags that the public file may have. */
const PUBLIC_TAGS: readonly string[] = [
  "creator",
  "created-at",
  "machine-id",
  "node-authid",
  "node-cluster-ip",
  "public-key-ed25519",
  "public-adr-eth",
];
const PRIVATE_TAGS = [...PUBLIC_TAGS, "private-key-ed25519", "private-key-eth"];

/** A file without these is refused, as in Crossbar. */
const REQUIRED_TAGS = ["creator", "created-at", "machine-id", "public-key-ed25519"];

/**
 * Reads the private file.
 *
 * @throws Failure when it cannot be read, or is malformed.
 */
export function readPrivateFile(file: string): KeyTags {
  return readTags(file, [...REQUIRED_TAGS, "private-key-ed25519"], PRIVATE_TAGS);
}

/**
 * Reads the public file.
 *
 * @throws Failure when it cannot be read, or is malformed.
 */
export function readPublicFile(file: string): KeyTags {
  return readTags(file, REQUIRED_TAGS, PUBLIC_TAGS);
}

/** The tags of a private file that belong into the public one. */
export function publicTagsOf(tags: KeyTags): KeyTags {
  return new Map([...tags].filter(([tag]) => PUBLIC_TAGS.includes(tag)));
}

/**
 * Creates a file, completely or not at all. A file that another process created meanwhile stays, and
 * its key is used.
 *
 * @throws Failure when the file cannot be created.
 */
export function writeNewFile(file: string, title: string, tags: KeyTags, mode: number): void {
  const lines = [...tags].map(([tag, value]) => `${tag}: ${value}\n`);
  const partial = `${file}.${randomUUID()}`;
  try {
    const descriptor = openSync(partial, "wx", mode);
    try {
      writeSync(descriptor, `${title}\n\n${lines.join("")}`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    linkSync(partial, file);
  } catch (thrown) {
    if (errorCodeOf(thrown) !== "EEXIST") {
      throw keyFailure(`Cannot make node key "${file}": ${fileStateOf(thrown)}`, thrown);
    }
  } finally {
    rmSync(partial, { force: true });
  }
}

/**
 * Removes permissions of other users beyond the wanted mode; a stricter mode stays. Returns a warning
 * when the mode was changed, or belongs to a file system that is read-only, as a Secret of Kubernetes does.
 *
 * @throws Failure when the mode cannot be changed for another reason.
 */
export function repairMode(file: string, wanted: number): string | undefined {
  const mode = statSync(file).mode & 0o777;
  if ((mode & 0o077 & ~wanted) === 0) return undefined;
  const before = mode.toString(8).padStart(4, "0");
  try {
    chmodSync(file, wanted);
  } catch (thrown) {
    if (errorCodeOf(thrown) === "EROFS") {
      return `mode of "${file}" is ${before}, and cannot be changed: the file system is read-only`;
    }
    const sentence = `Cannot use node key "${file}": its mode is ${before}, and cannot be changed`;
    throw keyFailure(sentence, thrown);
  }
  return `mode of "${file}" was ${before}, is now ${wanted.toString(8).padStart(4, "0")}`;
}

/** Whether there is a file, or anything else, with this name. */
export function exists(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

/** Reads the lines after the first empty one. Failures quote no value, because one is a secret. */
function readTags(file: string, required: readonly string[], known: readonly string[]): KeyTags {
  const tags: KeyTags = new Map();
  const lines = readText(file).split(/\r?\n/);
  const start = lines.findIndex((line) => line.trim() === "");
  for (const line of start < 0 ? [] : lines.slice(start)) {
    if (line.trim() === "") continue;
    const colon = line.indexOf(":");
    const tag = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (!known.includes(tag))
      throw keyFailure(`Cannot use node key "${file}": it has an unknown line`);
    if (tags.has(tag)) throw keyFailure(`Cannot use node key "${file}": it has ${tag} twice`);
    tags.set(tag, line.slice(colon + 1).trim());
  }
  const missing = required.find((tag) => !tags.has(tag));
  if (missing !== undefined) {
    const hint = tags.size === 0 ? "; a new pair is made once it is moved away" : "";
    throw keyFailure(`Cannot use node key "${file}": it has no ${missing}${hint}`);
  }
  return tags;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (thrown) {
    throw keyFailure(`Cannot read node key "${file}": ${fileStateOf(thrown)}`, thrown);
  }
}

/** A failure to use or make a file of the key. */
export function keyFailure(sentence: string, cause?: unknown): Failure {
  return new Failure(sentence, { source: "config", cause });
}
