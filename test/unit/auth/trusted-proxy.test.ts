import { describe, expect, test } from "bun:test";
import type { CryptosignCredentials } from "#auth/cryptosign.ts";
import { signChallenge } from "#auth/cryptosign-challenge.ts";
import { deny } from "#auth/pending-auth.ts";
import { type Principal, type PrincipalSource, StaticPrincipals } from "#auth/principal.ts";
import { SignedProxyAuth, TrustedProxyAuth } from "#auth/trusted-proxy.ts";
import { makePrivateKey, publicKeyOf } from "#base/ed25519.ts";
import { challengeOf, denied, helloRequest } from "../../support/hello-request.ts";

const client = { proxy_realm: "realm1", proxy_authid: "joe", proxy_authrole: "user" };
const identity = { realm: "realm1", authid: "joe", authrole: "user" };

/** What a proxy says over a Unix socket. */
function fromProxy(authextra: Record<string, unknown>, isUnixSocket = true) {
  const request = helloRequest({ authid: "node1", authextra });
  return { ...request, transport: { ...request.transport, isUnixSocket } };
}

const incomplete: [string, Record<string, unknown>][] = [
  ["without a realm", { ...client, proxy_realm: undefined }],
  ["without an authid", { ...client, proxy_authid: "" }],
  ["with a role that is no text", { ...client, proxy_authrole: 7 }],
];

const missing = "proxy_realm, proxy_authid or proxy_authrole is missing";

describe("anonymous-proxy", () => {
  const auth = new TrustedProxyAuth();

  test("accepts the identity that the proxy names", () => {
    const more = {
      proxy_authmethod: "ticket",
      proxy_authprovider: "dynamic",
      proxy_authextra: { tier: 3 },
    };
    expect(auth.hello(fromProxy({ ...client, ...more }))).toEqual({
      kind: "accept",
      identity: {
        ...identity,
        authmethod: "ticket",
        authprovider: "dynamic",
        authextra: { tier: 3 },
      },
      isStatedByProxy: true,
    });
  });

  test("is the authmethod itself where the proxy names none", () => {
    for (const none of [{}, { proxy_authmethod: "", proxy_authprovider: 7, proxy_authextra: [] }]) {
      expect(auth.hello(fromProxy({ ...client, ...none }))).toMatchObject({
        identity: { authmethod: "anonymous-proxy", authprovider: "static", authextra: {} },
      });
    }
  });

  test("trusts a proxy over a Unix socket alone", () => {
    expect(auth.hello(fromProxy(client, false))).toMatchObject({
      kind: "deny",
      message: "Cannot authenticate with anonymous-proxy: it needs a Unix domain socket",
    });
  });

  test.each(incomplete)("denies an identity %s", (_, authextra) => {
    expect(auth.hello(fromProxy(authextra))).toMatchObject({
      kind: "deny",
      message: `Cannot authenticate with anonymous-proxy: ${missing}`,
    });
  });
});

/** The client of the proxy hears this, and its own proof was right. */
const refused = { ...denied("cryptosign-proxy"), uri: "wamp.error.authentication_failed" };

