import { describe, expect, test } from "bun:test";
import { parseRunnerEvent } from "#component/runner-event.ts";
import { titled } from "../../support/titles.ts";

const failed = {
  event: "failed",
  id: "a",
  step: "onJoin",
  reason: "RuntimeError: x",
  place: "a.py:1",
  traceback: "Traceback",
  path: ["/a"],
  stays_joined: true,
};

describe("a line of the runner", () => {
  test.each(
    titled([
      [{ event: "started", python: "3.11.7", autobahn: "26.10.2" }],
      [{ event: "unusable", reason: "no module autobahn" }],
      [{ event: "loaded", id: "a", framework: "twisted" }],
      [{ event: "other-framework", id: "a" }],
      [{ event: "joined", id: "a", realm: "r", session: 1, authid: null, authrole: "user" }],
      [{ event: "ready", id: "a" }],
      [failed],
      [
        {
          event: "left",
          id: "a",
          reason: "wamp.close.normal",
          message: null,
          had_joined: true,
          was_lost: false,
        },
      ],
      [{ event: "lost", id: "a", had_joined: false, was_clean: true }],
    ]),
  )("is an event: %s", (_title, event) => {
    expect(parseRunnerEvent(JSON.stringify(event)) as unknown).toEqual(event);
  });

  test("may say more than is read", () => {
    expect(parseRunnerEvent('{"event":"ready","id":"a","other":1}')).toEqual({
      event: "ready",
      id: "a",
    });
  });

  test.each([
    "",
    "printed by a component",
    "[]",
    "null",
    '{"event":"ready"}',
    '{"event":"rebooted","id":"a"}',
    '{"event":"ready","id":1}',
    JSON.stringify({ ...failed, step: "thinking" }),
    '{"event":"ready","id":"a"',
  ])("is none: %s", (line) => {
    expect(parseRunnerEvent(line)).toBeUndefined();
  });
});
