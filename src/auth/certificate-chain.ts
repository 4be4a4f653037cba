/**
 * Chains of WAMP-cryptosign certificates: from the key that signs the challenge to a trusted root.
 *
 *     [delegate, authority of the delegate, …, root]
 *
 * Every rule of the WAMP specification (section "Certificate Chain Verification", CCR-1 to CCR-12) is
 * checked, except that `validFrom` lies before the current block, which only the blockchain knows.
 * In addition, the issuer of an authority's certificate must have the capability to sign.
 *
 * Crossbar compares the names of issuers and verifies no signature.
 *
 * @module
 */

import {
  type AuthorityCertificate,
  Capability,
  type DelegateCertificate,
  type Eip712Certificate,
  eip712Hash,
  eip712Signer,
  parseEip712Certificate,
} from "#base/eip712-certificate.ts";
import type { TrustrootConfig } from "#config/auth/principal-config.ts";

/** A longer chain is refused before any signature is verified, which costs time. */
const MAX_CERTIFICATES = 8;

/** A certificate of a chain, and its signature. */
export interface SignedCertificate {
  certificate: Eip712Certificate;
  signature: Uint8Array;
}

/** Reads `authextra.certificates`; returns what is malformed if it is no chain. */
export function readChain(certificates: unknown): SignedCertificate[] | string {
  if (!Array.isArray(certificates)) return "authextra.certificates is not a list";
  const { length } = certificates;
  if (length < 2 || length > MAX_CERTIFICATES) {
    return `a chain has 2 to ${MAX_CERTIFICATES} certificates, found ${length}`;
  }
  const chain: SignedCertificate[] = [];
  for (const item of certificates) {
    const signed = readSigned(item);
    if (signed === undefined) return `certificate ${chain.length} is none`;
    chain.push(signed);
  }
  return chain;
}

/** Returns the delegate's certificate when its chain leads to the root, else what is wrong. */
export function verifyChain(
  chain: SignedCertificate[],
  root: TrustrootConfig,
): DelegateCertificate | string {
  const [first, ...rest] = chain.map(({ certificate }) => certificate);
  const authorities = rest.filter((one) => one.kind === "authority");
  if (first?.kind !== "delegate" || authorities.length !== rest.length) {
    return "a chain is one delegate certificate and then authority certificates (CCR-3)";
  }
  return brokenRule(first, authorities, root) ?? wrongSignature(chain) ?? first;
}

/** The first rule that a chain breaks, signatures apart. */
function brokenRule(
  delegate: DelegateCertificate,
  authorities: AuthorityCertificate[],
  trusted: TrustrootConfig,
): string | undefined {
  for (const { chainId, verifyingContract } of [delegate, ...authorities]) {
    if (String(chainId) !== trusted.chain_id || verifyingContract !== trusted.verifying_contract) {
      return "chainId or verifyingContract is another (CCR-1)";
    }
  }
  if (authorities.some(({ realm }) => realm !== trusted.realm_address)) {
    return "the realm is another (CCR-2)";
  }
  const root = authorities.at(-1);
  if (root === undefined || root.issuer !== root.subject || root.issuer !== trusted.issuer) {
    return "the last certificate is not that of the trusted root (CCR-4)";
  }
  if ((root.capabilities & Capability.rootCa) === 0n) {
    return "the last certificate is not that of a root authority (CCR-4)";
  }
  if (authorities[0]?.subject !== delegate.delegate) {
    return "the first authority certificate is not for the delegate (CCR-8)";
  }
  if ((authorities[0]?.validFrom ?? 0n) > delegate.validFrom) {
    return "the delegate certificate is older than that of its authority (CCR-9)";
  }
  return brokenLink(authorities);
}

/** The first rule that a certificate and its issuer break: CCR-5 to 7, and the capability to sign. */
function brokenLink(authorities: AuthorityCertificate[]): string | undefined {
  for (const [at, authority] of authorities.slice(0, -1).entries()) {
    const issuer = authorities[at + 1];
    if (issuer === undefined || authority.issuer !== issuer.subject) {
      return "an issuer is not the subject of the next certificate (CCR-5)";
    }
    if (issuer.validFrom > authority.validFrom) {
      return "a certificate is older than that of its issuer (CCR-6)";
    }
    if ((authority.capabilities & ~issuer.capabilities) !== 0n) {
      return "a certificate has capabilities that its issuer has not (CCR-7)";
    }
    if ((issuer.capabilities & (Capability.rootCa | Capability.intermediateCa)) === 0n) {
      return "an issuer may not sign certificates of others";
    }
  }
  return undefined;
}

/** CCR-10 to CCR-12: every certificate is signed by its issuer, the delegate's by the delegate. */
function wrongSignature(chain: SignedCertificate[]): string | undefined {
  for (const [at, { certificate, signature }] of chain.entries()) {
    const { kind } = certificate;
    const signer = kind === "delegate" ? certificate.delegate : certificate.issuer;
    if (eip712Signer(certificate, signature) !== signer) {
      return `the signature of certificate ${at} is not that of ${signer}`;
    }
  }
  return undefined;
}

/** One item of `authextra.certificates`: hash (or null), typed data, signature in hex. */
function readSigned(item: unknown): SignedCertificate | undefined {
  if (!Array.isArray(item) || item.length !== 3) return undefined;
  const [hash, data, signed] = item as unknown[];
  const certificate = parseEip712Certificate(data);
  const signature = readOctets(signed);
  if (certificate === undefined || signature?.length !== 65) return undefined;
  const isOther = hash !== null && readOctets(hash)?.toHex() !== eip712Hash(certificate).toHex();
  return isOther ? undefined : { certificate, signature };
}

function readOctets(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  const hex = typeof value === "string" ? value.replace(/^0x/, "") : "";
  return /^([0-9a-f]{2})+$/i.test(hex) ? Uint8Array.fromHex(hex) : undefined;
}
