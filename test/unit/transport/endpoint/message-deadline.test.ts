import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { MessageDeadline } from "#transport/endpoint/message-deadline.ts";
import { PacedInput, PauseReason } from "#transport/endpoint/paced-input.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function deadline(timeoutMs: number) {
  let expired = 0;
  const input = new PacedInput({ pause() {}, resume() {} }, { decode: (octets) => octets.length });
  const made = new MessageDeadline(timeoutMs, input, () => void expired++);
  const pauseFor = (milliseconds: number) => {
    input.pause(PauseReason.session);
    pass(milliseconds);
    input.resume(PauseReason.session);
  };
  return { deadline: made, expired: () => expired, pauseFor };
}

const pass = (milliseconds: number) => void jest.advanceTimersByTime(milliseconds);

describe("the deadline of a message", () => {
  test("counts from its first octet", () => {
    const { deadline: one, expired } = deadline(1000);
    one.note(1, 1);
    pass(900);
    one.note(1, 2);
    pass(99);
    expect(expired()).toBe(0);
    pass(2);
    expect(expired()).toBe(1);
  });

  test("is not that of the next message", () => {
    const { deadline: one, expired } = deadline(1000);
    for (let number = 0; number < 10; number++) {
      one.note(number, 1);
      pass(600);
    }
    expect(expired()).toBe(0);
    one.note(10, 0);
    pass(5000);
    expect(expired()).toBe(0);
  });

  test("is extended by what has arrived, at 16,000 octets a second", () => {
    const { deadline: one, expired } = deadline(1000);
    for (let half = 1; half <= 120; half++) {
      one.note(1, half * 8_000);
      pass(500);
    }
    expect(expired()).toBe(0);
    pass(501);
    expect(expired()).toBe(1);
  });

  test("is never further away than the timeout, however much has arrived at once", () => {
    const { deadline: one, expired, pauseFor } = deadline(1000);
    one.note(1, 15_000_000);
    pass(600);
    pauseFor(5000);
    one.note(1, 15_000_001);
    pass(399);
    expect(expired()).toBe(0);
    pass(2);
    expect(expired()).toBe(1);
  });

  test("is as far away again where much has arrived behind a pause of the client", () => {
    const { deadline: one, expired } = deadline(1000);
    for (let burst = 1; burst <= 10; burst++) {
      one.note(1, burst * 16_000);
      pass(990);
    }
    expect(expired()).toBe(0);
  });

  test("does not count the time in which the connection was not read", () => {
    const { deadline: one, expired, pauseFor } = deadline(1000);
    one.note(1, 1);
    pass(900);
    pauseFor(60_000);
    pass(90);
    expect(expired()).toBe(0);
    pass(110);
    expect(expired()).toBe(1);
  });

  test("counts the time between many pauses", () => {
    const { deadline: one, expired, pauseFor } = deadline(1000);
    pauseFor(5000);
    one.note(1, 1);
    for (let count = 0; count < 9; count++) {
      pass(100);
      pauseFor(count);
    }
    expect(expired()).toBe(0);
    pass(201);
    expect(expired()).toBe(1);
  });

  test("is none with a timeout of 0, and after the connection has stopped", () => {
    const unlimited = deadline(0);
    unlimited.deadline.note(1, 1);
    const stopped = deadline(10);
    stopped.deadline.note(1, 1);
    stopped.deadline.stop();
    pass(100_000);
    expect([unlimited.expired(), stopped.expired()]).toEqual([0, 0]);
  });
});
