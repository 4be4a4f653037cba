/** A realm with `uri_check` `strict`. */

import { describe, expect, test } from "bun:test";
import { MessageType as M } from "#wamp/message-type.ts";
import { keptLog } from "../../support/kept-log.ts";
import { quiet } from "../../support/quiet-context.ts";
import { ask, everything, openRouter } from "../../support/router-harness.ts";

const roles = [{ name: "anonymous", permissions: [everything] }];
const strict = { options: { uri_check: "strict" as const } };

/** `none`: another answer than ERROR. */
function errorOf(answer: unknown[]): unknown {
  return answer[0] === M.ERROR ? answer[4] : "none";
}

describe("a realm that checks strictly", () => {
  test.each([
    ["com.example.a_1", "exact", true],
    ["com.Example.a", "exact", false],
    ["com.example.a-b", "exact", false],
    ["com.exämple", "exact", false],
    ["com.example.", "prefix", true],
    ["com.example.a-", "prefix", false],
    ["com..a", "wildcard", true],
    ["com..A", "wildcard", false],
  ])("%s (%s)", async (uri, match, isTaken) => {
    const expected = isTaken ? "none" : "wamp.error.invalid_uri";
    const { join } = openRouter(roles, quiet, strict);
    const peer = await join();
    expect(errorOf(await ask(peer, [M.SUBSCRIBE, 1, { match }, uri]))).toBe(expected);
    expect(errorOf(await ask(peer, [M.REGISTER, 2, { match }, uri]))).toBe(expected);
    if (match !== "exact") return;
    expect(errorOf(await ask(peer, [M.PUBLISH, 3, { acknowledge: true }, uri]))).toBe(expected);
    peer.take();
    const answer = await ask(peer, [M.CALL, 4, {}, uri]);
    expect(isTaken ? answer[0] : answer[4]).toBe(isTaken ? M.INVOCATION : expected);
    const args = [uri, [], {}];
    const add = [M.CALL, 5, {}, "wamp.session.add_testament", args];
    expect(errorOf(await ask(peer, add))).toBe(expected);
  });

  test("leaves a publication without acknowledgement out, and says so in the log", async () => {
    const { log, logged } = keptLog("warn");
    const { join } = openRouter(roles, log, strict);
    const peer = await join();
    peer.says([M.PUBLISH, 3, {}, "A"]);
    expect(errorOf(await ask(peer, [M.SUBSCRIBE, 1, {}, "a"]))).toBe("none");
    expect(logged).toEqual([
      [
        "message left out",
        expect.objectContaining({ reason: expect.stringContaining('Cannot publish "A"') }),
      ],
    ]);
  });

  test("has calls in several messages with one ERROR", async () => {
    const { join } = openRouter(roles, quiet, strict);
    const peer = await join();
    peer.says([M.CALL, 1, { progress: true }, "A"]);
    peer.says([M.CALL, 1, {}, "A"]);
    expect(peer.take().map(errorOf)).toEqual(["wamp.error.invalid_uri"]);
  });
});
