import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readCertificate, readCertificates } from "#base/certificate.ts";
import { hasOpenssl, selfSigned } from "../../support/certificates.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe.skipIf(!hasOpenssl)("a certificate and its key", () => {
  const folder = temporaryFolder();
  if (!hasOpenssl) return;
  const [one, other] = [selfSigned(folder, "one"), selfSigned(folder, "other")];
  const file = (name: string) => join(folder, name);
  writeFileSync(file("nonsense"), "s3cret\n");
  writeFileSync(
    file("broken"),
    "-----BEGIN PRIVATE KEY-----\nczNjcmV0\n-----END PRIVATE KEY-----\n",
  );
  const [own, next] = [one, other].map(({ certificate }) => readFileSync(certificate, "utf8"));
  writeFileSync(file("half"), `${own}${next?.replace(/\nM/, "\nN")}`);
  writeFileSync(file("cut"), `${own}${next?.slice(0, -40)}`);
  mkdirSync(file("folder"));
  Bun.spawnSync([
    "openssl",
    "pkey",
    "-in",
    one.key,
    "-aes256",
    "-passout",
    "pass:s3cret",
    "-out",
    file("protected"),
  ]);

  test("are read as they are, with those between", () => {
    const read = readCertificate({ ...one, chain_certificates: [other.certificate] });
    expect(read.faults).toEqual([]);
    expect(read.leaf?.subject).toBe("CN=one");
    expect(read.chain.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(read.key).toStartWith("-----BEGIN");
  });

  const faults: [string, object, (string | number)[], string][] = [
    ["no key", { key: file("none") }, ["key"], `Cannot read "${file("none")}": no such file`],
    [
      "a folder",
      { key: file("folder") },
      ["key"],
      `Cannot read "${file("folder")}": it is a directory`,
    ],
    ["a device", { key: "/dev/zero" }, ["key"], 'Cannot read "/dev/zero": it is no file'],
    [
      "a file below a file",
      { key: file("nonsense/key") },
      ["key"],
      `Cannot read "${file("nonsense/key")}": no such file`,
    ],
    [
      "a key that is none",
      { key: file("nonsense") },
      ["key"],
      `Cannot read private key "${file("nonsense")}": it is no private key in PEM, or of an unknown kind`,
    ],
    [
      "a broken key",
      { key: file("broken") },
      ["key"],
      `Cannot read private key "${file("broken")}": it is no private key in PEM, or of an unknown kind`,
    ],
    [
      "a protected key",
      { key: file("protected") },
      ["key"],
      `Cannot read private key "${file("protected")}": it is protected by a passphrase`,
    ],
    [
      "a certificate that is none",
      { certificate: file("nonsense") },
      ["certificate"],
      `Cannot read certificate "${file("nonsense")}": it is no certificate in PEM`,
    ],
    [
      "a chain in the same file of which one is broken",
      { certificate: file("half") },
      ["certificate"],
      `Cannot read certificate "${file("half")}": number 2 in it is none`,
    ],
    [
      "a chain in the same file whose end is missing",
      { certificate: file("cut") },
      ["certificate"],
      `Cannot read certificate "${file("cut")}": number 2 in it is none`,
    ],
    [
      "another's key",
      { key: other.key },
      ["key"],
      `Cannot use private key "${other.key}": it does not fit certificate "${one.certificate}"`,
    ],
    [
      "a chain that is none",
      { chain_certificates: [other.certificate, file("nonsense")] },
      ["chain_certificates", 1],
      `Cannot read certificate "${file("nonsense")}": it is no certificate in PEM`,
    ],
  ];
  test.each(faults)("are not used with %s", (_name, change, attribute, sentence) => {
    const read = readCertificate({ ...one, ...change });
    expect(read.faults).toEqual([{ attribute, sentence }]);
    expect(JSON.stringify(read.faults)).not.toContain("s3cret");
  });

  test("have all their faults named at once", () => {
    const none = {
      key: file("no.key"),
      certificate: file("no.pem"),
      chain_certificates: [file("no")],
    };
    const read = readCertificate(none);
    expect(read.faults.map(({ attribute }) => attribute)).toEqual([
      ["key"],
      ["certificate"],
      ["chain_certificates", 0],
    ]);
    expect(read.leaf).toBeNull();
  });

  test("are found among several in one file, the first of which counts", () => {
    const both = join(folder, "both.pem");
    writeFileSync(
      both,
      [other, one].map(({ certificate }) => readCertificates(certificate).pem).join(""),
    );
    expect(readCertificates(both).first.subject).toBe("CN=other");
  });
});
