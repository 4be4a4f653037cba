import { describe, expect, test } from "bun:test";
import { type AuthenticatorCall, CallError } from "#auth/authenticators.ts";
import { DynamicPrincipals } from "#auth/dynamic-principals.ts";
import type { DynamicAuthConfig } from "#config/auth/authenticator-config.ts";
import { fakeTime } from "../../support/fake-time.ts";
import { authContext, helloRequest } from "../../support/hello-request.ts";
import { keptLog } from "../../support/kept-log.ts";

const config: DynamicAuthConfig = {
  type: "dynamic",
  authenticator: "com.example.auth",
  "authenticator-realm": null,
  "authenticator-role": "authenticator",
  "default-role": null,
  "authenticator-timeout": 5000,
};
const claim = { authmethod: "ticket", request: helloRequest(), details: { ticket: "s3cret" } };

/** Asks an authenticator that a test is; `logged` is what operators see of it. */
function asking(
  answer: (call: AuthenticatorCall) => unknown,
  changes: Partial<DynamicAuthConfig> = {},
  signal = authContext.signal,
) {
  const { log, logged } = keptLog("warn");
  const calls: AuthenticatorCall[] = [];
  const authenticators = {
    log,
    async call(call: AuthenticatorCall) {
      calls.push(call);
      return answer(call);
    },
  };
  const source = new DynamicPrincipals(
    "ticket",
    { ...config, ...changes },
    { ...authContext, askable: { authenticators }, signal },
  );
  return { source, calls, logged, reasons: () => logged.map(([, fields]) => fields?.["reason"]) };
}

const raising = (uri: string, ...args: unknown[]) =>
  asking(() => {
    throw new CallError(uri, args);
  });

const notVerified = {
  kind: "deny",
  uri: "wamp.error.authentication_failed",
  message: "Cannot authenticate with ticket: the client could not be verified",
};

describe("the question to an authenticator", () => {
  test("has realm, authid and the details of the client", async () => {
    const { source, calls } = asking(() => "user");
    await source.find(claim);
    expect(calls).toEqual([
      {
        realm: "realm1",
        role: "authenticator",
        procedure: "com.example.auth",
        args: [
          "realm1",
          "alice",
          expect.objectContaining({
            authmethod: "ticket",
            ticket: "s3cret",
            session: 1234,
            authid: "alice",
            authextra: {},
          }),
        ],
        signal: expect.any(AbortSignal),
      },
    ]);
  });

  test("goes to the realm that is configured, and has null for a client without authid", async () => {
    const { source, calls } = asking(() => "user", { "authenticator-realm": "auth" });
    await source.find({ ...claim, request: helloRequest({ authid: undefined }) });
    expect(calls[0]?.realm).toBe("auth");
    expect(calls[0]?.args.slice(0, 2)).toEqual(["realm1", null]);
    expect(calls[0]?.args[2]).not.toHaveProperty("authid");
  });

  test("has the role that the client asks for, if it asks for one", async () => {
    const { source, calls } = asking(() => "user");
    await source.find(claim);
    await source.find({ ...claim, request: helloRequest({ authrole: "admin" }) });
    expect(calls[0]?.args[2]).not.toHaveProperty("authrole");
    expect(calls[1]?.args[2]).toMatchObject({ authrole: "admin" });
  });

  test("has the connection, with the client's certificate under both of its names", async () => {
    const { source, calls } = asking(() => "user");
    const { transport } = helloRequest();
    const clientCertificate = { sha1: "AA", sha256: "BB", subject: { CN: "joe", OU: "web" } };
    await source.find(claim);
    const secure = { ...transport, isSecure: true, clientCertificate };
    await source.find({ ...claim, request: helloRequest({ transport: secure }) });
    const plain = {
      channel_type: "tcp",
      channel_framing: "websocket",
      channel_serializer: "json",
      peer: "tcp4:127.0.0.1:49816",
      is_server: true,
      is_secure: false,
    };
    const certificate = { sha1: "AA", sha256: "BB", subject: { cn: "joe", ou: "web" } };
    const details = calls.map(({ args }) => (args[2] as { transport: unknown }).transport);
    expect(details).toStrictEqual([
      plain,
      {
        ...plain,
        channel_type: "tls",
        is_secure: true,
        peer_cert: certificate,
        client_cert: certificate,
      },
    ]);
  });

  test("is answered with a role, or the default role", async () => {
    expect(await asking(() => "user").source.find(claim)).toMatchObject({
      role: "user",
      extra: {},
    });
    const source = asking(() => ({ authid: "a" }), { "default-role": "guest" }).source;
    expect(await source.find(claim)).toMatchObject({ role: "guest", authid: "a" });
    expect(source.authprovider).toBe("dynamic");
  });
});

