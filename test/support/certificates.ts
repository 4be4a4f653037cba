/** Certificates that tests make for themselves with openssl. */

import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import type { CertificateConfig } from "#config/endpoint/endpoint-config.ts";

/** Whether certificates can be made. */
export const hasOpenssl = Bun.which("openssl") !== null;

if (!hasOpenssl) console.log("LEFT OUT: the tests of TLS, as there is no openssl");

const CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Names and addresses of this machine, as a certificate has them. */
export const THIS_MACHINE = "DNS:localhost,IP:127.0.0.1,IP:::1";

function openssl(...words: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(["openssl", ...words]);
  if (exitCode !== 0) throw new Error(`openssl ${words[0]}: ${stderr}`);
}

/** Makes `<name>.key` and `<name>.pem`, signed by itself; `commonName` tells it from others. */
export function selfSigned(
  folder: string,
  name: string,
  options: { names?: string; commonName?: string; isRsa?: boolean } = {},
): CertificateConfig {
  const files = filesOf(folder, name);
  const subject = ["-subj", `/CN=${options.commonName ?? name}`];
  const names = ["-addext", `subjectAltName=${options.names ?? THIS_MACHINE}`];
  const out = ["-keyout", files.key, "-out", files.certificate, "-days", "3650"];
  const kind = options.isRsa ? ["-newkey", "rsa:2048", "-nodes"] : CURVE;
  openssl("req", "-x509", ...kind, ...out, ...subject, ...names);
  return files;
}

/** Makes an authority, one below it, and a certificate of that one: clients need the one between. */
export function signedByAuthority(folder: string, name: string) {
  const root = selfSigned(folder, `${name}-root`);
  const between = signedBy(folder, root, `${name}-between`, "basicConstraints=critical,CA:TRUE");
  const leaf = signedBy(folder, between, name, `subjectAltName=${THIS_MACHINE}`);
  return { root, leaf: { ...leaf, chain_certificates: [between.certificate] } };
}

function signedBy(
  folder: string,
  authority: CertificateConfig,
  name: string,
  extension: string,
): CertificateConfig {
  const files = filesOf(folder, name);
  const request = join(folder, `${name}.csr`);
  const extensions = join(folder, `${name}.ext`);
  writeFileSync(extensions, extension);
  openssl("req", ...CURVE, "-keyout", files.key, "-out", request, "-subj", `/CN=${name}`);
  const by = ["-CA", authority.certificate, "-CAkey", authority.key, "-CAcreateserial"];
  const out = ["-out", files.certificate, "-days", "3650", "-extfile", extensions];
  openssl("x509", "-req", "-in", request, ...by, ...out);
  return files;
}

/** Puts the files of one certificate in the place of another's. */
export function replaceCertificate(old: CertificateConfig, by: CertificateConfig): void {
  copyFileSync(by.key, old.key);
  copyFileSync(by.certificate, old.certificate);
}

/** The PEM text of a certificate, as clients that trust it take it. */
export function trusting(files: CertificateConfig): { ca: string } {
  return { ca: readFileSync(files.certificate, "utf8") };
}

/** What a client sees that asks for this name: whose certificate, which version, which cipher. */
export function shown(port: number, options: object = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<{
    name: string;
    version: string | null;
    cipher: string;
  }>();
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options }, () => {
    const name = String(socket.getPeerCertificate().subject.CN);
    resolve({ name, version: socket.getProtocol(), cipher: socket.getCipher().name });
    socket.destroy();
  });
  socket.once("error", reject);
  return promise;
}

function filesOf(folder: string, name: string): CertificateConfig {
  const file = (suffix: string) => join(folder, `${name}.${suffix}`);
  return { key: file("key"), certificate: file("pem"), chain_certificates: [] };
}
