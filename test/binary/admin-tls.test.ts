/** TLS at the admin endpoint of a node of the built binary: clients, their certificates, and renewal. */

import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CertificateConfig } from "#config/endpoint/endpoint-config.ts";
import { samplesOf } from "../support/admin-node.ts";
import {
  hasOpenssl,
  replaceCertificate,
  selfSigned,
  shown,
  signedByAuthority,
  trusting,
} from "../support/certificates.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { BINARY, freePort, nodeForTest } from "../support/temporary-node.ts";

/** A node of one guest whose admin endpoint has TLS; `now` is its certificate. */
async function tlsNode(tls: object = {}, folder = temporaryFolder(), address = "127.0.0.1") {
  const port = freePort();
  const now = selfSigned(folder, "now", { names: "DNS:node1.example,IP:127.0.0.1" });
  const own = { key: "now.key", certificate: "now.pem" };
  const endpoint = { type: "tcp", port, interface: address, tls: { ...own, ...tls } };
  const workers = [{ type: "guest", executable: "sleep", arguments: ["60"] }];
  const configuration = { version: 2, controller: { admin: { endpoint } }, workers };
  writeFileSync(join(folder, "node.json"), JSON.stringify(configuration));
  const node = await nodeForTest(folder);
  const run = async (...words: string[]) => {
    const child = Bun.spawn([BINARY, ...words], { cwd: folder, stdout: "pipe", stderr: "pipe" });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { stdout, stderr, exitCode: await child.exited };
  };
  return { node, port, now, folder, run, url: `https://127.0.0.1:${port}` };
}

/** What curl prints, with the status of the answer behind it; its exit code where there is none. */
async function curl(...words: string[]): Promise<string> {
  const child = Bun.spawn(["curl", "-sS", "-w", "%{http_code}", ...words], {
    stdout: "pipe",
    stderr: "ignore",
  });
  const printed = await child.stdout.text();
  const code = await child.exited;
  return code === 0 ? printed : `curl ended with ${code}`;
}

const asClient = ({ key, certificate }: CertificateConfig) => ["--cert", certificate, "--key", key];

describe.skipIf(!hasOpenssl)("an admin endpoint with TLS", () => {
  test("answers clients that trust its certificate, at its name too", async () => {
    const { node, port, now, url } = await tlsNode();
    expect(node.output()).toContain(`admin endpoint listens url=${url}/`);
    expect(await curl("--cacert", now.certificate, `${url}/healthz`)).toBe("ok\n200");
    const named = [`node1.example:${port}:127.0.0.1`, `https://node1.example:${port}/healthz`];
    expect(await curl("--cacert", now.certificate, "--resolve", ...named)).toBe("ok\n200");
    // 60: the certificate is not trusted.
    expect(await curl(`${url}/healthz`)).toBe("curl ended with 60");
    const answer = await fetch(`${url}/loglevel`, { tls: trusting(now) });
    expect(await answer.json()).toEqual({ level: "info" });
    expect(await curl(`http://127.0.0.1:${port}/healthz`)).not.toEndWith("200");
  });

  test("takes changes from its own pages alone", async () => {
    const { now, url } = await tlsNode();
    const status = async (origin: string) => {
      const options = { method: "POST", headers: { Origin: origin }, tls: trusting(now) };
      return (await fetch(`${url}/loglevel?level=warn`, options)).status;
    };
    expect([await status(url), await status(url.replace("https", "http"))]).toEqual([200, 403]);
  });

  test("shows the certificate of the name that a client asks for, in TLS 1.3 where it has to", async () => {
    const folder = temporaryFolder();
    const other = selfSigned(folder, "other");
    const certificates = [
      { hostnames: ["*.other.example"], key: other.key, certificate: other.certificate },
    ];
    const { port } = await tlsNode({ certificates, min_version: "1.3" }, folder);
    expect((await shown(port, { servername: "x.other.example" })).name).toBe("other");
    expect(await shown(port)).toMatchObject({ name: "now", version: "TLSv1.3" });
    await expect(shown(port, { maxVersion: "TLSv1.2" })).rejects.toThrow(/PROTOCOL_VERSION/);
  });

  test("tells until when its certificates are valid", async () => {
    const { port, now, url } = await tlsNode();
    const text = await (await fetch(`${url}/metrics`, { tls: trusting(now) })).text();
    const [[labels, until] = ["", 0]] = samplesOf(text, "crossproxy_tls_certs_not_after");
    expect(labels).toBe(`worker="controller",port="${port}",cn="now"`);
    expect(until).toBeGreaterThan(Date.now() / 1000);
  });

  test("shows renewed certificates after a reload, and keeps the old one where they are faulty", async () => {
    const { node, port, now, folder, run } = await tlsNode();
    replaceCertificate(now, selfSigned(folder, "later"));
    expect((await run("reload")).exitCode).toBe(0);
    expect((await shown(port)).name).toBe("later");
    expect(node.output()).toContain("certificate renewed");
    writeFileSync(now.key, "broken");
    expect((await run("reload")).exitCode).toBe(1);
    expect((await shown(port)).name).toBe("later");
  });

  test("has the figures for top where the node takes no commands", async () => {
    const { folder, run } = await tlsNode();
    rmSync(join(folder, ".node.sock"));
    const { stdout, stderr } = await run("top");
    expect([stderr, stdout]).toEqual(["", expect.stringMatching(/^worker001 +guest +running /m)]);
  });

  test("does not start with a key that does not fit", async () => {
    const { folder, now, node } = await tlsNode();
    await node.stop();
    replaceCertificate(
      { ...now, certificate: join(folder, "unused.pem") },
      selfSigned(folder, "b"),
    );
    const child = Bun.spawn([BINARY, "node.json"], { cwd: folder, stderr: "pipe" });
    expect(await child.exited).toBe(78);
    expect(await child.stderr.text()).toContain("$.controller.admin.endpoint.tls.key");
  });
});

