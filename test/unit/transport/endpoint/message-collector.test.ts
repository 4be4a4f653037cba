import { expect, spyOn, test } from "bun:test";
import fc from "fast-check";
import { messageMemory } from "#base/message-memory.ts";
import { takeOctets } from "#base/octet-ownership.ts";
import { MessageCollector } from "#transport/endpoint/message-collector.ts";

test("joins any parts, and counts the memory until the message is taken", () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 40 });
  fc.assert(
    fc.property(parts, fc.boolean(), (chunks, isAnnounced) => {
      const before = messageMemory();
      const collector = new MessageCollector();
      const whole = Buffer.concat(chunks);
      let position = 0;
      for (const chunk of chunks) {
        position += chunk.length;
        const announced = isAnnounced ? whole.length - position : Number.POSITIVE_INFINITY;
        const padded = Buffer.concat([Buffer.from("xx"), chunk, Buffer.from("yy")]);
        if (chunk.length > 0) collector.append(padded, 2, 2 + chunk.length, announced);
        padded.fill(0);
        expect(collector.length).toBe(position);
        const held = messageMemory() - before;
        expect(held).toBeGreaterThanOrEqual(position);
        expect(held).toBeLessThanOrEqual(isAnnounced ? whole.length : 2 * position);
      }
      expect(Buffer.from(collector.take()).equals(whole)).toBe(true);
      expect([collector.length, messageMemory()]).toEqual([0, before]);
    }),
  );
});

test("holds hardly more than a long message", () => {
  const before = messageMemory();
  const collector = new MessageCollector();
  const chunk = new Uint8Array(10_000);
  for (let octets = 0; octets < 15_000_000; octets += chunk.length) {
    collector.append(chunk, 0, chunk.length, Number.POSITIVE_INFINITY);
  }
  expect(messageMemory() - before).toBeLessThan(15_000_000 + 2 ** 20 + chunk.length);
  collector.drop();
  expect(messageMemory()).toBe(before);
});

test("gives a long message of known length in memory that was not joined and may be taken", () => {
  const before = messageMemory();
  const collector = new MessageCollector();
  const chunk = new Uint8Array(100_000).fill(7);
  const octets = 4_000_000;
  const concat = spyOn(Buffer, "concat");
  for (let left = octets - chunk.length; left >= 0; left -= chunk.length) {
    collector.append(chunk, 0, chunk.length, left);
    if (left < octets / 2) expect(messageMemory() - before).toBe(octets - left);
  }
  const message = collector.take();
  expect(concat).not.toHaveBeenCalled();
  concat.mockRestore();
  expect(message.every((octet) => octet === 7)).toBe(true);
  expect(takeOctets(message) === message).toBe(true);
});

test("a message may grow to 64 KiB whatever is held, and further within the limit", () => {
  const held = messageMemory();
  const chunk = new Uint8Array(64 * 1024);
  const grow = (maxHeldOctets: number) => {
    const collector = new MessageCollector(maxHeldOctets);
    expect(collector.append(chunk, 0, chunk.length, 10)).toBe(true);
    const mayGrow = collector.append(chunk, 0, 10, 0);
    collector.drop();
    return mayGrow;
  };
  expect(grow(held + chunk.length + 9)).toBe(false);
  expect(grow(held + chunk.length + 10)).toBe(true);
});
