/**
 * Ed25519 (RFC 8032) with keys in the form of WAMP and Crossbar: 32 octets in lower-case hex.
 *
 * @module
 */

import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

/** DER octets before the 32 of a private key in PKCS #8, and of a public key in SPKI (RFC 8410). */
const PRIVATE_PREFIX = "302e020100300506032b657004220420";
const PUBLIC_PREFIX = "302a300506032b6570032100";

/** Whether a text is a key, private or public. */
export function isEd25519Key(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** A new private key. */
export function makePrivateKey(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex");
}

/** The public key of a private key. */
export function publicKeyOf(privateKey: string): string {
  const spki = createPublicKey(privateKeyObject(privateKey)).export({
    format: "der",
    type: "spki",
  });
  return spki.subarray(-32).toString("hex");
}

/** Signs a message; the signature has 64 octets. */
export function signEd25519(message: Uint8Array, privateKey: string): Uint8Array {
  return sign(null, message, privateKeyObject(privateKey));
}

/** Whether a public key verifies the signature of a message. */
export function verifyEd25519(
  message: Uint8Array,
  signature: Uint8Array,
  publicKey: string,
): boolean {
  const key = Buffer.from(PUBLIC_PREFIX + publicKey, "hex");
  try {
    return verify(null, message, createPublicKey({ key, format: "der", type: "spki" }), signature);
  } catch {
    // The key is not a point of the curve.
    return false;
  }
}

function privateKeyObject(privateKey: string): KeyObject {
  const key = Buffer.from(PRIVATE_PREFIX + privateKey, "hex");
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}
