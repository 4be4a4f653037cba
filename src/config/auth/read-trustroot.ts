/**
 * Reads the certificate of a root authority, a file that Crossbar's tools write: CBOR of
 * `[hash, typed data, [signature, …]]`.
 *
 * @module
 */

import { resolve } from "node:path";
import {
  Capability,
  eip712Hash,
  eip712Signer,
  parseEip712Certificate,
} from "#base/eip712-certificate.ts";
import { fileStateOf } from "#base/file-state.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import { readOctets } from "#config/text/read-file.ts";
import type { Report } from "#config/text/report.ts";
import { CborReader } from "#wamp/serializer/cbor/cbor-reader.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { readWith } from "#wamp/token/value-sink.ts";
import type { TrustrootConfig } from "./principal-config.ts";

/** A longer file is no certificate. */
const MOST_OCTETS = 65_536;

/** The contents of the certificate; null, with a fault, where the file holds no root certificate. */
export function readTrustroot(
  name: string,
  path: JsonPath,
  report: Report,
): Omit<TrustrootConfig, "role" | "realm"> | null {
  const file = resolve(report.folder, name);
  try {
    return parse(readOctets(file, MOST_OCTETS));
  } catch (thrown) {
    report.fault(path, `Cannot read the certificate "${file}": ${stateOf(thrown)}`);
    return null;
  }
}

function parse(octets: Uint8Array): Omit<TrustrootConfig, "role" | "realm"> {
  const list = readWith(new CborReader(), octets);
  const [hash, data, signatures] = Array.isArray(list) ? (list as unknown[]) : [];
  const certificate = parseEip712Certificate(data);
  if (certificate?.kind !== "authority" || !(hash instanceof Uint8Array)) {
    throw new Error("it is no authority certificate");
  }
  if (hash.toHex() !== eip712Hash(certificate).toHex()) throw new Error("its hash is another");
  const { issuer, subject, capabilities } = certificate;
  if (issuer !== subject || (capabilities & Capability.rootCa) === 0n) {
    throw new Error("it is not that of a root authority");
  }
  const signed = Array.isArray(signatures) ? (signatures as unknown[]) : [];
  const isIssuers = (one: unknown) =>
    one instanceof Uint8Array && eip712Signer(certificate, one) === issuer;
  if (!signed.every(isIssuers)) throw new Error("a signature is not that of its issuer");
  return {
    chain_id: String(certificate.chainId),
    verifying_contract: certificate.verifyingContract,
    issuer,
    realm_address: certificate.realm,
  };
}

function stateOf(thrown: unknown): string {
  const isNoCbor = thrown instanceof MalformedMessage || thrown instanceof UnrepresentableValue;
  return isNoCbor ? "it is no CBOR" : fileStateOf(thrown);
}
