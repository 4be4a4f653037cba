/**
 * The challenge of WAMP-cryptosign: 32 random octets, and the same signed with Ed25519.
 *
 *     CHALLENGE extra.challenge        64 hex digits
 *     AUTHENTICATE signature          192 hex digits: signature (64 octets), signed message (32)
 *
 * Where a channel is bound, what is signed is the challenge XOR the channel's id.
 * (WAMP specification, section "Cryptosign-based Authentication"; Autobahn|Python.)
 *
 * @module
 */

import { signEd25519, verifyEd25519 } from "#base/ed25519.ts";

/** A new challenge. */
export function makeChallenge(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex");
}

/** What answers a challenge in AUTHENTICATE; undefined: it is no challenge of 32 octets in hex. */
export function signChallenge(challenge: unknown, privateKey: string): string | undefined {
  if (typeof challenge !== "string" || !/^[0-9a-f]{64}$/i.test(challenge)) return undefined;
  const message = Buffer.from(challenge, "hex");
  return Buffer.from(signEd25519(message, privateKey)).toString("hex") + message.toString("hex");
}

/** Whether the owner of a public key has signed this very message, 32 octets in hex. */
export function isSigned(expected: string, signature: string, publicKey: string): boolean {
  if (!/^[0-9a-f]{192}$/i.test(signature)) return false;
  const octets = Buffer.from(signature, "hex");
  const message = octets.subarray(64);
  return (
    message.equals(Buffer.from(expected, "hex")) &&
    verifyEd25519(message, octets.subarray(0, 64), publicKey)
  );
}