describe("cryptosign-proxy", () => {
  const [privateKey, otherKey] = [makePrivateKey(), makePrivateKey()];
  const pubkey = publicKeyOf(privateKey);
  // The last has the name of the client.
  const nodes = {
    node1: { authorized_keys: [pubkey] },
    node2: { authorized_keys: [] },
    joe: { authorized_keys: [pubkey] },
  };
  const begin = (source: PrincipalSource<CryptosignCredentials> = new StaticPrincipals(nodes)) =>
    new SignedProxyAuth(source);
  const signed = (extra: Record<string, unknown>, key = privateKey) =>
    signChallenge(String(extra["challenge"]), key) ?? "";

  test("accepts the identity behind a signature of the node's key, also over TCP", async () => {
    const auth = begin();
    const outcome = await auth.hello(fromProxy({ ...client, pubkey: pubkey.toUpperCase() }, false));
    const extra = challengeOf(outcome);
    expect(extra).toEqual({
      challenge: expect.stringMatching(/^[0-9a-f]{64}$/),
      channel_binding: null,
    });
    expect(auth.authenticate(signed(extra))).toMatchObject({
      kind: "accept",
      identity: { ...identity, authmethod: "cryptosign-proxy" },
    });
  });

  test("accepts what was vouched for in HELLO, and nothing said later", async () => {
    const auth = begin();
    const request = fromProxy({ ...client, pubkey });
    const extra = challengeOf(await auth.hello(request));
    request.authextra["proxy_authrole"] = "admin";
    expect(auth.authenticate(signed(extra))).toMatchObject({ identity });
  });

  test.each<[string, (extra: Record<string, unknown>) => string]>([
    ["of another key", (extra) => signed(extra, otherKey)],
    ["of another challenge", () => signed({ challenge: "00".repeat(32) })],
    ["that is empty", () => ""],
    ["that is none", () => "zz".repeat(96)],
  ])("denies a signature %s", async (_, signature) => {
    const auth = begin();
    const extra = challengeOf(await auth.hello(fromProxy({ ...client, pubkey })));
    expect(auth.authenticate(signature(extra))).toEqual(refused);
  });

  test("takes one signature for each challenge", async () => {
    const auth = begin();
    expect(auth.authenticate("")).toEqual(refused);
    const extra = challengeOf(await auth.hello(fromProxy({ ...client, pubkey })));
    auth.authenticate("");
    expect(auth.authenticate(signed(extra))).toEqual(refused);
  });

  test.each<[string, string | undefined, unknown]>([
    ["of another node", "node2", pubkey],
    ["of no node", "node3", pubkey],
    ["without authid", undefined, pubkey],
    ["that is not the node's", "node1", publicKeyOf(otherKey)],
    ["that is missing", "node1", undefined],
    ["that is no text", "node1", [pubkey]],
  ])("challenges no key %s", async (_, authid, key) => {
    const request = { ...fromProxy({ ...client, pubkey: key }), authid };
    expect(await begin().hello(request)).toEqual(refused);
  });

  test.each(incomplete)("denies an identity %s", async (_, authextra) => {
    expect(await begin().hello(fromProxy({ ...authextra, pubkey }))).toMatchObject({
      kind: "deny",
      message: `Cannot authenticate with cryptosign-proxy: ${missing}`,
    });
  });

  test("binds no channel", async () => {
    const bound = fromProxy({ ...client, pubkey, channel_binding: "tls-unique" });
    expect(await begin().hello(bound)).toMatchObject({
      kind: "deny",
      message: "Cannot authenticate with cryptosign-proxy: no channel can be bound",
    });
    const unbound = fromProxy({ ...client, pubkey, channel_binding: null });
    expect(await begin().hello(unbound)).toMatchObject({
      kind: "challenge",
      authmethod: "cryptosign-proxy",
    });
  });

  test("asks an authenticator in the client's name where the proxy has none", async () => {
    const asked: unknown[] = [];
    const node: Principal & CryptosignCredentials = { role: "proxy", authorized_keys: [pubkey] };
    const dynamic: PrincipalSource<CryptosignCredentials> = {
      authprovider: "dynamic",
      async find({ authmethod, request, details }) {
        asked.push([authmethod, request.authid, request.authrole, details]);
        return node;
      },
    };
    const request = { ...fromProxy({ ...client, pubkey }), authid: undefined };
    expect(await begin(dynamic).hello(request)).toMatchObject({ kind: "challenge" });
    expect(asked).toEqual([["cryptosign-proxy", "joe", "user", { pubkey }]]);
    await begin(dynamic).hello({ ...request, authid: "node1", authrole: "proxy" });
    expect(asked.at(-1)).toEqual(["cryptosign-proxy", "node1", "proxy", { pubkey }]);
    node.role = undefined;
    const refused = await begin(dynamic).hello(request);
    expect(refused).toMatchObject({ kind: "deny", uri: "wamp.error.no_such_role" });
  });

  test("is refused as the authenticator refuses the node, or where it knows none", async () => {
    const request = fromProxy({ ...client, pubkey });
    const refusal = deny("cryptosign-proxy", "it has expired");
    for (const [found, outcome] of [
      [refusal, refusal],
      [undefined, refused],
    ] as const) {
      const source = { authprovider: "dynamic", find: async () => found } as const;
      expect(await begin(source).hello(request)).toEqual(outcome);
    }
  });
});
