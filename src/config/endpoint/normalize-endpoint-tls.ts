/**
 * Normalizes `endpoint.tls`. The files are read and checked, so that a node with an unusable certificate
 * does not start.
 *
 * @module
 */

import type { X509Certificate } from "node:crypto";
import { resolve } from "node:path";
import { createSecureContext } from "node:tls";
import type * as v from "valibot";
import { readCertificate, readCertificates } from "#base/certificate.ts";
import { sentenceOf } from "#base/failure.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type {
  CertificateConfig,
  ConnectingTlsConfig,
  ListeningTlsConfig,
} from "./endpoint-config.ts";
import type { connectingTls, listeningTls } from "./endpoint-schema.ts";

/** The normalized TLS of a listening endpoint; undefined when it has no certificate. */
export function normalizeListeningTls(
  item: v.InferOutput<typeof listeningTls>,
  path: JsonPath,
  report: Report,
): ListeningTlsConfig | undefined {
  const ciphers = normalizeCiphers(item, [...path, "ciphers"], report);
  const certificates = item.certificates?.map((one, index) => {
    const at = [...path, "certificates", index];
    const { hostnames } = one;
    return { hostnames, ...normalizeCertificate(one, at, report, hostnames) };
  });
  refuseRepeatedNames(item, path, report);
  const ca_certificates = authoritiesOf(item.ca_certificates, path, report);
  const first = ownCertificate(item, path, report) ?? certificates?.[0];
  if (first === undefined) return undefined;
  const { key, certificate, chain_certificates } = first;
  return {
    key,
    certificate,
    chain_certificates,
    ...(certificates && { certificates }),
    ...(ca_certificates && { ca_certificates }),
    ...(item.min_version === "1.3" && { min_version: item.min_version }),
    ...(ciphers !== undefined && { ciphers }),
  };
}

/** The normalized TLS of a connecting endpoint; undefined for none. */
export function normalizeConnectingTls(
  item: v.InferOutput<typeof connectingTls>,
  path: JsonPath,
  report: Report,
): ConnectingTlsConfig | undefined {
  if (item === false) return undefined;
  if (item === true) return {};
  const ca_certificates = authoritiesOf(item.ca_certificates, path, report);
  const own = pairOf(item, path, report);
  return {
    ...(item.hostname !== undefined && { hostname: item.hostname }),
    ...(ca_certificates && { ca_certificates }),
    ...(own && { own: normalizeCertificate({ ...own, chain_certificates: [] }, path, report) }),
  };
}

/** Absolute names of files of authorities, each of which is read and checked. */
function authoritiesOf(
  names: readonly string[] | undefined,
  path: JsonPath,
  report: Report,
): string[] | undefined {
  return names?.map((name, index) => {
    const file = resolve(report.folder, name);
    try {
      readCertificates(file);
    } catch (thrown) {
      report.fault([...path, "ca_certificates", index], sentenceOf(thrown));
    }
    return file;
  });
}

/** The certificate of `tls` itself; undefined where there is only the list `certificates`. */
function ownCertificate(
  item: v.InferOutput<typeof listeningTls>,
  path: JsonPath,
  report: Report,
): CertificateConfig | undefined {
  const pair = pairOf(item, path, report);
  if (pair !== undefined) {
    const { chain_certificates } = item;
    return normalizeCertificate({ ...pair, chain_certificates }, path, report);
  }
  const isMissing = item.key === undefined && item.certificate === undefined;
  const isLeftToList = item.certificates?.length && item.chain_certificates.length === 0;
  if (isMissing && !isLeftToList) {
    for (const name of ["key", "certificate"]) {
      report.fault([...path, name], "required attribute is missing");
    }
  }
  return undefined;
}

function refuseRepeatedNames(
  { certificates = [] }: v.InferOutput<typeof listeningTls>,
  path: JsonPath,
  report: Report,
): void {
  const names = new Set<string>();
  for (const [index, { hostnames }] of certificates.entries()) {
    for (const [place, name] of hostnames.entries()) {
      const at = [...path, "certificates", index, "hostnames", place];
      if (names.has(name)) report.fault(at, `another certificate is for "${name}" already`);
      names.add(name);
    }
  }
}

