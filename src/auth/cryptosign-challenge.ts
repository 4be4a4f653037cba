/**
 * The challenge of WAMP-cryptosign: 32 random octets, and their Ed25519 signature.
 *
 *     CHALLENGE extra.challenge        64 hex digits
 *     AUTHENTICATE signature          192 hex digits: signature (64 octets), signed message (32)
 *
 * With a channel binding, the signed message is the challenge XOR the channel id.
 * (WAMP specification, section "Cryptosign-based Authentication"; Autobahn|Python.)
 *
 * @module
 */

import { signEd25519, verifyEd25519 } from "#base/ed25519.ts";

/** A new challenge. */
export function makeChallenge(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex");
}

/** AUTHENTICATE's signature for a challenge; undefined: the challenge is not 32 octets in hex. */
export function signChallenge(challenge: unknown, privateKey: string): string | undefined {
  if (typeof challenge !== "string" || !/^[0-9a-f]{64}$/i.test(challenge)) return undefined;
  const message = Buffer.from(challenge, "hex");
  return Buffer.from(signEd25519(message, privateKey)).toString("hex") + message.toString("hex");
}

/** Whether a public key verifies the signature of exactly this message, 32 octets in hex. */
export function isSigned(expected: string, signature: string, publicKey: string): boolean {
  if (!/^[0-9a-f]{192}$/i.test(signature)) return false;
  const octets = Buffer.from(signature, "hex");
  const message = octets.subarray(64);
  return (
    message.equals(Buffer.from(expected, "hex")) &&
    verifyEd25519(message, octets.subarray(0, 64), publicKey)
  );
}
