import { expect, test } from "bun:test";
import { onReloadSignal, onShutdownSignal } from "#node/signals.ts";
import { afterTest } from "../../support/cleanups.ts";

/** Takes the listeners away again that a test adds to its own process. */
function withoutListeners(...signals: NodeJS.Signals[]): void {
  for (const signal of signals) {
    const before = new Set(process.listeners(signal));
    afterTest(() => {
      for (const one of process.listeners(signal)) if (!before.has(one)) process.off(signal, one);
    });
  }
}

test("the first signal asks for an orderly end, every later one for any end", () => {
  withoutListeners("SIGINT", "SIGTERM");
  const asked: unknown[] = [];
  onShutdownSignal({
    first: (signal) => void asked.push(signal),
    again: (exitCode) => void asked.push(exitCode),
  });
  for (const signal of ["SIGTERM", "SIGTERM", "SIGINT"] as const) process.emit(signal, signal);
  expect(asked).toEqual(["SIGTERM", 143, 130]);
});

test("SIGHUP asks for a reload each time", () => {
  withoutListeners("SIGHUP");
  let reloads = 0;
  onReloadSignal(() => void reloads++);
  for (let count = 0; count < 2; count++) process.emit("SIGHUP", "SIGHUP");
  expect(reloads).toBe(2);
});
