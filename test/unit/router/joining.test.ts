import { describe, expect, test } from "bun:test";
import type { FailedAttempts } from "#auth/authentication.ts";
import type { AuthConfig } from "#config/auth/auth-config.ts";
import type { JoiningConfig } from "#config/options/session-config.ts";
import { SessionCounts } from "#observe/session-counts.ts";
import { RealmTable } from "#router/realm-table.ts";
import { RouterSession } from "#router/router-session.ts";
import { MessageType as M } from "#wamp/message-type.ts";
import { FailedJoins } from "#worker/failed-joins.ts";
import { FakePeer } from "../../support/fake-peer.ts";
import { noAuthenticators } from "../../support/no-authenticators.ts";
import { quiet } from "../../support/quiet-context.ts";

const limits: JoiningConfig = {
  hello_timeout: 10_000,
  join_timeout: 10_000,
  authenticate_timeout: 10_000,
  max_auth_failures_per_minute: 0,
};
const auth: AuthConfig = {
  ticket: { type: "static", principals: { joe: { ticket: "s3cret", role: "user" } } },
};
const hello = [
  M.HELLO,
  "realm1",
  { roles: { caller: {} }, authmethods: ["ticket"], authid: "joe" },
];
const realms = new RealmTable(
  [{ name: "realm1", roles: [{ name: "user", permissions: [] }] }],
  quiet,
);

/** A peer of a router with these limits. */
function connect(changes: Partial<JoiningConfig>, failedAttempts?: FailedAttempts, by = auth) {
  const peer = new FakePeer();
  const joining = { ...limits, ...changes };
  const options = {
    ...noAuthenticators,
    log: quiet,
    counts: new SessionCounts(),
    onEnd() {},
    joining,
    failedAttempts,
  };
  peer.attach(new RouterSession(peer, by, realms, options));
  return peer;
}

describe("joining a router", () => {
  test.each([
    ["anonymous", {}, { peer: "unix:/fake" }],
    [
      "anonymous-proxy",
      { proxy_realm: "realm1", proxy_authid: "joe", proxy_authrole: "trusted" },
      { peer: "tcp4:192.0.2.1:1" },
    ],
  ])("by %s, beside proxies, has the transport that is known of it", async (method, own, known) => {
    const stated = { transport: { peer: "tcp4:192.0.2.1:1" } };
    const client = connect({}, undefined, {
      anonymous: { type: "static", role: "trusted" },
      "anonymous-proxy": { type: "static" },
    });
    const authextra = { ...stated, ...own, proxy_authextra: stated };
    client.says([M.HELLO, "realm1", { roles: { caller: {} }, authmethods: [method], authextra }]);
    const [, id] = await client.next();
    client.says([M.CALL, 1, {}, "wamp.session.get", [id]]);
    const [, , , args] = await client.next();
    expect(args).toEqual([expect.objectContaining({ transport: expect.objectContaining(known) })]);
  });

  test("waits for HELLO no longer than that, also after GOODBYE", async () => {
    const silent = connect({ hello_timeout: 30 });
    const late = [M.ABORT, { message: "Cannot join: no HELLO within 30 ms" }, "wamp.error.timeout"];
    expect(await silent.next()).toEqual(late);
    expect(silent.closed?.code).toBe(1008);
    const leaving = connect({ hello_timeout: 30 });
    leaving.says(hello);
    await leaving.next();
    leaving.says([M.AUTHENTICATE, "s3cret", {}]);
    expect((await leaving.next())[0]).toBe(M.WELCOME);
    leaving.says([M.GOODBYE, {}, "wamp.close.close_realm"]);
    expect((await leaving.next())[0]).toBe(M.GOODBYE);
    expect(await leaving.next()).toEqual(late);
  });

  test("waits for AUTHENTICATE no longer than that", async () => {
    const peer = connect({ authenticate_timeout: 30 });
    peer.says(hello);
    expect((await peer.next())[0]).toBe(M.CHALLENGE);
    expect(await peer.next()).toEqual([
      M.ABORT,
      { message: "Cannot join: no AUTHENTICATE within 30 ms" },
      "wamp.error.authentication_failed",
    ]);
    expect(peer.closed?.code).toBe(1008);
  });

  test("reads no HELLO that is longer than anybody needs, but of a proxy", async () => {
    const authextra = { x: "x".repeat(70_000) };
    const peer = connect({});
    peer.says([
      M.HELLO,
      "realm1",
      { roles: { caller: {} }, authmethods: ["ticket"], authid: "joe", authextra },
    ]);
    expect(await peer.next()).toEqual([
      M.ABORT,
      { message: "Cannot join: the message is longer than 65536 octets" },
      "wamp.error.payload_size_exceeded",
    ]);
    const proxy = connect({}, undefined, { ...auth, "anonymous-proxy": { type: "static" } });
    proxy.says([
      M.HELLO,
      "realm1",
      { roles: { caller: {} }, authmethods: ["ticket"], authid: "joe", authextra },
    ]);
    expect((await proxy.next())[0]).toBe(M.CHALLENGE);
  });

  test("judges no attempt of an address that failed too often", async () => {
    const failed = new FailedJoins(quiet).of("tcp4:192.0.2.1:1000", 2);
    for (const proof of ["a", "b", "s3cret"]) {
      const peer = connect({}, failed);
      peer.says(hello);
      if (proof === "s3cret") {
        expect(await peer.next()).toEqual([
          M.ABORT,
          { message: expect.stringContaining("too many attempts from this address") },
          "wamp.error.authentication_failed",
        ]);
      } else {
        expect((await peer.next())[0]).toBe(M.CHALLENGE);
        peer.says([M.AUTHENTICATE, proof, {}]);
        expect((await peer.next())[0]).toBe(M.ABORT);
      }
    }
  });
});
