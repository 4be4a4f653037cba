import { describe, expect, test } from "bun:test";
import { Authentication, refuseTooLong } from "#auth/authentication.ts";
import { signChallenge } from "#auth/cryptosign-challenge.ts";
import type { AuthOutcome } from "#auth/pending-auth.ts";
import { makePrivateKey, publicKeyOf } from "#base/ed25519.ts";
import type { AuthConfig } from "#config/auth/auth-config.ts";
import type { TransportDetails } from "#wamp/peer.ts";
import { trustsProxies } from "#wamp/proxy-trust.ts";
import { neverCanceled, noAuthenticators } from "../../support/no-authenticators.ts";

const roles = { caller: {} };
const tcp: TransportDetails = {
  peer: "tcp4:127.0.0.1:50000",
  type: "websocket",
  serializer: "json",
  isSecure: false,
  isUnixSocket: false,
};
const unix: TransportDetails = { ...tcp, peer: "unix:", isUnixSocket: true };
const anonymous = { type: "static", role: "guest" } as const;
const ticket = {
  type: "static",
  principals: { alice: { ticket: "secret1", role: "user" } },
} as const;

const identityExtra = (outcome: AuthOutcome) =>
  outcome.kind === "accept" ? outcome.identity.authextra : undefined;

describe("Authentication", () => {
  test("accepts anonymous with the configured role and a random authid", async () => {
    const outcome = await new Authentication(
      { anonymous },
      tcp,
      noAuthenticators,
      neverCanceled,
    ).hello([1, "realm1", { roles: { caller: {} } }]);
    expect(outcome).toMatchObject({
      kind: "accept",
      identity: { realm: "realm1", authrole: "guest", authmethod: "anonymous" },
    });
    expect(outcome.kind === "accept" && outcome.identity.authid).toMatch(/^(\w{4}-){5}\w{4}$/);
  });

  test("takes the first of the client's authmethods that is configured", async () => {
    const details = { roles, authmethods: ["wampcra", "ticket", "anonymous"], authid: "alice" };
    const outcome = await new Authentication(
      { anonymous, ticket },
      tcp,
      noAuthenticators,
      neverCanceled,
    ).hello([1, "realm1", details]);
    expect(outcome).toMatchObject({ kind: "challenge", authmethod: "ticket" });
  });

  test("denies when no authmethod fits", async () => {
    const outcome = await new Authentication(
      { ticket },
      tcp,
      noAuthenticators,
      neverCanceled,
    ).hello([1, "realm1", { roles: { caller: {} } }]);
    expect(outcome).toMatchObject({
      kind: "deny",
      uri: "wamp.error.no_auth_method",
      message: "Cannot authenticate: no suitable authmethod found",
    });
  });

  test.each([
    ["alice", "secret1", "accept"],
    ["alice", "secret2", "deny"],
    ["alice", "", "deny"],
    ["mallory", "", "deny"],
    ["__proto__", "secret1", "deny"],
  ])("answers %p with ticket %p by %s", async (authid, signature, kind) => {
    const join = new Authentication({ ticket }, tcp, noAuthenticators, neverCanceled);
    await join.hello([1, "realm1", { roles: { caller: {} }, authmethods: ["ticket"], authid }]);
    expect((await join.authenticate([5, signature, {}])).kind).toBe(kind as "accept");
  });

  test("gives one try for each CHALLENGE", async () => {
    const join = new Authentication({ ticket }, tcp, noAuthenticators, neverCanceled);
    await join.hello([
      1,
      "realm1",
      { roles: { caller: {} }, authmethods: ["ticket"], authid: "alice" },
    ]);
    expect((await join.authenticate([5, "wrong", {}])).kind).toBe("deny");
    expect((await join.authenticate([5, "secret1", {}])).kind).toBe("deny");
  });

  test("refuses a HELLO whose details are octets, and takes octets for no authextra", async () => {
    const octets = new Uint8Array(3);
    const said = (details: unknown) =>
      new Authentication({ anonymous }, tcp, noAuthenticators, neverCanceled).hello([
        1,
        "realm1",
        details,
      ]);
    await expect(said(octets)).rejects.toThrow("Cannot read HELLO: details is not a dictionary");
    expect(await said({ roles, authextra: octets })).toMatchObject({
      kind: "accept",
      identity: { authextra: {} },
    });
    expect(identityExtra(await said({ roles, authextra: octets }))).toEqual({});
  });

  test("refuses a realm that is longer than any name of a realm, without saying it again", async () => {
    const hello = (length: number) =>
      new Authentication({ anonymous }, tcp, noAuthenticators, neverCanceled).hello([
        1,
        "r".repeat(length),
        { roles },
      ]);
    expect(await hello(255)).toMatchObject({ kind: "accept" });
    await expect(hello(256)).rejects.toMatchObject({
      message: "Cannot join realm: its name is longer than 255 characters",
      uri: "wamp.error.no_such_realm",
      source: "client",
    });
  });

  const vouched = {
    roles,
    authmethods: ["anonymous-proxy"],
    authextra: { proxy_realm: "realm2", proxy_authid: "bob", proxy_authrole: "user" },
  };

  test("takes the identity that a proxy vouches for over a Unix socket", async () => {
    const auth = { "anonymous-proxy": { type: "static" } } as const;
    expect(
      await new Authentication(auth, unix, noAuthenticators, neverCanceled).hello([
        1,
        "realm1",
        vouched,
      ]),
    ).toMatchObject({
      kind: "accept",
      identity: { realm: "realm2", authid: "bob", authrole: "user" },
    });
    expect(
      (
        await new Authentication(auth, tcp, noAuthenticators, neverCanceled).hello([
          1,
          "realm1",
          vouched,
        ])
      ).kind,
    ).toBe("deny");
  });

  test("takes what a node vouches for that signs with its key, over TCP too", async () => {
    const key = makePrivateKey();
    const authorized_keys = [publicKeyOf(makePrivateKey()), publicKeyOf(key)];
    const auth = {
      "cryptosign-proxy": { type: "static", principals: { node1: { authorized_keys } } },
    } as const;
    const { authextra } = vouched;
    const hello = (authid: string, pubkey: string, more = {}) => [
      1,
      "realm1",
      {
        roles: { caller: {} },
        authmethods: ["cryptosign-proxy"],
        authid,
        authextra: { ...authextra, pubkey, ...more },
      },
    ];
    const challenged = async () => {
      const join = new Authentication(auth as never, tcp, noAuthenticators, neverCanceled);
      const outcome = await join.hello(hello("node1", publicKeyOf(key)));
      expect(outcome).toMatchObject({ kind: "challenge", authmethod: "cryptosign-proxy" });
      return { join, challenge: outcome.kind === "challenge" ? outcome.extra["challenge"] : "" };
    };
    const { join, challenge } = await challenged();
    const signature = signChallenge(challenge, key);
    expect(await join.authenticate([5, signature, {}])).toMatchObject({
      kind: "accept",
      identity: {
        realm: "realm2",
        authid: "bob",
        authrole: "user",
        authmethod: "cryptosign-proxy",
      },
    });
    expect((await join.authenticate([5, signature, {}])).kind).toBe("deny");
    const replayed = await challenged();
    expect((await replayed.join.authenticate([5, signature, {}])).kind).toBe("deny");
    const forged = await challenged();
    const stranger = signChallenge(forged.challenge, makePrivateKey());
    expect((await forged.join.authenticate([5, stranger, {}])).kind).toBe("deny");
    for (const refused of [
      hello("node1", publicKeyOf(makePrivateKey())),
      hello("node2", publicKeyOf(key)),
      hello("__proto__", publicKeyOf(key)),
      hello("node1", publicKeyOf(key), { channel_binding: "tls-unique" }),
      hello("node1", publicKeyOf(key), { proxy_authrole: undefined }),
    ]) {
      expect(
        (
          await new Authentication(auth as never, tcp, noAuthenticators, neverCanceled).hello(
            refused,
          )
        ).kind,
      ).toBe("deny");
    }
  });

  test.each<[unknown[], string]>([
    [[48, 1, {}, "com.example"], "Cannot accept CALL: the session has not joined"],
    [[5, "realm1", { roles }], "Cannot accept AUTHENTICATE: the session has not joined"],
    [[1], "Cannot read HELLO: realm is not a URI"],
    [[1, 7, { roles }], "Cannot read HELLO: realm is not a URI"],
    [[1, "", { roles }], "Cannot read HELLO: realm is not a URI"],
    [[1, "realm1", []], "Cannot read HELLO: details is not a dictionary"],
    [[1, "realm1", { roles }, 1], "Cannot read HELLO: details is not a dictionary"],
    [
      [1, "realm1", { roles, authmethods: "ticket" }],
      "Cannot read HELLO: authmethods is not a list of strings",
    ],
    [
      [1, "realm1", { roles, authmethods: ["anonymous", 7] }],
      "Cannot read HELLO: authmethods is not a list of strings",
    ],
    [[1, "realm1", { roles, authid: 7 }], "Cannot read HELLO: authid is not a string"],
    [[1, "realm1", { roles, authrole: [] }], "Cannot read HELLO: authrole is not a string"],
    [[1, "realm1", {}], "Cannot read HELLO: roles is not a dictionary"],
    [[1, "realm1", { roles: null }], "Cannot read HELLO: roles is not a dictionary"],
    [[1, "realm1", { roles: ["caller"] }], "Cannot read HELLO: roles is not a dictionary"],
    [
      [1, "realm1", { roles: {} }],
      "Cannot read HELLO: roles has none of publisher, subscriber, caller, callee",
    ],
    [
      [1, "realm1", { roles: { boss: {}, broker: {} } }],
      "Cannot read HELLO: roles has none of publisher, subscriber, caller, callee",
    ],
    [
      [1, "realm1", { roles: { caller: [] } }],
      "Cannot read HELLO: role caller is not a dictionary",
    ],
    [
      [1, "realm1", { roles: { caller: {}, callee: true } }],
      "Cannot read HELLO: role callee is not a dictionary",
    ],
    [
      [1, "realm1", { roles: { caller: { features: ["call_canceling"] } } }],
      "Cannot read HELLO: features of caller is not a dictionary",
    ],
  ])("refuses %j as a HELLO", async (message, sentence) => {
    await expect(
      new Authentication({ anonymous }, tcp, noAuthenticators, neverCanceled).hello(message),
    ).rejects.toMatchObject({
      source: "client",
      uri: "wamp.error.protocol_violation",
      message: sentence,
    });
  });

  test("takes null for an authid or an authrole that is absent", async () => {
    const join = new Authentication({ anonymous }, tcp, noAuthenticators, neverCanceled);
    const hello = [1, "realm1", { roles, authid: null, authrole: null }];
    expect(await join.hello(hello)).toMatchObject({ kind: "accept" });
  });

  test.each([
    { caller: {} },
    { subscriber: { features: {} } },
    { publisher: null },
    { callee: { features: null } },
    { caller: {}, boss: 7 },
  ])("takes the roles %j", async (announced) => {
    const one = new Authentication({ anonymous }, tcp, noAuthenticators, neverCanceled);
    expect(await one.hello([1, "realm1", { roles: announced }])).toMatchObject({ kind: "accept" });
    expect(one.clientRoles).toEqual(announced);
  });

  test("shows an authenticator the certificate, and takes its word for the rest", async () => {
    const asked: unknown[] = [];
    const authenticators = {
      ...noAuthenticators.authenticators,
      async call({ args }: { args: readonly unknown[] }) {
        asked.push(...args);
        return { role: "user", authid: "joe" };
      },
    };
    const tls = {
      type: "dynamic",
      authenticator: "com.example.authenticate",
      "authenticator-realm": null,
      "authenticator-role": null,
      "default-role": null,
      "authenticator-timeout": 1000,
    } as const;
    const clientCertificate = { sha1: "AA", sha256: "BB", subject: { CN: "joe" } };
    const transport = { ...tcp, isSecure: true, clientCertificate };
    const hello = [
      1,
      "realm1",
      { roles: { caller: {} }, authmethods: ["tls"], authextra: { claims: "admin" } },
    ];
    expect(
      await new Authentication({ tls }, transport, { authenticators }, neverCanceled).hello(hello),
    ).toEqual({
      kind: "accept",
      identity: {
        realm: "realm1",
        authid: "joe",
        authrole: "user",
        authmethod: "tls",
        authprovider: "dynamic",
        authextra: {},
      },
    });
    expect(asked).toEqual([
      "realm1",
      null,
      expect.objectContaining({
        transport: expect.objectContaining({
          channel_type: "tls",
          peer_cert: { ...clientCertificate, subject: { cn: "joe" } },
          client_cert: { ...clientCertificate, subject: { cn: "joe" } },
        }),
      }),
    ]);
  });

  const asked = [1, "realm1", { roles, authmethods: ["ticket"], authid: "alice" }];

  test.each<[string, unknown[] | undefined, unknown[], string]>([
    [
      "before HELLO",
      undefined,
      [5, "x", {}],
      "Cannot accept AUTHENTICATE: no CHALLENGE is pending",
    ],
    [
      "without CHALLENGE",
      [1, "realm1", { roles }],
      [5, "x", {}],
      "Cannot accept AUTHENTICATE: no CHALLENGE is pending",
    ],
    ["of another type", asked, [1, "x", {}], "Cannot accept HELLO: no CHALLENGE is pending"],
    ["of octets", asked, [5, [], {}], "Cannot read AUTHENTICATE: signature is not a string"],
  ])("refuses AUTHENTICATE %s", async (_, hello, message, sentence) => {
    const join = new Authentication({ anonymous, ticket }, tcp, noAuthenticators, neverCanceled);
    if (hello) await join.hello(hello);
    await expect(join.authenticate(message)).rejects.toMatchObject({
      source: "client",
      uri: "wamp.error.protocol_violation",
      message: sentence,
    });
  });

  test("makes the client's cookie worth the login, where it has joined", () => {
    const remembered: unknown[] = [];
    const cookie = {
      recall: () => undefined,
      remember: (login: unknown) => void remembered.push(login),
      forget() {},
    };
    const join = new Authentication(
      { cookie: {}, ticket },
      { ...tcp, cookie },
      noAuthenticators,
      neverCanceled,
    );
    const identity = {
      realm: "realm1",
      authid: "alice",
      authrole: "user",
      authmethod: "ticket",
      authprovider: "static",
      authextra: {},
    };
    join.welcomed(identity);
    expect(remembered).toEqual([identity]);
  });
});

