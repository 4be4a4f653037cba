/**
 * The node's key, with which its proxies authenticate to routers: `key.priv` and `key.pub` in the
 * folder of the configuration, in Crossbar's format.
 *
 *     <a title>
 *
 *     creator: joe@host
 *     created-at: 2026-11-23T03:17:49.123Z
 *     ...
 *     public-key-ed25519: <64 hex digits>
 *     private-key-ed25519: <64 hex digits>      in key.priv only
 *
 * Crossbar's key for Ethereum is accepted in the files and never made; Crossbar adds one when it reads
 * them. Only the controller makes the files, when the key is first needed.
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

/** A pair of keys, 64 lower-case hex digits each. */
export interface NodeKey {
  publicKey: string;
  privateKey: string;
}

/** A key that is ready for use, and warnings about its files. */
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

/** A file without these is refused, as in Crossbar. */
const REQUIRED_TAGS = ["creator", "created-at", "machine-id", "public-key-ed25519"];

type Tags = Map<string, string>;

/**
 * Reads the node's key in a folder, and makes it if there is none.
 *
 * @throws Failure when the files are malformed or do not match, or when they or their modes cannot be
 * written.
 */
export function loadNodeKey(folder: string, nodeId: string): LoadedNodeKey {
  const files = filesIn(folder);
  const isNew = !exists(files.private);
  if (isNew) makePrivateFile(files, nodeId);
  const { key, tags } = readKey(files);
  if (!exists(files.public)) {
    const publicTags = [...tags].filter(([tag]) => PUBLIC_TAGS.includes(tag as never));
    writeNewFile(files.public, "crossproxy node public key", new Map(publicTags), 0o644);
  }
  const warnings = [repairMode(files.private, 0o600), repairMode(files.public, 0o644)];
  return { key, isNew, warnings: warnings.filter((warning) => warning !== undefined) };
}

/**
 * Checks the node's key, if there is one, and changes nothing.
 *
 * @throws Failure when its files are malformed or do not match, or the private one is missing.
 */
export function checkNodeKey(folder: string): void {
  const files = filesIn(folder);
  if (exists(files.private)) readKey(files);
  else refusePublicKeyAlone(files);
}

/**
 * The key of the salts for unknown authids, in hex. It is derived from the node's key if there is one,
 * so that it survives a restart of the node; otherwise each start has another. The node's key is not
 * made for this.
 */
export function decoyKey(folder: string): string {
  // A change of this label changes the salts of all unknown authids, which reveals them.
  const label = "crossproxy disguises";
  return Buffer.from(hkdfSync("sha256", decoySeed(folder), "", label, 32)).toString("hex");
}

function decoySeed(folder: string): string {
  try {
    return readKey(filesIn(folder)).key.privateKey;
  } catch (thrown) {
    // Faults of the key are reported where it is used for signing.
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

/** Reads the private file, and compares the public one with it if there is one. */
function readKey(files: KeyFiles): { key: NodeKey; tags: Tags } {
  const tags = readTags(files.private, [...REQUIRED_TAGS, "private-key-ed25519"], PRIVATE_TAGS);
  const key = keyOf(tags, files.private);
  if (exists(files.public)) {
    const publicTags = readTags(files.public, REQUIRED_TAGS, PUBLIC_TAGS);
    for (const tag of ["public-key-ed25519", "public-adr-eth"]) {
      if (publicTags.get(tag) === tags.get(tag)) continue;
      const sentence = `its ${tag} is not that of "${files.private}"`;
      throw failure(`Cannot use node key "${files.public}": ${sentence}`);
    }
  }
  return { key, tags };
}

/** Refuses a public key without its private one: the node had an identity that is lost. */
function refusePublicKeyAlone(files: KeyFiles): void {
  // The private file is checked again, because another process may have made both meanwhile.
  if (!exists(files.public) || exists(files.private)) return;
  const sentence = `"${files.public}" is there, and its private key is not`;
  throw failure(`Cannot make node key "${files.private}": ${sentence}`);
}

function makePrivateFile(files: KeyFiles, nodeId: string): void {
  refusePublicKeyAlone(files);
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

/** Reads the lines after the first empty one. Failures quote no value, because one is a secret. */
function readTags(file: string, required: readonly string[], known: readonly string[]): Tags {
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
  const missing = required.find((tag) => !tags.has(tag));
  if (missing !== undefined) {
    const hint = tags.size === 0 ? "; a new pair is made once it is moved away" : "";
    throw failure(`Cannot use node key "${file}": it has no ${missing}${hint}`);
  }
  return tags;
}

/**
 * Creates a file, completely or not at all. A file that another process created meanwhile stays, and
 * its key is used.
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
 * Removes permissions of other users beyond the wanted mode; a stricter mode stays. Returns a warning
 * when the mode was changed.
 *
 * @throws Failure when the mode cannot be changed.
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

/** User and host; `unknown` where the system has no users, as in some container images. */
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