describe.skipIf(!hasOpenssl)("an admin endpoint that asks for certificates of its clients", () => {
  test("refuses all others in the handshake, health checks too", async () => {
    const folder = temporaryFolder();
    const { root, leaf } = signedByAuthority(folder, "client");
    const chained = join(folder, "chain.pem");
    const chain = await Promise.all(
      [leaf.certificate, ...leaf.chain_certificates].map((file) => Bun.file(file).text()),
    );
    writeFileSync(chained, chain.join(""));
    const ca_certificates = [root.certificate];
    const { port, now, url } = await tlsNode({ ca_certificates }, folder);
    const asked = ["--cacert", now.certificate, `${url}/healthz`];
    expect(await curl(...asked, ...asClient({ ...leaf, certificate: chained }))).toBe("ok\n200");
    // 56: the other side has ended the connection.
    expect(await curl(...asked)).toBe("curl ended with 56");
    // 52: it has done so before any answer.
    const stranger = await curl(...asked, ...asClient(selfSigned(folder, "stranger")));
    expect(stranger).toMatch(/^curl ended with 5[26]$/);
    const client = Bun.spawn(["openssl", "s_client", "-ign_eof", "-connect", `127.0.0.1:${port}`], {
      stdin: new Blob(["GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
      stdout: "pipe",
      stderr: "pipe",
    });
    expect(await client.stdout.text()).not.toContain("200 OK");
    expect(await client.stderr.text()).toContain("certificate required");
  });

  test("listens beyond this machine without a token, and top, status and reload go on", async () => {
    const folder = temporaryFolder();
    const { root } = signedByAuthority(folder, "client");
    const { run } = await tlsNode({ ca_certificates: [root.certificate] }, folder, "0.0.0.0");
    const top = await run("top");
    expect({ ...top, stdout: "" }).toEqual({ stdout: "", stderr: "", exitCode: 0 });
    expect(top.stdout).toMatch(/^worker001 +guest +running /m);
    expect((await run("status")).stdout).toBe("Status is RUNNING\n");
    expect((await run("reload")).stdout).toStartWith("Nothing to reload");
  });
});
