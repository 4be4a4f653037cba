/** What `check` and the start say of `endpoint.tls`. */

import { beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadNodeConfig } from "#config/load.ts";
import { printIssue } from "#config/text/config-issue.ts";
import { hasOpenssl, selfSigned } from "../../support/certificates.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const expired = join(import.meta.dir, "../../fixtures/tls/expired");
let folder = "";
beforeAll(() => {
  folder = temporaryFolder();
  if (hasOpenssl) for (const name of ["one", "two"]) selfSigned(folder, name);
});

/** Loads a node of one transport with this TLS; gives the endpoint and what was found. */
async function load(tls: unknown, transport: object = { type: "websocket" }) {
  const endpoint = { type: "tcp", port: 8443, tls };
  const file = join(folder, "node.json");
  const item = { ...transport, endpoint, auth: { anonymous: { type: "static", role: "user" } } };
  const worker = { type: "proxy", transports: [item] };
  writeFileSync(file, JSON.stringify({ version: 2, workers: [worker] }));
  const { faults, warnings } = await loadNodeConfig(file, {});
  const at = "$.workers[0].transports[0].endpoint.tls";
  const told = (issues: typeof faults) =>
    issues
      .filter(({ path }) => path.startsWith(at))
      .map(({ path, sentence }) => `${path.slice(at.length)}: ${sentence}`.replaceAll(folder, ""));
  const lines = faults.map(printIssue);
  return { faults: told(faults), warnings: told(warnings), lines };
}

const one = { key: "one.key", certificate: "one.pem" };

