/** One service session on a router that says what the test tells it to say. */

import { describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { join } from "node:path";
import { makePrivateKey } from "#base/ed25519.ts";
import { Backend } from "#proxy/routing/backend.ts";
import { DownMarks } from "#proxy/routing/down-marks.ts";
import { nodeCredentials } from "#proxy/routing/router-join-messages.ts";
import { ServiceSession } from "#proxy/service/service-session.ts";
import { afterTest } from "../../../support/cleanups.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { connectionTo } from "../../../support/proxy-worker.ts";
import { quiet } from "../../../support/quiet-context.ts";
import { type RouterSide, scriptedRouter } from "../../../support/scripted-router.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const WELCOME = [2, 7, { roles: { dealer: { features: { call_canceling: true } } } }];
const CHALLENGE = [4, "cryptosign-proxy", { challenge: "ab".repeat(32) }];

/** A session that has begun to join; the router has its HELLO. */
async function begin(auth: "anonymous-proxy" | "cryptosign-proxy" = "anonymous-proxy", limit = 0) {
  const path = join(temporaryFolder(), "router.sock");
  const router = await scriptedRouter(path, limit > 0 ? { max_message_size: limit } : {});
  const backend = new Backend(
    { ...connectionTo("router", path), auth },
    { log: quiet, slowStartMs: 0, marks: new DownMarks() },
  );
  const node = nodeCredentials("node", makePrivateKey());
  const joining = ServiceSession.join(backend, { realm: "realm1", role: "user", node });
  joining.catch(() => {});
  const side = await router.session();
  expect((await side.next())[0]).toBe(1);
  return { joining, side };
}

/** A session that has joined, with this WELCOME. */
async function joined(welcome: unknown[] = WELCOME, limit = 0) {
  const { joining, side } = await begin("anonymous-proxy", limit);
  side.says(welcome);
  const session = await joining;
  afterTest(() => session.leave("the test is over", "wamp.close.normal"));
  return { session, side };
}

function call(session: ServiceSession, text = "", signal = new AbortController().signal) {
  const request = { realm: "realm1", role: "user", procedure: "com.a", args: [text], signal };
  const answer = session.call(request);
  answer.catch(() => {});
  return answer;
}

/** Whether the router has another message than those it has taken. */
async function hasMore(side: RouterSide): Promise<boolean> {
  const none = new Promise<undefined>((resolve) => setImmediate(resolve, undefined));
  return (await Promise.race([side.next(), none])) !== undefined;
}

describe("a session that joins fails when its router", () => {
  test.each<[string, unknown[], string]>([
    [
      "refuses it",
      [3, { message: "not you" }, "wamp.error.no_such_realm"],
      "the router refused it with wamp.error.no_such_realm not you",
    ],
    [
      "refuses it without a sentence",
      [3, {}, "wamp.error.no_such_realm"],
      "the router refused it with wamp.error.no_such_realm",
    ],
    ["challenges it", CHALLENGE, "the router said CHALLENGE before WELCOME"],
    ["sends an event", [36, 1, 2, {}], "the router said EVENT before WELCOME"],
    ["says GOODBYE", [6, {}, "wamp.close.normal"], "the router said GOODBYE before WELCOME"],
  ])("%s", async (_, said, reason) => {
    const { joining, side } = await begin();
    side.says(said);
    await expect(joining).rejects.toMatchObject({
      message: `Cannot join as a service session: ${reason}`,
      source: "router",
      uri: "wamp.error.network_failure",
    });
    await side.closed.promise;
    expect(await hasMore(side)).toBe(false);
  });

  test("does not have its role, by the fault of the role", async () => {
    const { joining, side } = await begin();
    side.says([3, { message: "not you" }, "wamp.error.no_such_role"]);
    const state = "the router refused it with wamp.error.no_such_role not you";
    await expect(joining).rejects.toMatchObject({
      message: `Cannot join as a service session: ${state}`,
      source: "client",
      uri: "wamp.error.no_such_role",
    });
    await side.closed.promise;
  });

  test("hangs up", async () => {
    const { joining, side } = await begin();
    side.hangUp();
    await expect(joining).rejects.toThrow(
      /^Cannot join as a service session: the router ended the connection: ./,
    );
  });

  test("challenges it again", async () => {
    const { joining, side } = await begin("cryptosign-proxy");
    side.says(CHALLENGE);
    expect((await side.next())[0]).toBe(5);
    side.says(CHALLENGE);
    await expect(joining).rejects.toThrow("the router said CHALLENGE before WELCOME");
    await side.closed.promise;
  });

  test("says anything but CHALLENGE where one is due", async () => {
    const { joining, side } = await begin("cryptosign-proxy");
    side.says([36, 1, 2, {}]);
    await expect(joining).rejects.toThrow("the router said EVENT before WELCOME");
    await side.closed.promise;
  });

  test("says nothing for five seconds", async () => {
    const pass = fakeTime();
    const { joining, side } = await begin();
    pass(4_999);
    expect(await hasMore(side)).toBe(false);
    pass(1);
    await expect(joining).rejects.toThrow("no WELCOME within 5000 ms");
    await side.closed.promise;
  });
});

test("a session fails where its router speaks before HELLO, and says nothing to it", async () => {
  const path = join(temporaryFolder(), "router.sock");
  const heard: Buffer[] = [];
  const closed = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    socket.once("data", (handshake: Buffer) => {
      // It speaks CBOR alone, and offers no streams.
      if (((handshake[1] ?? 0) & 0x0f) !== 3) {
        socket.destroy();
        return;
      }
      socket.on("close", () => closed.resolve());
      // The answer, and twice the frame of an EVENT behind it.
      const event = Buffer.from("000000068418240102a0", "hex");
      socket.write(Buffer.concat([handshake, event, event]));
      socket.on("data", (octets: Buffer) => void heard.push(octets));
    });
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  afterTest(() => server.close());
  const backend = new Backend(connectionTo("router", path), {
    log: quiet,
    slowStartMs: 0,
    marks: new DownMarks(),
  });
  const identity = { realm: "realm1", role: "user", node: nodeCredentials("node", null) };
  await expect(ServiceSession.join(backend, identity)).rejects.toMatchObject({
    message: "Cannot join as a service session: the router sent a message before HELLO",
    source: "router",
  });
  await closed.promise;
  expect([backend.sessions, Buffer.concat(heard).toHex()]).toEqual([0, ""]);
});

test("a session that has joined in time goes on", async () => {
  const pass = fakeTime();
  const { session, side } = await joined();
  pass(60_000);
  void call(session);
  expect(await side.next()).toEqual([48, 1, {}, "com.a", [""]]);
});

describe("a joined session", () => {
  test.each<[string, unknown[], string, unknown[] | undefined]>([
    [
      "says GOODBYE",
      [6, {}, "wamp.close.close_realm"],
      "the router said GOODBYE wamp.close.close_realm",
      [6, {}, "wamp.close.goodbye_and_out"],
    ],
    [
      "aborts it",
      [3, {}, "wamp.error.protocol_violation"],
      "the router aborted it with wamp.error.protocol_violation",
      undefined,
    ],
    [
      "sends an event",
      [36, 1, 2, {}],
      "the router said EVENT to a caller",
      [6, {}, "wamp.error.protocol_violation"],
    ],
  ])("ends when its router %s, with what waits", async (_, said, reason, answer) => {
    const { session, side } = await joined();
    const waiting = call(session);
    await side.next();
    side.says(said);
    side.says([50, 1, {}, ["too late"]]);
    expect(await session.ended).toBe(reason);
    await expect(waiting).rejects.toThrow(`Cannot wait for an answer: ${reason}`);
    if (answer !== undefined) expect(await side.next()).toEqual(answer);
    await side.closed.promise;
    expect(await hasMore(side)).toBe(false);
    await expect(call(session)).rejects.toThrow(reason);
  });

  test("ends when its router hangs up", async () => {
    const { session, side } = await joined();
    side.hangUp();
    expect(await session.ended).toStartWith("the router ended the connection: ");
  });

  test("leaves once, with a GOODBYE", async () => {
    const { session, side } = await joined();
    session.leave("enough", "wamp.close.system_shutdown");
    session.leave("more than enough", "wamp.close.normal");
    expect(await session.ended).toBe("enough");
    await expect(call(session)).rejects.toMatchObject({
      message: "Cannot wait for an answer: enough",
    });
    expect(await side.next()).toEqual([6, {}, "wamp.close.system_shutdown"]);
    await side.closed.promise;
    expect(await hasMore(side)).toBe(false);
  });

  test("publishes", async () => {
    const { session, side } = await joined();
    const answer = session.request({
      kind: "publish",
      uri: "com.a",
      options: { acknowledge: true },
      payload: { serializer: "json", items: [Buffer.from("[1.0]")] },
      signal: new AbortController().signal,
    });
    expect(await side.next()).toEqual([16, 1, { acknowledge: true }, "com.a", [1]]);
    side.says([17, 1, 99]);
    expect(await answer).toEqual({ kind: "published", publication: 99 });
  });

  test("is unused unless a request waits for its answer", async () => {
    const { session, side } = await joined();
    expect(session.isUnused).toBe(true);
    const answer = call(session);
    expect(session.isUnused).toBe(false);
    side.says([50, 1, {}, ["user"]]);
    expect(await answer).toBe("user");
    expect(session.isUnused).toBe(true);
  });

  test.each<[unknown, boolean]>([
    [{ roles: { dealer: { features: { call_canceling: true } } } }, true],
    [{ roles: { dealer: { features: { call_canceling: false } } } }, false],
    [{ roles: { dealer: { features: { call_canceling: "yes" } } } }, false],
    [{ roles: { dealer: {} } }, false],
    [{}, false],
    [null, false],
  ])("after WELCOME with %j cancels calls: %p", async (details, cancels) => {
    const { session, side } = await joined([2, 7, details]);
    const ended = new AbortController();
    const answer = call(session, "", ended.signal);
    expect((await side.next())[0]).toBe(48);
    ended.abort();
    await expect(answer).rejects.toThrow();
    void call(session);
    if (cancels) expect(await side.next()).toEqual([49, 1, { mode: "killnowait" }]);
    expect((await side.next()).slice(0, 2)).toEqual([48, 2]);
  });

  test("sends nothing that is longer than its router takes", async () => {
    const { session, side } = await joined(WELCOME, 1024);
    await expect(call(session, "x".repeat(1024))).rejects.toMatchObject({
      message: "Cannot send CALL: longer than the router takes",
      source: "router",
      uri: "wamp.error.network_failure",
    });
    void call(session, "short");
    expect((await side.next())[4]).toEqual(["short"]);
  });

  test("does not wait for a router that does not read", async () => {
    const { session, side } = await joined();
    side.stopReading();
    const megabyte = "x".repeat(1024 * 1024);
    const failed = Promise.withResolvers<unknown>();
    for (let count = 0; count < 32; count++) call(session, megabyte).catch(failed.resolve);
    expect(await failed.promise).toMatchObject({
      message: "Cannot send CALL: the router does not read",
      source: "router",
    });
  });
});
