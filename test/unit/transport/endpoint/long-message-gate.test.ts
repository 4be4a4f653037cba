import { expect, test } from "bun:test";
import { outgoingMemory } from "#base/outgoing-memory.ts";
import { LongMessageGate } from "#transport/endpoint/long-message-gate.ts";

test("a long message has room reserved until it is handled; passed on part by part, only for 64 KiB", () => {
  const before = outgoingMemory.octets;
  const gate = new LongMessageGate(2 ** 30);
  const reserved = () => outgoingMemory.octets - before;
  expect(gate.mayBegin(1_000_000, () => {})).toBe(true);
  expect(reserved()).toBe(1_000_000);
  gate.pass();
  expect(reserved()).toBe(65_536);
  // The reader asks again at each read of the same message.
  expect(gate.mayBegin(1_000_000, () => {})).toBe(true);
  expect(reserved()).toBe(65_536);
  gate.end();
  expect(reserved()).toBe(0);
  gate.pass();
  expect(reserved()).toBe(0);
});
