import { expect, test } from "bun:test";
import { GatheredLines } from "#observe/gathered-lines.ts";
import { fakeTime } from "../../support/fake-time.ts";

function gathered() {
  const pass = fakeTime();
  const writes: [text: string, lines: number][] = [];
  const all = new GatheredLines((text, lines) => writes.push([text, lines]));
  return { all, writes, pass };
}

test("are written 20 ms after the first of them, once", () => {
  const { all, writes, pass } = gathered();
  all.add("1\n");
  pass(19);
  all.add("2\n");
  expect(writes).toEqual([]);
  pass(1);
  expect(writes).toEqual([["1\n2\n", 2]]);
  all.add("3\n");
  pass(19);
  expect(writes).toHaveLength(1);
  pass(1);
  expect(writes[1]).toEqual(["3\n", 1]);
});

test("have one time for all of them, however many there are", () => {
  const { all, writes, pass } = gathered();
  for (let count = 0; count < 3; count++) {
    all.add("1\n");
    pass(5);
  }
  pass(5);
  all.add("2\n");
  pass(19);
  expect(writes).toEqual([["1\n1\n1\n", 3]]);
});

test("are no more than 4096 octets together, of whole lines", () => {
  const { all, writes } = gathered();
  const line = `${"é".repeat(1023)}x\n`;
  expect(Buffer.byteLength(line)).toBe(2048);
  for (let count = 0; count < 5; count++) all.add(line);
  expect(writes).toEqual([
    [line + line, 2],
    [line + line, 2],
  ]);
});

test("that are longer are written alone", () => {
  const { all, writes, pass } = gathered();
  const long = `${"x".repeat(10_000)}\n`;
  all.add("1\n");
  all.add(long);
  all.add("2\n");
  pass(20);
  expect(writes).toEqual([
    ["1\n", 1],
    [long, 1],
    ["2\n", 1],
  ]);
});

test("are written when that is asked for, and then their time is over", () => {
  const { all, writes, pass } = gathered();
  all.flush();
  all.add("1\n");
  all.flush();
  expect(writes).toEqual([["1\n", 1]]);
  pass(10);
  all.add("2\n");
  pass(19);
  expect(writes).toHaveLength(1);
  pass(1);
  expect(writes).toHaveLength(2);
});
