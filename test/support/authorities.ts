/**
 * Certificates for one test run: authorities and what they have signed, made by `openssl`.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./temporary-folder.ts";

/** Whether this machine has the program; without it, one line says what is left out. */
export const hasOpenssl = Bun.which("openssl") !== null;
if (!hasOpenssl)
  console.log("LEFT OUT: the tests with client certificates, as there is no openssl");

/** Names of PEM files, and what is in them. */
export interface CertificateFiles {
  key: string;
  certificate: string;
  /** The texts of both, as TLS clients take them. */
  pem: { key: string; cert: string };
}

/** A folder with authorities and their certificates. */
export class Certificates {
  readonly folder = temporaryFolder();

  /** Makes an authority. */
  authority(name: string): CertificateFiles {
    this.#openssl("req", "-x509", ...newKey(name), "-out", `${name}.pem`, ...subject(name));
    return this.#files(name);
  }

  /** Makes a certificate that an authority has signed, for the host `localhost`. */
  signed(name: string, authority: string): CertificateFiles {
    this.#openssl("req", ...newKey(name), "-out", `${name}.csr`, ...subject(name));
    const by = ["-CA", `${authority}.pem`, "-CAkey", `${authority}.key`, "-CAcreateserial"];
    this.#openssl("x509", "-req", "-in", `${name}.csr`, ...by, "-out", `${name}.pem`);
    return this.#files(name);
  }

  #files(name: string): CertificateFiles {
    const key = join(this.folder, `${name}.key`);
    const certificate = join(this.folder, `${name}.pem`);
    const pem = { key: readFileSync(key, "utf8"), cert: readFileSync(certificate, "utf8") };
    return { key, certificate, pem };
  }

  #openssl(...args: string[]): void {
    const { exitCode, stderr } = Bun.spawnSync(["openssl", ...args], { cwd: this.folder });
    if (exitCode !== 0) throw new Error(`Cannot make a certificate: ${stderr}`);
  }
}

function newKey(name: string): string[] {
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  return [...curve, "-nodes", "-keyout", `${name}.key`];
}

function subject(name: string): string[] {
  return ["-subj", `/O=Acme/CN=${name}`];
}
