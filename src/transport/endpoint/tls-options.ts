/**
 * `endpoint.tls` of node.json as options of Bun, for listening and for connecting sockets.
 *
 * @module
 */

import { readCertificate, readCertificates } from "#base/certificate.ts";
import { Failure } from "#base/failure.ts";
import type {
  CertificateConfig,
  ConnectingTlsConfig,
  ListeningTlsConfig,
} from "#config/endpoint/endpoint-config.ts";

/** Protocol version numbers of TLS, which Bun takes though its types do not say so. */
const VERSION_NUMBERS = { "1.2": 0x0303, "1.3": 0x0304 } as const;

/** Ciphers of TLS 1.2: BoringSSL's own, but none without forward secrecy (RFC 9325, section 4.1). */
const FORWARD_SECRET = "DEFAULT:!kRSA";

/** Bun's options of a listening socket. */
export interface ListeningTlsOptions extends Bun.TLSOptions {
  cert: string;
  minVersion: number;
}

/**
 * Bun's options: first the default certificate, used for unknown server names and without SNI, then one
 * entry for each configured host name.
 *
 * @throws Failure when a file cannot be read or a key does not fit its certificate.
 */
export function listeningTlsOptions(
  tls: ListeningTlsConfig,
): [ListeningTlsOptions, ...ListeningTlsOptions[]] {
  const shared = {
    minVersion: VERSION_NUMBERS[tls.min_version ?? "1.2"],
    ciphers: tls.ciphers ?? FORWARD_SECRET,
    ...(tls.ca_certificates === undefined
      ? {}
      : {
          ca: tls.ca_certificates.map((file) => readCertificates(file).pem),
          requestCert: true,
          rejectUnauthorized: true,
        }),
  };
  const named = (tls.certificates ?? []).flatMap((one) => {
    const pair = readPair(one);
    return one.hostnames.map((serverName) => ({ serverName, ...pair, ...shared }));
  });
  return [{ ...readPair(tls), ...shared }, ...named];
}

/** Every file that these options come from. */
export function filesOf(tls: ListeningTlsConfig): string[] {
  const pairs = [tls, ...(tls.certificates ?? [])];
  return [
    ...pairs.flatMap((one) => [one.key, one.certificate, ...one.chain_certificates]),
    ...(tls.ca_certificates ?? []),
  ];
}

/**
 * Bun's options of a connecting socket. The files are read for every connection, so renewed ones are
 * used at once.
 *
 * @throws Failure when a file cannot be read or a key does not fit its certificate.
 */
export function connectingTlsOptions(tls: ConnectingTlsConfig): Bun.TLSOptions {
  return {
    // Explicit, because otherwise NODE_TLS_REJECT_UNAUTHORIZED could switch it off.
    rejectUnauthorized: true,
    ciphers: FORWARD_SECRET,
    ...(tls.hostname === undefined ? {} : { serverName: tls.hostname }),
    ...(tls.ca_certificates === undefined
      ? {}
      : { ca: tls.ca_certificates.map((file) => readCertificates(file).pem) }),
    ...(tls.own === undefined ? {} : readPair(tls.own)),
  };
}

function readPair(files: CertificateConfig): { key: string; cert: string } {
  const { faults, key, chain } = readCertificate(files);
  const [fault] = faults;
  if (fault !== undefined) throw new Failure(fault.sentence, { source: "config" });
  return { key, cert: chain };
}
