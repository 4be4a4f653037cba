/**
 * Normalized principals of static authmethods.
 *
 * @module
 */

/** A node whose proxies are trusted. */
export interface ProxyPrincipalConfig {
  /** Ed25519 public keys in lower-case hex, one of which is that of the node. */
  authorized_keys: string[];
}

/** A user of WAMP-CRA; `salt`, `iterations` and `keylen` (octets) are given together or not at all. */
export interface WampCraUser {
  secret: string;
  /** Absent: no client can join as this principal. */
  role?: string;
  salt?: string;
  iterations?: number;
  keylen?: number;
}

/** A principal of SCRAM; keys and salt are in lower-case hex, `memory` is KiB (argon2id-13 only). */
export interface ScramPrincipal {
  kdf: "pbkdf2" | "argon2id-13";
  iterations: number;
  memory?: number;
  salt: string;
  "stored-key": string;
  "server-key": string;
  /** Absent: no client can join as this principal. */
  role?: string;
}

/** A principal of WAMP-cryptosign; keys are Ed25519, in lower-case hex. */
export interface CryptosignPrincipal {
  authorized_keys: string[];
  /** Absent: no client can join as this principal. */
  role?: string;
  realm?: string;
}

/** The certificate of a root authority; addresses are `0x` and lower-case hex. */
export interface TrustrootConfig {
  /** A decimal number. */
  chain_id: string;
  verifying_contract: string;
  issuer: string;
  realm_address: string;
  role: string;
  /** Realm that delegates join, whichever they ask for. */
  realm?: string;
}

/** A principal by the fingerprint of its certificate, spelled as in `ClientCertificate`. */
export interface TlsPrincipal {
  "certificate-sha1"?: string;
  "certificate-sha256"?: string;
  /** Absent: no client can join as this principal. */
  role?: string;
}
