/**
 * The node's key, with which its proxies prove to routers whose they are: `key.priv` and `key.pub`
 * in the folder of the configuration, in Crossbar's format.
 *
 *     <a title>
 *
 *     creator: joe@host
 *     created-at: 2026-11-23T03:17:49.123Z
 *     ...
 *     public-key-ed25519: <64 hex digits>
 *     private-key-ed25519: <64 hex digits>      in key.priv only
 *
 * Crossbar's key for Ethereum is accepted beside it and never made; Crossbar adds one when it reads
 * the files. The files are made on first need, by the controller alone.
 *
 * @module
 */

import { hkdfSync, randomUUID } from "node:crypto";
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
import { hostname, userInfo } from "node:os";
import { join } from "node:path";

import { isEd25519Key, makePrivateKey, publicKeyOf } from "#base/ed25519.ts";
import { Failure } from "#base/failure.ts";

/** Both keys, 64 lower-case hex digits each. */
export interface NodeKey {
  publicKey: string;
  privateKey: string;
}

/** A key that is ready, and what an operator is to be told of its files. */
export interface LoadedNodeKey {
  key: NodeKey;
  isNew: boolean;
  warnings: string[];
}

const PUBLIC_TAGS = [
  "creator",
  "created-at",
  "machine-id",
  "node-authid",
  "node-cluster-ip",
  "public-key-ed25519",
  "public-adr-eth",
] as const;
const PRIVATE_TAGS = [...PUBLIC_TAGS, "private-key-ed25519", "private-key-eth"] as const;

/** Without these a file is not taken, by Crossbar neither. */
const NEEDED_TAGS = ["creator", "created-at", "machine-id", "public-key-ed25519"];

type Tags = Map<string, string>;

/**
 * Reads the key of the node in a folder, and makes it when there is none.
 *
 * @throws Failure when the files are not sound, do not fit each other, or cannot be made or guarded.
 */
export function loadNodeKey(folder: string, nodeId: string): LoadedNodeKey {
  const files = filesIn(folder);
  const isNew = !exists(files.private);
  if (isNew) makePrivateFile(files, nodeId);
  const { key, tags } = readKey(files);
  if (!exists(files.public)) {
    const open = [...tags].filter(([tag]) => PUBLIC_TAGS.includes(tag as never));
    writeNewFile(files.public, "crossproxy node public key", new Map(open), 0o644);
  }
  const warnings = [repairMode(files.private, 0o600), repairMode(files.public, 0o644)];
  return { key, isNew, warnings: warnings.filter((warning) => warning !== undefined) };
}

/**
 * Looks at the key of the node, if there is one, and changes nothing.
 *
 * @throws Failure when its files are not sound, do not fit each other, or one of them is missing.
 */
export function checkNodeKey(folder: string): void {
  const files = filesIn(folder);
  if (exists(files.private)) readKey(files);
  else refuseHalf(files);
}

/**
 * The key of which salts for unknown authids are made, in hex: of the node's key where there is one, so
 * that it outlives the node; otherwise another at each start. It is not made for this.
 */
export function decoyKey(folder: string): string {
  return Buffer.from(hkdfSync("sha256", seedIn(folder), "", "crossproxy disguises", 32)).toString(
    "hex",
  );
}

function seedIn(folder: string): string {
  try {
    return readKey(filesIn(folder)).key.privateKey;
  } catch (thrown) {
    // What is wrong with a key is told to whoever needs it as a key.
    if (!(thrown instanceof Failure)) throw thrown;
    return makePrivateKey();
  }
}

interface KeyFiles {
  private: string;
  public: string;
}

function filesIn(folder: string): KeyFiles {
  return { private: join(folder, "key.priv"), public: join(folder, "key.pub") };
}

/** The key, which has to be that of the public file too where there is one. */
function readKey(files: KeyFiles): { key: NodeKey; tags: Tags } {
  const tags = readTags(files.private, [...NEEDED_TAGS, "private-key-ed25519"], PRIVATE_TAGS);
  const key = keyOf(tags, files.private);
  if (exists(files.public)) {
    const publicTags = readTags(files.public, NEEDED_TAGS, PUBLIC_TAGS);
    for (const tag of ["public-key-ed25519", "public-adr-eth"]) {
      if (publicTags.get(tag) === tags.get(tag)) continue;
      const sentence = `its ${tag} is not that of "${files.private}"`;
      throw failure(`Cannot use node key "${files.public}": ${sentence}`);
    }
  }
  return { key, tags };
}

