/**
 * The node's key, with which its proxies authenticate to routers: `key.priv` and `key.pub` in the
 * folder of the configuration. Only the controller makes the files, when the key is first needed.
 *
 * @module
 */

import { hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";

import { isEd25519Key, makePrivateKey, publicKeyOf } from "#base/ed25519.ts";
import { Failure } from "#base/failure.ts";
import {
  exists,
  type KeyTags,
  keyFailure,
  publicTagsOf,
  readPrivateFile,
  readPublicFile,
  repairMode,
  writeNewFile,
} from "./key-file.ts";

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
    writeNewFile(files.public, "crossproxy node public key", publicTagsOf(tags), 0o644);
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
function readKey(files: KeyFiles): { key: NodeKey; tags: KeyTags } {
  const tags = readPrivateFile(files.private);
  const key = keyOf(tags, files.private);
  if (exists(files.public)) {
    const publicTags = readPublicFile(files.public);
    for (const tag of ["public-key-ed25519", "public-adr-eth"]) {
      if (publicTags.get(tag) === tags.get(tag)) continue;
      const sentence = `its ${tag} is not that of "${files.private}"`;
      throw keyFailure(`Cannot use node key "${files.public}": ${sentence}`);
    }
  }
  return { key, tags };
}

/** Refuses a public key without its private one: the node had an identity that is lost. */
function refusePublicKeyAlone(files: KeyFiles): void {
  // The private file is checked again, because another process may have made both meanwhile.
  if (!exists(files.public) || exists(files.private)) return;
  const sentence = `"${files.public}" is there, and its private key is not`;
  throw keyFailure(`Cannot make node key "${files.private}": ${sentence}`);
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

function keyOf(tags: KeyTags, file: string): NodeKey {
  const privateKey = tags.get("private-key-ed25519")?.toLowerCase() ?? "";
  if (!isEd25519Key(privateKey)) {
    throw keyFailure(`Cannot use node key "${file}": private-key-ed25519 is not 64 hex digits`);
  }
  const publicKey = publicKeyOf(privateKey);
  if (tags.get("public-key-ed25519") !== publicKey) {
    throw keyFailure(`Cannot use node key "${file}": its two keys are not a pair`);
  }
  return { publicKey, privateKey };
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
