/**
 * KeySource: finds the key with which the signature of a token is checked.
 *
 * @module
 */

import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import type { PublicKeySet } from "#base/public-key-set.ts";

/** The keys of an issuer of tokens. */
export interface KeySource {
  /**
   * Finds a key for the header of a token.
   *
   * @throws KeysUnavailable; errors of jose when no key, or not one alone, fits.
   */
  readonly find: JWTVerifyGetKey;
  /** Stops work in the background. */
  close(): void;
}

/** There are no keys at present, so that no token can be checked. */
export class KeysUnavailable extends Error {}

/** Finds keys among those of a set, by the algorithm and the id of the key that a token names. */
export function keysAmong(set: PublicKeySet): JWTVerifyGetKey {
  return createLocalJWKSet(set as JSONWebKeySet);
}

/** A secret in place of keys. */
export function secretKey(secret: string): KeySource {
  const octets = new TextEncoder().encode(secret);
  return { find: () => octets, close() {} };
}
