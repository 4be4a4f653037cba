import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import {
  connectingTlsOptions,
  filesOf,
  listeningTlsOptions,
} from "#transport/endpoint/tls-options.ts";
import { hasOpenssl, selfSigned } from "../../../support/certificates.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const text = (file: string) => readFileSync(file, "utf8");

describe.skipIf(!hasOpenssl)("options of TLS", () => {
  const folder = temporaryFolder();
  const [one, other] = hasOpenssl ? [selfSigned(folder, "one"), selfSigned(folder, "other")] : [];
  if (one === undefined || other === undefined) return;

  test("of a listening endpoint have its certificate, and TLS 1.2 and later", () => {
    expect(listeningTlsOptions(one)).toEqual([
      {
        key: text(one.key),
        cert: `${text(one.certificate)}`,
        minVersion: 0x0303,
        ciphers: "DEFAULT:!kRSA",
      },
    ]);
    const [strict] = listeningTlsOptions({ ...one, min_version: "1.3", ciphers: "A:B" });
    expect(strict).toMatchObject({ minVersion: 0x0304, ciphers: "A:B" });
  });

  test("have the certificates between after its own, in order", () => {
    const [{ cert }] = listeningTlsOptions({ ...one, chain_certificates: [other.certificate] });
    expect(cert).toBe(`${text(one.certificate)}\n${text(other.certificate)}`);
  });

  test("ask every client for a certificate, and refuse others, where authorities are named", () => {
    const certificates = [{ hostnames: ["a.example"], ...other }];
    const all = listeningTlsOptions({ ...one, ca_certificates: [other.certificate], certificates });
    expect(all).toHaveLength(2);
    for (const options of all) {
      const ca = [text(other.certificate)];
      expect(options).toMatchObject({ requestCert: true, rejectUnauthorized: true, ca });
    }
  });

  test("have one certificate for each name, behind the one for none", () => {
    const hostnames = ["a.example", "*.b.example"];
    const all = listeningTlsOptions({ ...one, certificates: [{ hostnames, ...other }] });
    expect(all.map(({ serverName }) => serverName)).toEqual([undefined, ...hostnames]);
    const own = [text(one.certificate), text(other.certificate), text(other.certificate)];
    expect(all.map(({ cert }) => cert)).toEqual(own);
  });

  test("are read from every file that is watched", () => {
    const whole = {
      ...one,
      chain_certificates: ["chain.pem"],
      certificates: [
        { hostnames: ["a"], key: "b.key", certificate: "b.pem", chain_certificates: [] },
      ],
      ca_certificates: ["ca.pem"],
    };
    const files = [one.key, one.certificate, "chain.pem", "b.key", "b.pem", "ca.pem"];
    expect(filesOf(whole)).toEqual(files);
  });

  test("are none where a key is not that of its certificate", () => {
    const mixed = { ...one, key: other.key };
    const sentence = `Cannot use private key "${other.key}": it does not fit certificate "${one.certificate}"`;
    expect(() => listeningTlsOptions(mixed)).toThrow(sentence);
    expect(() => connectingTlsOptions({ own: mixed })).toThrow(sentence);
  });

  test("of a connecting endpoint refuse certificates that are not trusted, whatever is configured", () => {
    expect(connectingTlsOptions({})).toEqual({
      rejectUnauthorized: true,
      ciphers: "DEFAULT:!kRSA",
    });
    const ca_certificates = [other.certificate];
    const whole = connectingTlsOptions({ hostname: "router.example", ca_certificates, own: one });
    expect(whole).toEqual({
      rejectUnauthorized: true,
      ciphers: "DEFAULT:!kRSA",
      serverName: "router.example",
      ca: [text(other.certificate)],
      key: text(one.key),
      cert: text(one.certificate),
    });
  });
});
