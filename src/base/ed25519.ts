/**
 * Ed25519 (RFC 8032) with keys as WAMP and Crossbar write them: 32 octets in lower-case hex.
 *
 * @module
 */

import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

/** What stands before the 32 octets of a private key in PKCS #8, and of a public key in SPKI (RFC 8410). */
const PRIVATE_HEAD = "302e020100300506032b657004220420";
const PUBLIC_HEAD = "302a300506032b6570032100";

/** Whether a text is a key, private or public. */
export function isEd25519Key(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** A new private key. */
export function makePrivateKey(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex");
}

/** The public key of a private one. */
export function publicKeyOf(privateKey: string): string {
  const spki = createPublicKey(privateKeyObject(privateKey)).export({
    format: "der",
    type: "spki",
  });
  return spki.subarray(-32).toString("hex");
}

/** The signature, of 64 octets. */
export function signEd25519(message: Uint8Array, privateKey: string): Uint8Array {
  return sign(null, message, privateKeyObject(privateKey));
}

/** Whether the owner of a key signed a message. */
export function verifyEd25519(
  message: Uint8Array,
  signature: Uint8Array,
  publicKey: string,
): boolean {
  const key = Buffer.from(PUBLIC_HEAD + publicKey, "hex");
  try {
    return verify(null, message, createPublicKey({ key, format: "der", type: "spki" }), signature);
  } catch {
    // A key that is no point of the curve signs nothing.
    return false;
  }
}

function privateKeyObject(privateKey: string): KeyObject {
  const key = Buffer.from(PRIVATE_HEAD + privateKey, "hex");
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}