describe.skipIf(!hasOpenssl)("endpoint.tls of a listening endpoint", () => {
  test("is sound with key and certificate, or with certificates by name", async () => {
    const nothing = { faults: [], warnings: [] };
    expect(await load(one)).toMatchObject(nothing);
    expect(await load({ ...one, min_version: "1.3" })).toMatchObject(nothing);
    const certificates = [{ hostnames: ["LOCALHOST"], ...one }];
    expect(await load({ certificates })).toMatchObject(nothing);
  });

  test("names every file that is missing or is not what it should be", async () => {
    writeFileSync(join(folder, "text.pem"), "no PEM");
    const tls = { key: "none.key", certificate: "text.pem", chain_certificates: ["none.pem"] };
    expect((await load(tls)).faults).toEqual([
      '.key: Cannot read "/none.key": no such file',
      '.certificate: Cannot read certificate "/text.pem": it is no certificate in PEM',
      '.chain_certificates[0]: Cannot read "/none.pem": no such file',
    ]);
    expect((await load({ key: "one.pem", certificate: "one.pem" })).faults).toEqual([
      '.key: Cannot read private key "/one.pem": it is no private key in PEM, or of an unknown kind',
    ]);
  });

  test("has its faults with line and column, and no secret in them", async () => {
    const { lines } = await load({ ...one, key: "two.key" });
    expect(lines.join("\n")).toMatch(
      /^\S+node\.json:1:\d+ {2}\$\.workers\[0\]\.transports\[0\]\.endpoint\.tls\.key: Cannot use private key "\S+two\.key": it does not fit certificate "\S+one\.pem"$/,
    );
    const secret = "MHcCAQEEIE1vc3RTZWNyZXQ";
    writeFileSync(join(folder, "cut.key"), `-----BEGIN PRIVATE KEY-----\n${secret}\n`);
    expect((await load({ ...one, key: "cut.key" })).lines.join()).not.toContain(secret);
    const encrypted = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${secret}\n`;
    writeFileSync(join(folder, "locked.key"), encrypted);
    expect((await load({ ...one, key: "locked.key" })).faults).toEqual([
      '.key: Cannot read private key "/locked.key": it is protected by a passphrase',
    ]);
  });

  test("wants key and certificate together, and a name for every further one", async () => {
    expect((await load({})).faults).toEqual([
      ".key: required attribute is missing",
      ".certificate: required attribute is missing",
    ]);
    expect((await load({ key: "one.key" })).faults).toEqual([".certificate: required beside key"]);
    const chain_certificates = ["two.pem"];
    const certificates = [{ hostnames: ["localhost"], ...one }];
    expect((await load({ chain_certificates, certificates })).faults).toHaveLength(2);
    expect((await load({ certificates: [...certificates, ...certificates] })).faults).toEqual([
      '.certificates[1].hostnames[0]: another certificate is for "localhost" already',
    ]);
    const faulty = { hostnames: ["no name"], ...one };
    expect((await load({ certificates: [faulty] })).faults[0]).toStartWith(
      ".certificates[0].hostnames[0]: expected a name",
    );
  });

  test("warns of a name that a certificate is not for, and of ciphers that are unknown", async () => {
    const certificates = [{ hostnames: ["other.example"], ...one }];
    expect((await load({ ...one, certificates })).warnings).toEqual([
      '.certificates[0].hostnames[0]: the certificate is not for "other.example"',
    ]);
    const ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:!aNULL";
    expect(await load({ ...one, ciphers, dhparam: "dh.pem" })).toMatchObject({
      faults: [],
      warnings: [
        ".ciphers: ciphers that this program does not know are left out: DHE-RSA-AES128-GCM-SHA256",
        ".dhparam: not honoured: no cipher with finite-field Diffie-Hellman is offered",
      ],
    });
    expect((await load({ ...one, ciphers: "DHE-RSA-AES128-GCM-SHA256" })).faults).toEqual([
      ".ciphers: none of these ciphers is known to this program",
    ]);
  });

  const warned = [
    '.ciphers: has ciphers with static RSA key exchange, without forward secrecy (RFC 9325, section 4.1); "!kRSA" leaves them out',
  ];
  test.each([
    ["HIGH", warned],
    ["DEFAULT", warned],
    ["HIGH:@STRENGTH", warned],
    ["AES256-SHA", warned],
    ["ECDHE-ECDSA-AES128-GCM-SHA256,AES128-GCM-SHA256", warned],
    ["[ECDHE-ECDSA-AES128-GCM-SHA256|AES128-SHA]", warned],
    ["HIGH:-kRSA:AES128-SHA", warned],
    ["HIGH:!kRSA", []],
    ["ECDHE-RSA-AES128-GCM-SHA256:!aNULL", []],
    ["ECDHE+AESGCM", []],
  ])("warns of static RSA in the ciphers %s", async (ciphers, warnings) => {
    expect(await load({ ...one, ciphers })).toMatchObject({ faults: [], warnings });
    const modern = await load({ ...one, ciphers, min_version: "1.3" });
    const unused = [".ciphers: has no effect: it is for TLS 1.2, and min_version is 1.3"];
    expect(modern).toMatchObject({ faults: [], warnings: unused });
  });
});

test("an expired certificate is warned of", async () => {
  const tls = { key: `${expired}.key`, certificate: `${expired}.pem` };
  expect(await load(tls)).toMatchObject({
    faults: [],
    warnings: [
      ".certificate: the certificate has expired: it was valid until Jan  2 00:00:00 2020 GMT",
    ],
  });
});

describe.skipIf(!hasOpenssl)("endpoint.tls of a connecting endpoint", () => {
  async function backend(tls: unknown, url: string, type = "tcp") {
    const place = type === "tcp" ? { host: "[::1]", port: 443, tls } : { path: "router.sock" };
    const transport = { type: "websocket", endpoint: { type, ...place }, url };
    const ws = { type: "websocket-proxy", backends: [transport] };
    const web = { type: "web", endpoint: { type: "tcp", port: 80 }, paths: { ws } };
    const worker = { type: "proxy", transports: [web] };
    const file = join(folder, "backend.json");
    writeFileSync(file, JSON.stringify({ version: 2, workers: [worker] }));
    const { config, faults, warnings } = await loadNodeConfig(file, {});
    const proxy = config?.workers[0];
    const connections = proxy?.type === "proxy" ? Object.values(proxy.connections) : [];
    return {
      endpoint: connections[0]?.transport.endpoint,
      told: [...faults, ...warnings].map(({ sentence }) => sentence.replaceAll(folder, "")),
    };
  }
  const defaults = { type: "tcp" as const, host: "::1", port: 443, timeoutMs: 10_000 };

  test("is true, an item, or what the url says", async () => {
    expect(await backend(true, "wss://x")).toEqual({
      endpoint: { ...defaults, tls: {} },
      told: [],
    });
    expect((await backend(undefined, "wss://x")).endpoint).toEqual({ ...defaults, tls: {} });
    expect((await backend(false, "ws://x")).endpoint).toEqual(defaults);
    const tls = { hostname: "router.example", ca_certificates: ["two.pem"], ...one };
    const own = {
      key: join(folder, "one.key"),
      certificate: join(folder, "one.pem"),
      chain_certificates: [],
    };
    const ca_certificates = [join(folder, "two.pem")];
    expect((await backend(tls, "wss://x")).endpoint).toEqual({
      ...defaults,
      tls: { hostname: "router.example", ca_certificates, own },
    });
  });

  test("has faults where files or the url do not agree with it", async () => {
    expect((await backend(false, "wss://x")).told).toEqual([
      "the url says wss, and the endpoint says no TLS",
    ]);
    expect((await backend(undefined, "wss://x", "unix")).told).toEqual([
      "the url says wss, and a Unix socket has no TLS: none is used",
    ]);
    expect((await backend(true, "ws://x")).told).toEqual([
      "the url says ws, and the endpoint has TLS: TLS is used",
    ]);
    expect(
      (await backend({ ca_certificates: ["none.pem"], key: "one.key" }, "wss://x")).told,
    ).toEqual(["required beside key", 'Cannot read "/none.pem": no such file']);
    expect((await backend("yes", "wss://x")).told).toEqual(['expected object, found "yes"']);
  });
});
