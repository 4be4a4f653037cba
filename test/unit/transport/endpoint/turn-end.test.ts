import { expect, test } from "bun:test";
import { writeAtTurnEnd, writeFramesAtTurnEnd } from "#transport/endpoint/turn-end.ts";
import { turnEnd } from "../../../support/turn-end.ts";

test("frames are written in the turn in which their messages are, behind all of them", async () => {
  const done: string[] = [];
  writeFramesAtTurnEnd(() => done.push("early frames"));
  writeAtTurnEnd(() => {
    done.push("message");
    writeFramesAtTurnEnd(() => done.push("its frames"));
  });
  writeAtTurnEnd(() => done.push("other message"));
  expect(done).toEqual([]);
  await turnEnd();
  expect(done).toEqual(["message", "other message", "early frames", "its frames"]);
});

test("what is sent at the end of a turn is written at the end of the next", async () => {
  const done: string[] = [];
  writeFramesAtTurnEnd(() => {
    writeAtTurnEnd(() => done.push("message"));
    writeFramesAtTurnEnd(() => done.push("frames"));
  });
  await turnEnd();
  expect(done).toEqual([]);
  await turnEnd();
  expect(done).toEqual(["message", "frames"]);
});
