import { describe, expect, test } from "bun:test";
import { abortable } from "#base/abortable.ts";

const never = () => new Promise<never>(() => {});

describe("abortable", () => {
  test("settles as the promise does", async () => {
    const { signal } = new AbortController();
    expect(await abortable(Promise.resolve(7), signal)).toBe(7);
    await expect(abortable(Promise.reject(new Error("no")), signal)).rejects.toThrow("no");
  });

  test("rejects with the reason as soon as the signal is aborted, and at once behind it", async () => {
    const controller = new AbortController();
    const waiting = abortable(never(), controller.signal);
    controller.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    await expect(abortable(never(), controller.signal)).rejects.toThrow("gone");
  });

  test("leaves no listener on a signal that many wait with", async () => {
    const { signal } = new AbortController();
    const added = new Set<unknown>();
    signal.addEventListener = ((_: string, listener: unknown) => added.add(listener)) as never;
    signal.removeEventListener = ((_: string, listener: unknown) =>
      added.delete(listener)) as never;
    await abortable(Promise.resolve(1), signal);
    await abortable(Promise.reject(new Error("no")), signal).catch(() => {});
    expect(added.size).toBe(0);
  });

  test("leaves no unhandled rejection of a promise that was given up", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    const controller = new AbortController();
    const late = Promise.withResolvers<void>();
    const waiting = abortable(late.promise, controller.signal);
    controller.abort(new Error("gone"));
    await waiting.catch(() => {});
    late.reject(new Error("late"));
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });
});
