/** Messages without effect for which no ERROR can be sent. */

import { describe, expect, test } from "bun:test";
import { LONG_MESSAGE_OCTETS } from "#session/long-messages.ts";
import { MessageType as M } from "#wamp/message-type.ts";
import { awaitedLog } from "../../support/awaited-log.ts";
import { keptLog } from "../../support/kept-log.ts";
import { ask, everything, type JoinedPeer, openRouter } from "../../support/router-harness.ts";

const nothing = { call: false, register: false, publish: false, subscribe: false };
const permissions = [
  everything,
  { ...everything, uri: "secret.", allow: { ...nothing, subscribe: true } },
];

function open(...levels: Parameters<typeof keptLog>) {
  const { log, logged } = keptLog(...levels);
  const router = openRouter([{ name: "anonymous", permissions }], log);
  return { ...router, logged };
}

async function leave(peer: JoinedPeer): Promise<void> {
  expect((await ask(peer, [M.GOODBYE, {}, "wamp.close.close_realm"]))[0]).toBe(M.GOODBYE);
}

describe("a message without effect", () => {
  test.each([
    ["to a topic that is denied", [M.PUBLISH, 1, {}, "secret.a"], "PUBLISH", "is not permitted to"],
    ["to a topic of the router", [M.PUBLISH, 1, {}, "wamp.a"], "PUBLISH", "are the router's"],
    ["for no invocation", [M.YIELD, 77, {}], "YIELD", "was sent no invocation 77"],
    ["for invocation 0", [M.YIELD, 0, {}], "YIELD", "was sent no invocation 0"],
    ["for none", [M.ERROR, M.INVOCATION, 77, {}, "a.b"], "ERROR", "was sent no invocation 77"],
  ])("%s: %j is logged once, and counted", async (_title, message, name, reason) => {
    const { join, logged } = open("error", "warn");
    const [peer, other] = [await join(), await join()];
    for (let count = 0; count < 3; count += 1) peer.says(message);
    expect([peer.take(), peer.closed]).toEqual([[], undefined]);
    const who = {
      peer: "unix:/fake",
      session: peer.id,
      realm: "realm1",
      authid: expect.any(String),
    };
    const first = [
      "message left out",
      { ...who, message: name, reason: expect.stringContaining(reason) },
    ];
    expect(logged).toEqual([first] as never);
    await leave(other);
    await leave(peer);
    expect(logged).toEqual([first, ["messages left out", { ...who, [name]: 3 }]] as never);
  });

  test("is logged once for each type, without a second line if there was one", async () => {
    const { join, logged } = open("warn");
    const peer = await join();
    peer.says([M.YIELD, 5, {}]);
    peer.says([M.PUBLISH, 1, {}, "secret.a"]);
    peer.says([M.PUBLISH, 2, {}, "secret.b"]);
    peer.disconnect();
    expect(
      logged.map(([event, fields]) => [event, fields?.["message"] ?? fields?.["PUBLISH"]]),
    ).toEqual([
      ["message left out", "YIELD"],
      ["message left out", "PUBLISH"],
      ["messages left out", 2],
    ]);
  });

  test("is an event that a subscriber does not take, whoever publishes it", async () => {
    const { join, logged } = open("warn");
    const [peer, small] = [await join(), await join({ maxSendOctets: 200 })];
    await ask(small, [M.SUBSCRIBE, 1, {}, "a.b"]);
    for (const id of [1, 2]) {
      expect(
        (await ask(peer, [M.PUBLISH, id, { acknowledge: true }, "a.b", ["x".repeat(300)]]))[0],
      ).toBe(M.PUBLISHED);
    }
    peer.says([M.PUBLISH, 3, {}, "a.b", ["x"]]);
    expect(small.take()).toHaveLength(1);
    await leave(small);
    expect(logged).toMatchObject([
      ["message left out", { session: small.id, message: "EVENT", reason: expect.any(String) }],
      ["messages left out", { session: small.id, EVENT: 2 }],
    ]);
  });

  test("is a progressive result that the caller did not ask for", async () => {
    const { join, logged } = open("warn");
    const [caller, callee] = [await join(), await join()];
    await ask(callee, [M.REGISTER, 1, {}, "a.b"]);
    caller.says([M.CALL, 2, {}, "a.b"]);
    const [, invocation] = await callee.next();
    callee.says([M.YIELD, invocation, { progress: true }, [1]]);
    expect(caller.take()).toEqual([]);
    expect(logged).toMatchObject([
      [
        "message left out",
        { session: callee.id, message: "YIELD", reason: expect.stringContaining("progressive") },
      ],
    ]);
  });
});

test("a long publication is left out when its client is lost while another thread reads it", async () => {
  const { log, until } = awaitedLog();
  const { join } = openRouter([{ name: "anonymous", permissions }], log);
  const peer = await join();
  peer.says([M.PUBLISH, 1, {}, "a.b", ["x".repeat(LONG_MESSAGE_OCTETS)]]);
  peer.disconnect();
  expect(await until(/message left out/)).toContain("message=PUBLISH");
});

describe("an answer that comes too late is no fault:", () => {
  test.each([
    ["YIELD", [M.YIELD, 1, {}, [1]]],
    ["ERROR", [M.ERROR, M.INVOCATION, 1, {}, "a.b"]],
  ])("%s after CANCEL", async (name, answer) => {
    const { join, logged } = open("warn", "debug");
    const [caller, callee] = [await join(), await join()];
    await ask(callee, [M.REGISTER, 1, {}, "a.b"]);
    caller.says([M.CALL, 2, {}, "a.b"]);
    expect((await callee.next())[1]).toBe(1);
    caller.says([M.CANCEL, 2, {}]);
    logged.splice(0);
    callee.says(answer);
    expect(logged).toEqual([["late answer", { session: callee.id, message: name, invocation: 1 }]]);
  });

  test("CANCEL after RESULT", async () => {
    const { join, logged } = open("warn", "debug");
    const peer = await join();
    logged.splice(0);
    peer.says([M.CANCEL, 2, {}]);
    expect(logged).toEqual([["late cancel", { session: peer.id, call: 2 }]]);
    expect([peer.take(), peer.closed]).toEqual([[], undefined]);
  });
});

describe("a publication to an invalid topic", () => {
  test.each(["a..b", "a b", "a.", "", "a.#b"])(
    "%j ends the session that waits for no answer",
    async (topic) => {
      const { join } = open();
      const [type, , uri] = await ask(await join(), [M.PUBLISH, 1, {}, topic]);
      expect([type, uri]).toEqual([M.ABORT, "wamp.error.protocol_violation"]);
    },
  );

  test("is answered with an ERROR where one is waited for", async () => {
    const { join } = open();
    const peer = await join();
    const answer = await ask(peer, [M.PUBLISH, 1, { acknowledge: true }, "a..b"]);
    expect([answer[0], answer[4]]).toEqual([M.ERROR, "wamp.error.invalid_uri"]);
    expect(peer.closed).toBeUndefined();
  });
});
