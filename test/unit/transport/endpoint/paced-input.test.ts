import { expect, test } from "bun:test";
import { EventTurns } from "#transport/endpoint/event-turns.ts";
import { PacedInput, PauseReason } from "#transport/endpoint/paced-input.ts";
import { ScriptedSocket } from "../../../support/scripted-socket.ts";

/** An input whose decoder takes messages of so many octets, and the turns that it waits for. */
function input(messageOctets: number) {
  const turns: (() => void)[] = [];
  const decoded: string[] = [];
  const made: PacedInput = new PacedInput(
    new ScriptedSocket(),
    {
      decode(octets) {
        let done = 0;
        for (let goesOn = true; goesOn && done < octets.length; done += messageOctets) {
          decoded.push(String.fromCharCode(octets[done] ?? 0));
          goesOn = made.mayContinue(messageOctets);
        }
        return done;
      },
    },
    new EventTurns(
      () => 0,
      (begin) => void turns.push(begin),
    ),
  );
  return { input: made, decoded, nextTurn: () => turns.shift()?.() };
}

const read = (letters: string) =>
  new Uint8Array(Buffer.concat([...letters].map((letter) => Buffer.alloc(100_000, letter))));

test("the memory of a long read is given back as soon as it is decoded", () => {
  const { input: one, decoded } = input(100_000);
  const chunk = read("abc");
  one.received(chunk);
  expect([decoded, chunk.length]).toEqual([["a", "b", "c"], 0]);
});

test("what a paused connection keeps of a long read is a copy", () => {
  const { input: one, decoded, nextTurn } = input(100_000);
  one.pause(PauseReason.session);
  const [first, second] = [read("ab"), read("c")];
  one.received(first);
  one.received(second);
  expect([decoded, first.length, second.length]).toEqual([[], 0, 0]);
  one.resume(PauseReason.session);
  nextTurn();
  expect(decoded).toEqual(["a", "b", "c"]);
});

test("octets that are a part of other memory are not freed", () => {
  const { input: one } = input(100_000);
  const memory = read("abc");
  one.received(memory.subarray(100_000));
  expect(memory.length).toBe(300_000);
});

test("the memory of what follows the end is given back unread", () => {
  const { input: one, decoded } = input(100_000);
  one.stop();
  const chunk = read("a");
  one.received(chunk);
  expect([decoded, chunk.length]).toEqual([[], 0]);
});