describe("an ERROR of an authenticator", () => {
  test.each<[string, unknown, object]>([
    [
      "com.example.expired",
      "it has expired",
      { uri: "com.example.expired", message: "it has expired" },
    ],
    ["wamp.error.no_such_role", "no", { uri: "wamp.error.no_such_role", message: "no" }],
    ["com.example.expired", undefined, { ...notVerified, uri: "com.example.expired" }],
    ["com.example.expired", { text: 1 }, { ...notVerified, uri: "com.example.expired" }],
    ["com.example.x", "s3cret: s3cret", { uri: "com.example.x", message: "***: ***" }],
    [`com.${"x".repeat(251)}`, "no", { uri: `com.${"x".repeat(251)}`, message: "no" }],
  ])("that refuses with %s and %j reaches the client", async (uri, said, expected) => {
    const { source, logged } = raising(uri, said);
    const outcome = await source.find(claim);
    expect(outcome).toMatchObject(expected);
    expect(outcome).not.toHaveProperty("isBlameless");
    expect(logged).toEqual([]);
  });

  test.each([
    "wamp.error.no_such_procedure",
    "wamp.error.runtime_error",
    "crossbar.error.x",
    "no uri",
    `com.${"x".repeat(260)}`,
  ])("about the call itself is logged, and not sent to the client: %#", async (uri) => {
    const { source, reasons } = raising(uri, "no table users for s3cret");
    expect(await source.find(claim)).toEqual({ ...notVerified, isBlameless: true } as never);
    expect(reasons()).toEqual([expect.stringContaining("no table users for ***")]);
    expect(String(reasons())).toStartWith(uri.slice(0, 20));
  });

  test("not_authorized names its URI alone, and counts as a failed attempt", async () => {
    const { source, reasons } = raising("wamp.error.not_authorized", "role x may not");
    expect(await source.find(claim)).toMatchObject({
      ...notVerified,
      uri: "wamp.error.not_authorized",
      isBlameless: false,
    });
    expect(reasons()).toEqual(["wamp.error.not_authorized role x may not"]);
  });

  test("without a sentence is logged by its URI", async () => {
    const { source, logged } = raising("wamp.error.runtime_error");
    await source.find(claim);
    expect(logged).toEqual([
      [
        "authenticator failed",
        {
          authmethod: "ticket",
          authenticator: "com.example.auth",
          peer: "tcp4:127.0.0.1:49816",
          reason: "wamp.error.runtime_error",
        },
      ],
    ]);
  });

  test("keeps its sentence where the secret of the client is empty", async () => {
    const { source } = raising("com.example.no", "it is empty");
    const outcome = await source.find({ ...claim, details: { ticket: "" } });
    expect(outcome).toMatchObject({ message: "it is empty" });
  });

  test("has its sentence cut, for the log too", async () => {
    const failed = raising("wamp.error.runtime_error", "x".repeat(501));
    await failed.source.find(claim);
    expect(String(failed.reasons()[0])).toHaveLength(500);
    const { source } = raising("com.example.no", "x".repeat(501));
    expect(await source.find(claim)).toMatchObject({ message: "x".repeat(500) });
  });
});

describe("an authenticator that fails", () => {
  test("is logged, and the client gets no reason", async () => {
    for (const [answer, reason] of [
      [() => 42, "its answer makes no sense: expected a role or a map"],
      [() => Promise.reject(new Error("no way to it")), "no way to it"],
    ] as const) {
      const { source, reasons } = asking(answer);
      expect(await source.find(claim)).toEqual({ ...notVerified, isBlameless: true } as never);
      expect(reasons()).toEqual([reason]);
    }
  });

  test("has its call given up by nothing once it has answered", async () => {
    const pass = fakeTime();
    const { source, calls } = asking(() => "user");
    await source.find(claim);
    pass(5000);
    expect(calls[0]?.signal.aborted).toBe(false);
  });

  test("is not waited for longer than its time, and its call is given up", async () => {
    const pass = fakeTime();
    const { source, calls, reasons } = asking(() => new Promise(() => {}));
    const found = source.find(claim);
    pass(5000);
    expect(await found).toMatchObject({ isBlameless: true });
    expect(reasons()).toEqual(["no answer within 5000 ms"]);
    expect(calls[0]?.signal.aborted).toBe(true);
  });

  test("is not logged as failed for a client that does not wait", async () => {
    const client = new AbortController();
    const { source, calls, logged } = asking(() => new Promise(() => {}), {}, client.signal);
    const found = source.find(claim);
    client.abort(new Error("gone"));
    expect(await found).toMatchObject({ kind: "deny" });
    expect([logged, calls[0]?.signal.aborted]).toEqual([[], true]);
  });
});
