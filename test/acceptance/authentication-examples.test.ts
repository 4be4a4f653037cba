/** The examples of docs/authentication.md, as they stand there but for ports, files and fingerprints. */

import { describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { hasOpenssl, selfSigned } from "../support/certificates.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort, nodeForTest } from "../support/temporary-node.ts";
import { titled } from "../support/titles.ts";
import {
  hasPython,
  joinAllPython,
  joinAutobahn,
  joinWampy,
  type Proof,
  PYTHON,
} from "../support/wamp-clients.ts";

const guide = await Bun.file(resolve(import.meta.dir, "../../docs/authentication.md")).text();
const sections = guide.split(/^## /m);

/** The example of a section, or of the introduction. */
function example(heading: string, place = ".*"): string {
  const section = sections.find((one) => one.startsWith(`${heading}\n`)) ?? "";
  const fence = new RegExp(`\`\`\`json(?: ${place})?\n([^]*?)\n\`\`\``);
  const [, json = ""] = fence.exec(section) ?? [];
  return json;
}

interface Frame {
  workers: [{ transports: [Record<string, unknown> & { endpoint: Record<string, unknown> }] }];
}

/** The node of the introduction, with this `auth` and what a transport needs beside it. */
function nodeWith(auth: string, port: number, beside: object = {}, tls?: object): object {
  const frame = JSON.parse(example("# Authentication")) as Frame;
  const [transport] = frame.workers[0].transports;
  Object.assign(transport, { auth: JSON.parse(auth) }, beside);
  Object.assign(transport.endpoint, { port }, tls && { tls });
  return frame;
}

const seed = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510";
const users: [string, Proof | undefined][] = [
  ["anonymous", undefined],
  ["ticket", { authid: "alice", ticket: "secret1" }],
  ["wampcra", { authid: "alice", secret: "secret1" }],
  ["wampcra", { authid: "bob", secret: "secret2" }],
  ["cryptosign", { authid: "alice", privkey: seed }],
];

test.each(titled(users))("the example runs, and lets in: %s", async (_title, name, proof) => {
  const port = freePort();
  await nodeForTest(temporaryFolder({ "node.json": nodeWith(example(name), port) }));
  for (const join of [joinAutobahn, joinWampy]) {
    const client = await join(`ws://127.0.0.1:${port}/`, "json", proof);
    expect(client.identity).toMatchObject({ authrole: "user", authmethod: name });
    await client.leave();
  }
});

describe.if(hasPython)("with Autobahn for Python", () => {
  test("the example of scram runs, and lets alice in", async () => {
    const port = freePort();
    const config = nodeWith(example("scram"), port);
    await nodeForTest(temporaryFolder({ "node.json": config }));
    const auth = { authid: "alice", password: "secret1" };
    const url = `ws://127.0.0.1:${port}/`;
    const [outcome] = await joinAllPython([{ url, serializer: "json", auth }]);
    expect(outcome).toMatchObject({ joined: { authid: "alice", authmethod: "scram" } });
  }, 30_000);

  test("the example of cryptosign with certificates runs, and lets a delegate in", async () => {
    const port = freePort();
    const folder = temporaryFolder();
    const script = resolve(import.meta.dir, "../python/certificates.py");
    const { stdout } = Bun.spawnSync([PYTHON, script, folder, seed]);
    const authextra = JSON.parse(stdout.toString()) as object;
    const config = nodeWith(example("cryptosign with certificates"), port);
    await Bun.write(`${folder}/node.json`, JSON.stringify(config));
    await nodeForTest(folder);
    const auth = { privkey: seed, authextra };
    const url = `ws://127.0.0.1:${port}/`;
    const [outcome] = await joinAllPython([{ url, serializer: "json", auth }]);
    expect(outcome).toMatchObject({ joined: { authmethod: "cryptosign", authrole: "user" } });
  }, 30_000);

  test.if(hasOpenssl)(
    "the example of tls runs, and lets alice in",
    async () => {
      const port = freePort();
      const folder = temporaryFolder();
      for (const name of ["server", "client"]) selfSigned(folder, name);
      const { fingerprint256 } = new X509Certificate(readFileSync(`${folder}/client.pem`));
      const auth = example("tls").replace(/([0-9A-F]{2}:){31}[0-9A-F]{2}/, fingerprint256);
      const files = {
        key: "server.key",
        certificate: "server.pem",
        ca_certificates: ["client.pem"],
      };
      await Bun.write(`${folder}/node.json`, JSON.stringify(nodeWith(auth, port, {}, files)));
      await nodeForTest(folder);
      const tls = {
        ca: `${folder}/server.pem`,
        certificate: `${folder}/client.pem`,
        key: `${folder}/client.key`,
      };
      const [outcome] = await joinAllPython([
        {
          url: `wss://localhost:${port}/`,
          serializer: "json",
          auth: { certificate: true },
          tls,
        },
      ]);
      expect(outcome).toMatchObject({ joined: { authid: "alice", authmethod: "tls" } });
    },
    30_000,
  );
});

test("the example of cookie runs, with what is to stand beside it", async () => {
  const port = freePort();
  const beside = JSON.parse(example("cookie", "\\S+transports.0.")) as object;
  const config = nodeWith(example("cookie", "\\S+auth"), port, beside);
  const node = await nodeForTest(temporaryFolder({ "node.json": config }));
  expect(node.output()).not.toContain("warning");
  const proof = { authid: "alice", ticket: "secret1" };
  const client = await joinAutobahn(`ws://127.0.0.1:${port}/`, "json", proof);
  expect(client.identity).toMatchObject({ authid: "alice", authmethod: "ticket" });
  await client.leave();
});

test("every section with an example is run", () => {
  const withExample = sections
    .filter((one) => one.includes("```json"))
    .map((one) => /^.*/.exec(one)?.[0]);
  const run = [
    "# Authentication",
    ...new Set(users.map(([name]) => name)),
    "cryptosign with certificates",
    "scram",
    "tls",
    "cookie",
  ];
  expect(withExample.toSorted()).toEqual(run.toSorted());
});
