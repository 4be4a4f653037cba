import { expect, test } from "bun:test";
import { helloToRouter } from "#proxy/routing/router-join-messages.ts";

test("tells the router of the client's certificate, in Crossbar's words", () => {
  const hello = helloToRouter(
    {
      realm: "realm1",
      authid: "joe",
      authrole: "user",
      authmethod: "tls",
      authprovider: "static",
      authextra: {},
    },
    {
      roles: {},
      transport: {
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
      },
    },
    { nodeId: "node1" },
    "anonymous-proxy",
  );
  expect(JSON.stringify(hello)).not.toContain("kept here");
  expect(hello[2]).toMatchObject({
    authextra: {
      proxy_authextra: {
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
