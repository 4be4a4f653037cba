import { describe, expect, test } from "bun:test";
import { isSigned } from "#auth/cryptosign-challenge.ts";
import { makePrivateKey, publicKeyOf } from "#base/ed25519.ts";
import {
  answerChallenge,
  helloToRouter,
  nodeCredentials,
  welcomeToClient,
} from "#proxy/routing/router-join-messages.ts";

const identity = {
  realm: "realm1",
  authid: "joe",
  authrole: "user",
  authmethod: "ticket",
  authprovider: "static",
  authextra: { theme: "dark" },
};
const privateKey = makePrivateKey();
const node = nodeCredentials("node1", privateKey);

describe("the HELLO to a router", () => {
  test("vouches for the client, with the node's id and key", () => {
    const roles = { caller: { features: { call_canceling: true } } };
    expect(helloToRouter(identity, { roles }, node, "cryptosign-proxy")).toEqual([
      1,
      "realm1",
      {
        roles,
        authid: "node1",
        authmethods: ["cryptosign-proxy"],
        authextra: {
          pubkey: publicKeyOf(privateKey),
          proxy_realm: "realm1",
          proxy_authid: "joe",
          proxy_authrole: "user",
          proxy_authmethod: "ticket",
          proxy_authprovider: "static",
          proxy_authextra: { theme: "dark" },
        },
      },
    ]);
  });

  test("has no key where the node has none", () => {
    const keyless = nodeCredentials("node1", null);
    expect(keyless).toStrictEqual({ nodeId: "node1" });
    const [, , details] = helloToRouter(identity, { roles: {} }, keyless, "anonymous-proxy");
    expect(details).toHaveProperty("authmethods", ["anonymous-proxy"]);
    expect(details).not.toHaveProperty("authextra.pubkey");
  });

  test.each<[Record<string, unknown>, Record<string, unknown>]>([
    [{}, {}],
    [{ publisher: {}, boss: {} }, { publisher: {} }],
    [
      { subscriber: null, callee: { features: null } },
      { subscriber: {}, callee: {} },
    ],
    [
      { caller: { features: { a: true, b: false, c: 1, d: "x" } } },
      { caller: { features: { a: true, b: false } } },
    ],
    [{ caller: { features: { c: 1 }, more: 1 } }, { caller: {} }],
  ])("has of the roles %j what a router takes: %j", (roles, expected) => {
    const [, , details] = helloToRouter(identity, { roles }, node, "anonymous-proxy");
    expect(details).toHaveProperty("roles", expected);
  });

  test("tells of the client's certificate, in Crossbar's words, and not of its cookie", () => {
    const transport = {
      peer: "tcp4:192.0.2.7:4711",
      type: "rawsocket",
      serializer: "cbor",
      isSecure: true,
      isUnixSocket: false,
      cookieId: "kept here",
      clientCertificate: {
        sha1: "AA:BB",
        sha256: "CC:DD",
        subject: { CN: "joe", OU: ["a", "b"] },
      },
    } as const;
    const client = { roles: {}, transport: structuredClone(transport) as never };
    const hello = helloToRouter(identity, client, node, "anonymous-proxy");
    expect(JSON.stringify(hello)).not.toContain("kept here");
    expect(hello[2]).toMatchObject({
      authextra: {
        proxy_authextra: {
          theme: "dark",
          transport: {
            channel_type: "tls",
            channel_framing: "rawsocket",
            channel_serializer: "cbor",
            peer: "tcp4:192.0.2.7:4711",
            is_secure: true,
            peer_cert: { sha1: "AA:BB", sha256: "CC:DD", subject: { cn: "joe", ou: ["a", "b"] } },
          },
        },
      },
    });
  });
});

describe("a router's CHALLENGE", () => {
  const challenge = "0f".repeat(32);

  test.each([{ challenge }, { challenge, channel_binding: null }])(
    "is signed with the node's key: %j",
    (extra) => {
      const [type, signature, more] = answerChallenge([4, "cryptosign-proxy", extra], node);
      expect([type, more]).toEqual([5, {}]);
      expect(isSigned(challenge, String(signature), publicKeyOf(privateKey))).toBe(true);
    },
  );

  test.each<[string, unknown[], typeof node]>([
    ["for another authmethod", [4, "cryptosign", { challenge }], node],
    ["for a channel", [4, "cryptosign-proxy", { challenge, channel_binding: "tls-unique" }], node],
    ["without octets", [4, "cryptosign-proxy"], node],
    ["for a node without a key", [4, "cryptosign-proxy", { challenge }], { nodeId: "node1" }],
  ])("%s is not signed", (_, asked, credentials) => {
    const sign = () => answerChallenge(asked, credentials);
    expect(sign).toThrow("Cannot answer CHALLENGE: it is none for cryptosign-proxy");
    expect(sign).toThrow(expect.objectContaining({ source: "router" }));
  });
});

describe("the WELCOME for a client", () => {
  test("has the identity as the router has it, and how the client proved it to the proxy", () => {
    const details = {
      roles: { broker: {} },
      realm: "realm2",
      authid: "joe2",
      authrole: "admin",
      authmethod: "cryptosign-proxy",
      authprovider: "node",
    };
    expect(welcomeToClient([2, 7, details], identity)).toEqual([
      2,
      7,
      {
        roles: { broker: {} },
        realm: "realm2",
        authid: "joe2",
        authrole: "admin",
        authmethod: "ticket",
        authprovider: "static",
        authextra: { theme: "dark" },
      },
    ]);
  });

  test("has the identity on the proxy where the router says nothing", () => {
    expect(welcomeToClient([2, 7], identity)).toEqual([2, 7, identity]);
  });

  test("has what the authmethod adds, and nothing of the node or of the connection", () => {
    const details = {
      x_cb_node: "node1",
      transport: { http_headers: {} },
      authextra: { tier: 3, x_cb_pid: 7, transport: {} },
    };
    expect(welcomeToClient([2, 7, details], identity, { scram_server_signature: "x" })).toEqual([
      2,
      7,
      { ...identity, authextra: { theme: "dark", tier: 3, scram_server_signature: "x" } },
    ]);
  });
});
