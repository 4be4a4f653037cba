/** A proxy that signs, and an authenticator that says with which key, through the built binary. */

import { expect, test } from "bun:test";
import { role } from "../support/crossbar-router.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { BINARY, buildMissingBinary, freePorts, startNode } from "../support/temporary-node.ts";
import { joinAutobahn } from "../support/wamp-clients.ts";
import { registerAuthenticator } from "../support/wamp-socket.ts";

const [signed = 0, open = 0, clients = 0] = freePorts(3);
const tcp = (port: number) => ({ type: "tcp", port, interface: "127.0.0.1" });
const anonymousAs = (name: string) => ({ anonymous: { type: "static", role: name } });
const node = {
  version: 2,
  controller: { id: "node1" },
  workers: [
    {
      type: "router",
      realms: [
        { name: "realm1", roles: [role("user")] },
        { name: "auth", roles: [role("authenticator")] },
      ],
      transports: [
        { type: "websocket", endpoint: tcp(open), auth: anonymousAs("authenticator") },
        {
          type: "rawsocket",
          endpoint: tcp(signed),
          auth: {
            "cryptosign-proxy": {
              type: "dynamic",
              authenticator: "com.example.node",
              "authenticator-realm": "auth",
            },
          },
        },
      ],
    },
    {
      type: "proxy",
      connections: {
        conn1: {
          transport: {
            type: "rawsocket",
            endpoint: { type: "tcp", host: "127.0.0.1", port: signed },
            serializer: "cbor",
          },
          auth: { "cryptosign-proxy": { type: "static" } },
        },
      },
      routes: { realm1: { user: "conn1" } },
      transports: [{ type: "websocket", endpoint: tcp(clients), auth: anonymousAs("user") }],
    },
  ],
};

test("an authenticator says which key a proxy signs with", async () => {
  buildMissingBinary();
  const folder = temporaryFolder({ "node.json": node });
  const printed = Bun.spawnSync([BINARY, "keys", `${folder}/node.json`]);
  const publicKey = printed.stdout.toString().trim();
  const running = await startNode(folder);
  const url = `ws://127.0.0.1:${open}`;
  const authenticator = await registerAuthenticator(url, "auth", "com.example.node");
  const join = () => joinAutobahn(`ws://127.0.0.1:${clients}`, "json");

  const joining = join();
  const { args, returns } = await authenticator.asked();
  expect(args.slice(0, 2)).toEqual(["realm1", "node1"]);
  expect(args[2]).toMatchObject({
    authmethod: "cryptosign-proxy",
    pubkey: publicKey,
    authextra: { pubkey: publicKey, proxy_realm: "realm1", proxy_authrole: "user" },
  });
  returns({ pubkey: publicKey, role: "proxy" });
  const client = await joining;
  expect(client.identity).toMatchObject({ realm: "realm1", authrole: "user" });
  expect(await client.call("wamp.session.count", [])).toBe(1);

  const refused = join();
  (await authenticator.asked()).returns({ pubkey: "00".repeat(32), role: "proxy" });
  await expect(refused).rejects.toThrow();
  await client.leave();
  await authenticator.leave();
  await running.stop();
}, 30_000);