/** A public key without its private one says that the node had another identity. */
function refuseHalf(files: KeyFiles): void {
  // The private one is looked at again, for another process may have made both in between.
  if (!exists(files.public) || exists(files.private)) return;
  const sentence = `"${files.public}" is there, and its private key is not`;
  throw failure(`Cannot make node key "${files.private}": ${sentence}`);
}

function makePrivateFile(files: KeyFiles, nodeId: string): void {
  refuseHalf(files);
  const privateKey = makePrivateKey();
  const tags = new Map([
    ["creator", creator()],
    ["created-at", new Date().toISOString()],
    ["machine-id", machineId()],
    ["node-authid", nodeId],
    ["node-cluster-ip", "127.0.0.1"],
    ["public-key-ed25519", publicKeyOf(privateKey)],
    ["private-key-ed25519", privateKey],
  ]);
  writeNewFile(files.private, "crossproxy node private key: nobody else may read it", tags, 0o600);
}

function keyOf(tags: Tags, file: string): NodeKey {
  const privateKey = tags.get("private-key-ed25519")?.toLowerCase() ?? "";
  if (!isEd25519Key(privateKey)) {
    throw failure(`Cannot use node key "${file}": private-key-ed25519 is not 64 hex digits`);
  }
  const publicKey = publicKeyOf(privateKey);
  if (tags.get("public-key-ed25519") !== publicKey) {
    throw failure(`Cannot use node key "${file}": its two keys are not a pair`);
  }
  return { publicKey, privateKey };
}

/** The lines behind the first empty one. Values are never told, for one of them is a secret. */
function readTags(file: string, needed: readonly string[], known: readonly string[]): Tags {
  const tags: Tags = new Map();
  const lines = readText(file).split(/\r?\n/);
  const start = lines.findIndex((line) => line.trim() === "");
  for (const line of start < 0 ? [] : lines.slice(start)) {
    if (line.trim() === "") continue;
    const colon = line.indexOf(":");
    const tag = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (!known.includes(tag))
      throw failure(`Cannot use node key "${file}": it has an unknown line`);
    if (tags.has(tag)) throw failure(`Cannot use node key "${file}": it has ${tag} twice`);
    tags.set(tag, line.slice(colon + 1).trim());
  }
  const missing = needed.find((tag) => !tags.has(tag));
  if (missing !== undefined) {
    const hint = tags.size === 0 ? "; a new pair is made once it is moved away" : "";
    throw failure(`Cannot use node key "${file}": it has no ${missing}${hint}`);
  }
  return tags;
}

/**
 * Makes a file that was not there, whole or not at all. One that came in between stays: then another
 * process was first, and its key is read.
 */
function writeNewFile(file: string, title: string, tags: Tags, mode: number): void {
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
    if (codeOf(thrown) !== "EEXIST") {
      throw failure(`Cannot make node key "${file}": ${stateOf(thrown)}`, thrown);
    }
  } finally {
    rmSync(partial, { force: true });
  }
}

/**
 * Takes away what others may do with a file beyond its mode; a stricter mode stays. What is said of it.
 *
 * @throws Failure when that cannot be done.
 */
function repairMode(file: string, wanted: number): string | undefined {
  const mode = statSync(file).mode & 0o777;
  if ((mode & 0o077 & ~wanted) === 0) return undefined;
  const before = mode.toString(8).padStart(4, "0");
  try {
    chmodSync(file, wanted);
  } catch (thrown) {
    const sentence = `Cannot use node key "${file}": its mode is ${before}, and cannot be changed`;
    throw failure(sentence, thrown);
  }
  return `mode of "${file}" was ${before}, is now ${wanted.toString(8).padStart(4, "0")}`;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (thrown) {
    throw failure(`Cannot read node key "${file}": ${stateOf(thrown)}`, thrown);
  }
}

function exists(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

/** Whoever is asked in vain, as in an image without users, is unknown. */
function creator(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return "unknown";
  }
}

function machineId(): string {
  try {
    return readFileSync("/etc/machine-id", "utf8").trim() || hostname();
  } catch {
    return hostname();
  }
}

const STATES: Record<string, string> = {
  EACCES: "no permission",
  EPERM: "no permission",
  EROFS: "the file system is read-only",
  ENOSPC: "no space is left",
  EISDIR: "it is a directory",
  ENOENT: "no such file",
};

function stateOf(thrown: unknown): string {
  return STATES[codeOf(thrown)] ?? codeOf(thrown);
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unknown fault";
}

function failure(sentence: string, cause?: unknown): Failure {
  return new Failure(sentence, { source: "config", cause });
}
