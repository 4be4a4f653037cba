import { expect, test } from "bun:test";
import { deny } from "#auth/pending-auth.ts";
import { StaticCertificates, TlsAuth } from "#auth/tls.ts";
import { denied, helloRequest } from "../../support/hello-request.ts";
import { titled } from "../../support/titles.ts";

const sha1 = "AA:BB:CC";
const sha256 = "11:22:33";
const begin = () =>
  new TlsAuth(
    new StaticCertificates({
      alice: { "certificate-sha1": sha1, role: "user" },
      bob: { "certificate-sha256": sha256, role: "user" },
      both: { "certificate-sha1": "DD", "certificate-sha256": "EE", role: "user" },
      nothing: { role: "user" },
    }),
  );
const hello = (clientCertificate: { sha1: string; sha256: string }, authid?: string) => {
  const request = helloRequest({ authid });
  const certificate = { ...clientCertificate, subject: { CN: "alice" } };
  return { ...request, transport: { ...request.transport, clientCertificate: certificate } };
};

test.each([
  ["alice", { sha1, sha256: "00" }],
  ["bob", { sha1: "00", sha256 }],
  ["both", { sha1: "DD", sha256: "EE" }],
])("lets %s in by the certificate, whatever authid the client says", async (authid, shown) => {
  for (const said of [undefined, authid, "root"]) {
    expect(await begin().hello(hello(shown, said))).toEqual({
      kind: "accept",
      identity: {
        realm: "realm1",
        authid,
        authrole: "user",
        authmethod: "tls",
        authprovider: "static",
        authextra: {},
      },
    });
  }
});

test.each(
  titled([
    [{ sha1: "00", sha256: "00" }],
    [{ sha1: "DD", sha256: "00" }],
    [{ sha1: "00", sha256: "EE" }],
  ]),
)("denies a client that shows %s", async (_title, shown) => {
  expect(await begin().hello(hello(shown, "alice"))).toEqual(denied("tls"));
});

test("refuses as an authenticator refuses", async () => {
  const refusal = deny("tls", "it has expired");
  const auth = new TlsAuth({ authprovider: "dynamic", find: async () => refusal });
  expect(await auth.hello(hello({ sha1, sha256 }))).toEqual(refusal);
});

test("denies a client that shows no certificate", async () => {
  expect(await begin().hello(helloRequest())).toEqual({
    kind: "deny",
    uri: "wamp.error.authentication_failed",
    message: "Cannot authenticate with tls: the client showed no certificate",
  });
});
