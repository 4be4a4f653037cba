/** `cluster` of a realm. */

import { describe, expect, test } from "bun:test";
import { loadNode, nodeWith } from "../../support/loaded-node.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const path = "$.workers[0].realms[0].cluster";
const least = { type: "nats", servers: ["nats://127.0.0.1:4222"] };

async function loadCluster(value: unknown) {
  const { config, faults, warnings } = await loadNode(nodeWith(path, value));
  const worker = config?.workers[0];
  const [realm] = worker?.type === "router" ? worker.realms : [];
  return { cluster: realm?.cluster, faults, warnings };
}

describe("the cluster of a realm", () => {
  test("has defaults", async () => {
    const { cluster, faults, warnings } = await loadCluster(least);
    expect(cluster).toEqual({
      ...least,
      type: "nats",
      prefix: "wamp",
      replicas: 1,
      presence_timeout: 5_000,
      when_apart: "serve",
      prefer_local: false,
    });
    expect([faults, warnings]).toEqual([[], []]);
  });

  test("reads what the servers are shown out of a file", async () => {
    const folder = temporaryFolder({ "nats.token": "secret1\n" });
    const token = { file: `${folder}/nats.token` };
    const { cluster } = await loadCluster({ ...least, token, tls: { handshake_first: true } });
    expect(cluster?.login).toEqual({ kind: "token", secret: "secret1" });
    expect(cluster?.tls).toEqual({ handshake_first: true });
  });

  test.each([
    [{ servers: [] }, ".servers: expected at least one server, found none"],
    [{ servers: ["http://a"] }, ".servers[0]: expected nats://host:port or tls://host:port"],
    [{ servers: ["nats://me:secret@a:4222"] }, ".servers[0]: expected nats://host:port"],
    [{ prefix: "a.b" }, ".prefix: expected 1 to 64 characters"],
    [{ presence_timeout: 1_999 }, ".presence_timeout: expected an integer from 2000 to 600000"],
    [{ when_apart: "wait" }, '.when_apart: expected "serve" or "refuse"'],
    [{ token: "a", nkey: "b" }, ".nkey: there is token already"],
    [{ tls: { key: "a.pem" } }, ".tls.certificate: required beside key"],
    [{ token: { file: "/nowhere" } }, '.token.file: Cannot read the secret from "/nowhere"'],
    [{ type: "redis" }, ".type: expected"],
  ])("refuses %j", async (change, sentence) => {
    const { faults } = await loadCluster({ ...least, ...change });
    expect(faults.join("\n")).toContain(`${path}${sentence}`);
  });

  test("does not quote a password in a server", async () => {
    const { faults } = await loadCluster({ ...least, servers: ["nats://me:secret1@a"] });
    expect(faults.join("\n")).not.toContain("secret1");
  });
});