describe("a failed attempt", () => {
  /** Joins with a ticket, or another authmethod; `ended` says which attempts were counted as failed. */
  async function attempt(authmethod: string, signature: string, signal = neverCanceled) {
    const ended: boolean[] = [];
    const failedAttempts = {
      areTooMany: false,
      begin: async () => ({ end: (hasFailed: boolean) => void ended.push(hasFailed) }),
    };
    const support = { ...noAuthenticators, failedAttempts };
    const join = new Authentication({ anonymous, ticket }, tcp, support, signal);
    const details = { roles, authmethods: [authmethod], authid: "alice" };
    const outcome = await join.hello([1, "realm1", details]).catch(() => undefined);
    if (outcome?.kind === "challenge") await join.authenticate([5, signature, {}]);
    return ended;
  }

  test.each<[string, boolean[]]>([
    ["secret1", [false, false]],
    ["wrong", [false, true]],
  ])("is one with the ticket %p: %j", async (signature, ended) => {
    expect(await attempt("ticket", signature)).toEqual(ended);
  });

  test("is none that joins, that has no authmethod, or that is over", async () => {
    expect(await attempt("anonymous", "")).toEqual([false]);
    expect(await attempt("scram", "")).toEqual([false]);
    expect(await attempt("ticket", "", AbortSignal.abort())).toEqual([false]);
  });

  test("is followed by a refusal of right credentials where there were too many", async () => {
    const failedAttempts = { areTooMany: true, begin: async () => undefined };
    const support = { ...noAuthenticators, failedAttempts };
    const join = new Authentication({ anonymous }, tcp, support, neverCanceled);
    expect(await join.hello([1, "realm1", { roles }])).toEqual({
      kind: "deny",
      uri: "wamp.error.authentication_failed",
      message:
        "Cannot authenticate: too many attempts from this address failed; try again in a minute",
    });
  });
});

test.each<[AuthConfig, boolean]>([
  [{ "anonymous-proxy": { type: "static" } }, true],
  [{ "cryptosign-proxy": { type: "static", principals: {} } }, true],
  [{ anonymous, ticket }, false],
])("proxies are trusted, and may join with a longer HELLO: %j", (auth, areTrusted) => {
  expect(trustsProxies(auth)).toBe(areTrusted);
});

test("a message of a join that is longer than 64 KiB is refused unread", () => {
  const limit = 65_536;
  expect(() => refuseTooLong(new Uint8Array(limit))).not.toThrow();
  const thrown = Promise.try(() => refuseTooLong(new Uint8Array(limit + 1)));
  return expect(thrown).rejects.toMatchObject({
    source: "client",
    uri: "wamp.error.payload_size_exceeded",
    message: `Cannot join: the message is longer than ${limit} octets`,
  });
});
