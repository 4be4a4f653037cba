import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { ListeningTlsConfig } from "#config/endpoint/endpoint-config.ts";
import { TlsContexts } from "#transport/endpoint/tls-contexts.ts";
import { hasOpenssl, replaceCertificate, selfSigned } from "../../../support/certificates.ts";
import { afterTest } from "../../../support/cleanups.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { keptLog } from "../../../support/kept-log.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { anyPort } from "../../../support/transports.ts";

function contexts(tls: ListeningTlsConfig) {
  const { log, logged } = keptLog("info", "error");
  const made = new TlsContexts({ ...anyPort, port: 443, tls }, log);
  afterTest(() => made.stop());
  return { contexts: made, logged };
}

describe.skipIf(!hasOpenssl)("the settings of an endpoint with TLS", () => {
  const folder = temporaryFolder();
  const made = (name: string) => selfSigned(folder, name);
  const pem = ({ certificate }: { certificate: string }) => Bun.file(certificate).text();

  test("are those of the name, then those of its wildcard, then the endpoint's own", async () => {
    const [own, exact, wild] = [made("own"), made("exact"), made("wild")];
    const certificates = [
      { hostnames: ["*.a.example"], ...wild },
      { hostnames: ["b.a.example"], ...exact },
    ];
    const { contexts: one } = contexts({ ...own, certificates });
    const expected = [
      ["b.a.example", exact],
      ["c.a.example", wild],
      ["a.example", own],
      ["d.c.a.example", own],
      ["", own],
      [null, own],
    ] as const;
    for (const [name, files] of expected) expect(one.for(name).cert).toBe(await pem(files));
  });

  test("are read again, and a renewal that changes nothing is not logged", async () => {
    const [own, later] = [made("now"), made("later")];
    const { contexts: one, logged } = contexts(own);
    one.renew();
    expect(logged).toEqual([]);
    replaceCertificate(own, later);
    one.renew();
    expect(one.for(null).cert).toBe(await pem(later));
    const fields = { endpoint: "tcp 127.0.0.1:443", valid_to: expect.any(String) };
    expect(logged).toEqual([["certificate renewed", fields]]);
  });

  test("stay as they are where a file cannot be used, and that is logged", async () => {
    const own = made("sound");
    const before = await pem(own);
    const { contexts: one, logged } = contexts(own);
    writeFileSync(own.certificate, "broken");
    one.renew();
    expect(one.for(null).cert).toBe(before);
    expect(logged.map(([event]) => event)).toEqual(["certificate not renewed"]);
  });

  test("follow their files, until they are stopped", async () => {
    const pass = fakeTime();
    const [own, later, last] = [made("watched"), made("watched-later"), made("watched-last")];
    const { contexts: one } = contexts(own);
    replaceCertificate(own, later);
    pass(10_000);
    expect(one.for(null).cert).toBe(await pem(later));
    one.stop();
    replaceCertificate(own, last);
    pass(60_000);
    expect(one.for(null).cert).toBe(await pem(later));
  });

  test("are none where a file is missing at the start", () => {
    const own = { ...made("first"), key: `${folder}/none.key` };
    expect(() => contexts(own)).toThrow("none.key");
  });
});
