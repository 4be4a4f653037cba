/**
 * Certificates and their private keys: read from PEM files, and checked before they are used.
 *
 * No sentence made here quotes a file, because one of them is a secret.
 *
 * @module
 */

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";

import { Failure, sentenceOf } from "./failure.ts";
import { fileStateOf } from "./file-state.ts";

/** Each certificate of a PEM file, also one whose end is missing. */
const CERTIFICATES = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]*(?:-----END[^-]*-----)?/g;

/** PEM files of a certificate; absolute file names. */
export interface CertificateFiles {
  key: string;
  certificate: string;
  /** Intermediate certificates, from the issuer of that one up. */
  chain_certificates: readonly string[];
}

/** A fault of one of the files. */
export interface CertificateFault {
  /** The attribute that names the file, such as `["chain_certificates", 0]`. */
  attribute: readonly (string | number)[];
  sentence: string;
}

/** A certificate with its key; usable only when there are no faults. */
export interface ReadCertificate {
  faults: CertificateFault[];
  /** PEM text of the private key. */
  key: string;
  /** PEM text of the certificate and of the intermediate ones. */
  chain: string;
  /** Null when the certificate cannot be read. */
  leaf: X509Certificate | null;
}

/** Reads a certificate with its key, and finds every fault of the files. */
export function readCertificate(files: CertificateFiles): ReadCertificate {
  const faults: CertificateFault[] = [];
  const orFault = <T>(attribute: (string | number)[], read: () => T): T | null => {
    try {
      return read();
    } catch (thrown) {
      faults.push({ attribute, sentence: sentenceOf(thrown) });
      return null;
    }
  };
  const key = orFault(["key"], () => readPrivateKey(files.key));
  const leaf = orFault(["certificate"], () => readCertificates(files.certificate));
  const intermediates = files.chain_certificates.map((file, index) =>
    orFault(["chain_certificates", index], () => readCertificates(file)),
  );
  if (key && leaf && !leaf.first.checkPrivateKey(key.key)) {
    const sentence = `Cannot use private key "${files.key}": it does not fit certificate "${files.certificate}"`;
    faults.push({ attribute: ["key"], sentence });
  }
  const chain = [leaf, ...intermediates].map((one) => one?.pem ?? "").join("\n");
  return { faults, key: key?.pem ?? "", chain, leaf: leaf?.first ?? null };
}

/**
 * Reads a PEM file of one or more certificates.
 *
 * @throws Failure when the file cannot be read or holds no certificate.
 */
export function readCertificates(file: string): { pem: string; first: X509Certificate } {
  const pem = readText(file);
  const [first, ...others] = (pem.match(CERTIFICATES) ?? [pem]).map(parsed);
  if (first === undefined) {
    throw pemFailure(`Cannot read certificate "${file}": it is no certificate in PEM`);
  }
  // TLS would fail with each client, though the first one is sound.
  const broken = others.indexOf(undefined);
  if (broken < 0) return { pem, first };
  throw pemFailure(`Cannot read certificate "${file}": number ${broken + 2} in it is none`);
}

/** Undefined: it is no certificate. */
function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function readPrivateKey(file: string): { pem: string; key: KeyObject } {
  const pem = readText(file);
  if (/^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    throw pemFailure(`Cannot read private key "${file}": it is protected by a passphrase`);
  }
  try {
    return { pem, key: createPrivateKey(pem) };
  } catch {
    throw pemFailure(
      `Cannot read private key "${file}": it is no private key in PEM, or of an unknown kind`,
    );
  }
}

function readText(file: string): string {
  try {
    const info = statSync(file);
    // A pipe would be waited for without an end; of a folder the system itself says what it is.
    if (info.isFile() || info.isDirectory()) return readFileSync(file, "utf8");
  } catch (thrown) {
    throw pemFailure(`Cannot read "${file}": ${fileStateOf(thrown)}`);
  }
  throw pemFailure(`Cannot read "${file}": it is no file`);
}

/** A Failure without a cause, as the message of the cryptographic library might quote the file. */
function pemFailure(sentence: string): Failure {
  return new Failure(sentence, { source: "config" });
}
