/**
 * Certificates of WAMP-cryptosign, signed as typed data of Ethereum (EIP-712).
 *
 * A delegate certificate binds a public key (Ed25519) to an address; authority certificates lead from
 * there to a root. (WAMP specification, section "Cryptosign-based Authentication", "Certificates".)
 *
 * Addresses are `0x` and 40 hex digits in lower case, other octets hex without a prefix.
 *
 * @module
 */

import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { isRecord } from "./record.ts";

/** The attributes of both kinds; `validFrom` is the number of a block of the chain. */
interface Common {
  chainId: bigint;
  verifyingContract: string;
  validFrom: bigint;
  meta: string;
}

/** Binds a public key to an address; signed by the address itself. */
export interface DelegateCertificate extends Common {
  kind: "delegate";
  delegate: string;
  csPubKey: string;
  bootedAt: bigint;
}

/** Gives a subject capabilities in a realm; signed by its issuer. */
export interface AuthorityCertificate extends Common {
  kind: "authority";
  issuer: string;
  subject: string;
  realm: string;
  capabilities: bigint;
}

/** A certificate of either kind. */
export type Eip712Certificate = DelegateCertificate | AuthorityCertificate;

/** Bits of `capabilities` that permit to sign certificates. */
export const Capability = { rootCa: 1n, intermediateCa: 2n } as const;

/** Type and name of each attribute, in the order in which they are hashed. */
const FIELDS = {
  delegate: [
    ["uint256", "chainId"],
    ["address", "verifyingContract"],
    ["uint256", "validFrom"],
    ["address", "delegate"],
    ["bytes32", "csPubKey"],
    ["uint64", "bootedAt"],
    ["string", "meta"],
  ],
  authority: [
    ["uint256", "chainId"],
    ["address", "verifyingContract"],
    ["uint256", "validFrom"],
    ["address", "issuer"],
    ["address", "subject"],
    ["address", "realm"],
    ["uint64", "capabilities"],
    ["string", "meta"],
  ],
} as const;

type Kind = keyof typeof FIELDS;
type FieldType = (typeof FIELDS)[Kind][number][0];

const TYPE_NAMES = {
  delegate: "EIP712DelegateCertificate",
  authority: "EIP712AuthorityCertificate",
} as const;

/**
 * Reads typed data, `{"primaryType": …, "domain": …, "message": …}`; addresses and keys may be octets,
 * as in files, or hex, as in HELLO. Undefined: the value is no certificate.
 */
export function parseEip712Certificate(value: unknown): Eip712Certificate | undefined {
  if (!isRecord(value)) return undefined;
  const { primaryType, domain, message } = value as Record<
    "primaryType" | "domain" | "message",
    unknown
  >;
  const kind = (["delegate", "authority"] as const).find(
    (name) => TYPE_NAMES[name] === primaryType,
  );
  if (kind === undefined || !isRecord(message) || !isOurDomain(domain)) return undefined;
  const { type = TYPE_NAMES[kind], ...values } = message as Record<string, unknown>;
  const fields = FIELDS[kind];
  if (type !== TYPE_NAMES[kind] || Object.keys(values).length !== fields.length) return undefined;
  const read = fields.map(
    ([fieldType, name]) => [name, readField(fieldType, values[name])] as const,
  );
  if (read.some(([, value]) => value === undefined)) return undefined;
  return { kind, ...Object.fromEntries(read) } as unknown as Eip712Certificate;
}

/** The hash that is signed (EIP-712, `encode`). */
export function eip712Hash(certificate: Eip712Certificate): Uint8Array {
  const fields: readonly (readonly [FieldType, string])[] = FIELDS[certificate.kind];
  const values = certificate as unknown as Record<string, string | bigint>;
  const list = fields.map(([type, name]) => `${type} ${name}`).join(",");
  const struct = keccak_256(
    Buffer.concat([
      hashText(`${TYPE_NAMES[certificate.kind]}(${list})`),
      ...fields.map(([type, name]) => encodeField(type, values[name] ?? "")),
    ]),
  );
  return keccak_256(Buffer.concat([Buffer.from("1901", "hex"), domainSeparator(), struct]));
}

/** The address that signed, from r, s and v (65 octets); undefined: the signature is not valid. */
export function eip712Signer(
  certificate: Eip712Certificate,
  signature: Uint8Array,
): string | undefined {
  const recovery = (signature[64] ?? 0) - 27;
  if (signature.length !== 65 || (recovery !== 0 && recovery !== 1)) return undefined;
  try {
    const point = secp256k1.Signature.fromBytes(signature.subarray(0, 64), "compact")
      .addRecoveryBit(recovery)
      .recoverPublicKey(eip712Hash(certificate))
      .toBytes(false);
    return `0x${keccak_256(point.subarray(1)).subarray(12).toHex()}`;
  } catch {
    // No key can have made these numbers.
    return undefined;
  }
}

/** An address with the capital letters of its checksum (ERC-55). */
export function checksumAddress(address: string): string {
  const digits = address.slice(2).toLowerCase();
  const hash = hashText(digits).toHex();
  const capital = (digit: string, at: number) =>
    Number.parseInt(hash[at] ?? "0", 16) >= 8 ? digit.toUpperCase() : digit;
  return `0x${[...digits].map(capital).join("")}`;
}

function isOurDomain(domain: unknown): boolean {
  return isRecord(domain) && domain["name"] === "WMP" && domain["version"] === "1";
}

function domainSeparator(): Uint8Array {
  const type = hashText("EIP712Domain(string name,string version)");
  return keccak_256(Buffer.concat([type, hashText("WMP"), hashText("1")]));
}

function readField(type: FieldType, value: unknown): string | bigint | undefined {
  if (type === "string") return typeof value === "string" ? value : undefined;
  if (type === "address") return readHex(value, 20, "0x");
  if (type === "bytes32") return readHex(value, 32, "");
  const isExact = Number.isInteger(value) && Math.abs(Number(value)) <= 2 ** 53;
  if (typeof value !== "bigint" && !isExact) return undefined;
  const integer = BigInt(value as bigint | number);
  const bits = type === "uint64" ? 64n : 256n;
  return integer >= 0n && integer < 1n << bits ? integer : undefined;
}

function readHex(value: unknown, octets: number, prefix: string): string | undefined {
  if (value instanceof Uint8Array) {
    return value.length === octets ? prefix + value.toHex() : undefined;
  }
  const pattern = RegExp(`^${prefix}[0-9a-f]{${2 * octets}}$`, "i");
  return typeof value === "string" && pattern.test(value) ? value.toLowerCase() : undefined;
}

function encodeField(type: FieldType, value: string | bigint): Uint8Array {
  if (type === "string") return hashText(String(value));
  const hex = typeof value === "bigint" ? value.toString(16) : value.replace(/^0x/, "");
  return Uint8Array.fromHex(hex.padStart(64, "0"));
}

function hashText(text: string): Uint8Array {
  return keccak_256(Buffer.from(text));
}