/** Key and certificate, of which neither is of use alone. */
function pairOf(
  { key, certificate }: { key?: string | undefined; certificate?: string | undefined },
  path: JsonPath,
  report: Report,
): { key: string; certificate: string } | undefined {
  if (key !== undefined && certificate !== undefined) return { key, certificate };
  if (key !== undefined) report.fault([...path, "certificate"], "required beside key");
  if (certificate !== undefined) report.fault([...path, "key"], "required beside certificate");
  return undefined;
}

function normalizeCertificate(
  item: CertificateConfig,
  path: JsonPath,
  report: Report,
  hostnames: readonly string[] = [],
): CertificateConfig {
  const absolute = {
    key: resolve(report.folder, item.key),
    certificate: resolve(report.folder, item.certificate),
    chain_certificates: item.chain_certificates.map((name) => resolve(report.folder, name)),
  };
  const { faults, leaf } = readCertificate(absolute);
  for (const { attribute, sentence } of faults) report.fault([...path, ...attribute], sentence);
  if (leaf !== null) warnOfTime(leaf, [...path, "certificate"], report);
  for (const [index, name] of leaf === null ? [] : hostnames.entries()) {
    if (leaf?.checkHost(name.replace("*", "any")) !== undefined) continue;
    report.warn([...path, "hostnames", index], `the certificate is not for "${name}"`);
  }
  return absolute;
}

/** A warning, not a fault: a node whose certificate has expired must still be able to restart. */
function warnOfTime(leaf: X509Certificate, path: JsonPath, report: Report): void {
  const now = Date.now();
  if (Date.parse(leaf.validTo) < now) {
    report.warn(path, `the certificate has expired: it was valid until ${leaf.validTo}`);
  } else if (Date.parse(leaf.validFrom) > now) {
    report.warn(path, `the certificate is not valid before ${leaf.validFrom}`);
  }
}

/** The ciphers of TLS 1.2; those of TLS 1.3 cannot be chosen. */
function normalizeCiphers(
  { ciphers: written, min_version }: v.InferOutput<typeof listeningTls>,
  path: JsonPath,
  report: Report,
): string | undefined {
  if (written === undefined) return undefined;
  const ciphers = knownCiphers(written, path, report);
  if (min_version === "1.3") {
    report.warn(path, "has no effect: it is for TLS 1.2, and min_version is 1.3");
  } else {
    warnOfStaticRsa(ciphers, path, report);
  }
  return ciphers;
}

/** The list without the names that are unknown to BoringSSL, which Bun uses. */
function knownCiphers(written: string, path: JsonPath, report: Report): string {
  const [known, unknown] = [true, false].map((wanted) =>
    written.split(/[:, ]+/).filter((name) => name !== "" && isKnownCipher(name) === wanted),
  ) as [string[], string[]];
  if (unknown.length > 0) {
    report.warn(
      path,
      `ciphers that this program does not know are left out: ${unknown.join(", ")}`,
    );
  }
  const list = known.join(":");
  if (!isCipherList(list)) report.fault(path, "none of these ciphers is known to this program");
  return list;
}

/** A warning, not a fault: clients without anything better are the operator's own matter. */
function warnOfStaticRsa(ciphers: string, path: JsonPath, report: Report): void {
  // What is left without the other key exchanges. Nothing may follow a list with a group `[A|B]`, and
  // nothing may precede DEFAULT, so that both orders are tried.
  const others = "!kECDHE:!kPSK";
  if (!isCipherList(`${ciphers}:${others}`) && !isCipherList(`${others}:${ciphers}`)) return;
  report.warn(
    path,
    'has ciphers with static RSA key exchange, without forward secrecy (RFC 9325, section 4.1); "!kRSA" leaves them out',
  );
}

/** Operators such as `!aNULL` cannot be tried without a list, and count as known. */
function isKnownCipher(name: string): boolean {
  return /^[!+@-]/.test(name) || isCipherList(name);
}

function isCipherList(ciphers: string): boolean {
  try {
    createSecureContext({ ciphers });
    return ciphers !== "";
  } catch {
    return false;
  }
}
