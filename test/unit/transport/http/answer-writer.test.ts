import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConnectionSocket } from "#transport/endpoint/connection.ts";
import { AnswerWriter } from "#transport/http/answer-writer.ts";
import { FilePart } from "#transport/http/file-part.ts";
import { HeldAnswers } from "#transport/http/held-answers.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { ScriptedSocket } from "../../../support/scripted-socket.ts";

const folder = mkdtempSync(join(tmpdir(), "answer-writer-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A socket that takes so many octets at a time. */
function socketTaking(octetsAtOnce: number) {
  const taken: Buffer[] = [];
  const buffers: unknown[] = [];
  let isTerminated = false;
  const socket: ConnectionSocket = {
    write(octets, start = 0, length = octets.length) {
      const count = Math.min(octetsAtOnce, length);
      buffers.push(octets.buffer);
      taken.push(Buffer.from(octets.subarray(start, start + count)));
      return count;
    },
    shutdown() {},
    end() {},
    terminate() {
      isTerminated = true;
    },
    pause() {},
    resume() {},
  };
  return {
    socket,
    buffers,
    text: () => Buffer.concat(taken).toString("latin1"),
    isTerminated: () => isTerminated,
  };
}

const text = "0123456789".repeat(10_000);

test("writes octets in memory from where they are, at the pace of the socket", () => {
  const body = Buffer.from(text);
  const { socket, buffers, text: taken } = socketTaking(30_000);
  let written = 0;
  const writer = new AnswerWriter(socket, () => {
    written += 1;
  });
  writer.write("head ", { body });
  while (!writer.isIdle) writer.drained();
  expect(taken()).toBe(`head ${text}`);
  expect(new Set(buffers.slice(1))).toEqual(new Set([body.buffer]));
  expect(written).toBe(1);
});

test("writes a part of a file without keeping what the socket does not take", () => {
  const file = join(folder, "file");
  writeFileSync(file, text);
  const { socket, buffers, text: taken } = socketTaking(7_001);
  const writer = new AnswerWriter(socket, () => {});
  writer.write("head ", { body: new FilePart(file, 10, 90_010) });
  while (!writer.isIdle) writer.drained();
  expect(taken()).toBe(`head ${text.slice(0, 90_000)}`);
  expect(new Set(buffers.slice(1)).size).toBe(1);
});

test("cuts off a client whose file has become shorter", async () => {
  const file = join(folder, "shrinking");
  writeFileSync(file, text);
  const { socket, text: taken, isTerminated } = socketTaking(50_000);
  const writer = new AnswerWriter(socket, () => {});
  writer.write("head ", { body: new FilePart(file, 0, 100_000) });
  truncateSync(file, 60_000);
  while (!writer.isIdle) writer.drained();
  await Promise.resolve();
  expect(taken().length).toBe(5 + 60_000);
  expect(isTerminated()).toBe(true);
});

test("cuts off a client whose file cannot be read any more", async () => {
  const { socket, isTerminated } = socketTaking(50_000);
  const writer = new AnswerWriter(socket, () => {});
  // Opens, and gives an error for each read.
  writer.write("head ", { body: new FilePart("/proc/self/mem", 0, 100_000) });
  expect(writer.isIdle).toBe(true);
  await Promise.resolve();
  expect(isTerminated()).toBe(true);
});

test("sends an answer behind what is left of an interim answer", () => {
  const socket = new ScriptedSocket();
  socket.takes = 3;
  const writer = new AnswerWriter(socket, () => {});
  writer.writeInterim("interim ");
  writer.write("head ", { body: Buffer.from("body") });
  expect(socket.text).toBe("int");
  socket.takes = 1000;
  writer.drained();
  expect([socket.text, writer.isIdle]).toEqual(["interim head body", true]);
});

test("goes on with a short answer that is taken in parts, and counts what is left of it", () => {
  const socket = new ScriptedSocket();
  socket.takes = 3;
  const writer = new AnswerWriter(socket, () => {});
  writer.write("head ", { body: Buffer.from("body") });
  expect([socket.text, writer.isIdle]).toEqual(["hea", false]);
  expect(HeldAnswers.octets).toBeGreaterThan(0);
  socket.takes = 1000;
  writer.drained();
  expect([socket.text, writer.isIdle, HeldAnswers.octets]).toEqual(["head body", true, 0]);
});

test("cuts off a client whose connection takes no short answer", async () => {
  const socket = new ScriptedSocket();
  socket.takes = -1;
  const writer = new AnswerWriter(socket, () => {});
  writer.write("head ", { body: Buffer.from("body") });
  expect(writer.isIdle).toBe(true);
  await Promise.resolve();
  expect(socket.done).toEqual(["terminate"]);
});

test("sends an empty body behind a head of any length, and behind an interim answer", async () => {
  const socket = new ScriptedSocket();
  const writer = new AnswerWriter(socket, () => {});
  const head = "x".repeat(20_000);
  writer.write(head, { body: Buffer.alloc(0) });
  expect([socket.text, writer.isIdle]).toEqual([head, true]);
  socket.takes = 3;
  writer.writeInterim("interim ");
  writer.write("head ", { body: Buffer.alloc(0) });
  socket.takes = 1000;
  writer.drained();
  await Promise.resolve();
  expect([socket.text, writer.isIdle]).toEqual([`${head}interim head `, true]);
  expect(socket.done).toEqual([]);
});

test("gives a client 60 seconds to take more, and counts what it holds for it", () => {
  const pass = fakeTime();
  const socket = new ScriptedSocket();
  const writer = new AnswerWriter(socket, () => {});
  socket.takes = 10;
  writer.write("head ", { body: Buffer.alloc(50_000) });
  expect(HeldAnswers.octets).toBe(50_000);
  pass(59_999);
  socket.takes = 10;
  writer.drained();
  pass(59_999);
  expect(socket.done).toEqual([]);
  pass(1);
  expect(socket.done).toEqual(["terminate"]);
  writer.drop();
  expect(HeldAnswers.octets).toBe(0);
});

test("gives no client less time because a file is long", async () => {
  const pass = fakeTime();
  const file = join(folder, "long");
  writeFileSync(file, Buffer.alloc(3 * 1024 * 1024));
  const socket = new ScriptedSocket();
  const written = Promise.withResolvers<void>();
  const writer = new AnswerWriter(socket, written.resolve);
  writer.write("head ", { body: new FilePart(file, 0, 3 * 1024 * 1024) });
  await written.promise;
  pass(1_000_000);
  expect(socket.done).toEqual([]);
});

test("cuts off the clients that have not read for longest when answers hold too much", () => {
  const clients = Array.from({ length: 5 }, () => socketTaking(0));
  for (const { socket } of clients) HeldAnswers.add(socket, new Uint8Array(16 * 1024 * 1024));
  expect(clients.map((one) => one.isTerminated())).toEqual([true, false, false, false, false]);
  expect(HeldAnswers.octets).toBe(64 * 1024 * 1024);
  for (const { socket } of clients) HeldAnswers.delete(socket);
  expect(HeldAnswers.octets).toBe(0);
});

test("counts octets once that several clients are sent, in whole or in part", () => {
  const octets = new Uint8Array(16 * 1024 * 1024);
  const clients = Array.from({ length: 5 }, () => socketTaking(0));
  for (const { socket } of clients) HeldAnswers.add(socket, octets.subarray(1));
  expect(clients.some((one) => one.isTerminated())).toBe(false);
  for (const { socket } of clients) {
    expect(HeldAnswers.octets).toBe(octets.length);
    HeldAnswers.delete(socket);
  }
  expect(HeldAnswers.octets).toBe(0);
});
