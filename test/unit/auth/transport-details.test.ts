import { expect, test } from "bun:test";
import { printTransport } from "#auth/transport-details.ts";
import { helloRequest } from "../../support/hello-request.ts";

const { transport } = helloRequest();

test("a connection has Crossbar's names", () => {
  expect(printTransport({ ...transport, isUnixSocket: true })).toStrictEqual({
    channel_type: "tcp",
    channel_framing: "websocket",
    channel_serializer: "json",
    peer: "tcp4:127.0.0.1:49816",
    is_server: true,
    is_secure: false,
  });
});

test("a connection over TLS has the client's certificate, if there is one", () => {
  const secure = { ...transport, isSecure: true };
  const certificate = { sha1: "AA", sha256: "BB", subject: { CN: "joe" } };
  expect(printTransport(secure)).toMatchObject({ channel_type: "tls", is_secure: true });
  expect(printTransport(secure)).not.toHaveProperty("peer_cert");
  expect(printTransport({ ...secure, clientCertificate: certificate })).toMatchObject({
    peer_cert: { sha1: "AA", sha256: "BB", subject: { cn: "joe" } },
  });
});
