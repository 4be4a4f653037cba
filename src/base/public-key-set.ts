/**
 * JWK Sets with the public keys of an issuer of tokens (RFC 7517, section 5).
 *
 * @module
 */

import { readFileSync, statSync } from "node:fs";
import { isRecord } from "./record.ts";

/** Longest text of a set, in octets. */
export const MAX_KEY_SET_OCTETS = 262_144;

/** The state of a longer text. */
export const TOO_LONG = `it is longer than ${MAX_KEY_SET_OCTETS} octets`;

/** Most keys of a set: a token that does not name its key is tried with each. */
const MAX_KEYS = 100;

/** Types of keys that have a public part. */
const PUBLIC_TYPES: readonly unknown[] = ["EC", "OKP", "RSA"];

/** A public key; its other parameters depend on its type. */
export interface PublicKey extends Record<string, unknown> {
  kty: string;
}

/** The public keys of an issuer. */
export interface PublicKeySet {
  keys: PublicKey[];
}

/**
 * Reads a JWK Set. Secrets, private keys and keys for encryption are left out, so that no token can be checked
 * with them.
 *
 * @throws Error with the state of a text that is no such set, or has no key that can be used.
 */
export function readPublicKeySet(text: string): PublicKeySet {
  const keys = keysIn(text);
  if (keys.length > MAX_KEYS) throw new Error(`it has more than ${MAX_KEYS} keys`);
  const usable = keys.filter(isForSignatures);
  if (usable.length === 0) throw new Error("it has no public key for signatures");
  return { keys: usable };
}

/**
 * Reads the JWK Set in a file.
 *
 * @throws errors of the system; Error with the state of a file that cannot be used.
 */
export function readPublicKeyFile(file: string): PublicKeySet {
  const stat = statSync(file);
  if (!stat.isFile()) throw new Error("it is no file");
  if (stat.size > MAX_KEY_SET_OCTETS) throw new Error(TOO_LONG);
  return readPublicKeySet(readFileSync(file, "utf8"));
}

function keysIn(text: string): unknown[] {
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    throw new Error("it is no JSON");
  }
  const keys = isRecord(set) ? set["keys"] : undefined;
  if (!Array.isArray(keys)) throw new Error('it is no JWK Set, an object with the list "keys"');
  return keys;
}

function isForSignatures(key: unknown): key is PublicKey {
  if (!isRecord(key) || !PUBLIC_TYPES.includes(key["kty"])) return false;
  const { use = "sig" } = key;
  return use === "sig" && !Object.hasOwn(key, "d");
}
