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

test.each<[string, NodeJS.Signals[], unknown[]]>([
  [
    "the first signal asks for an orderly end, every later one for any end",
    ["SIGTERM", "SIGTERM", "SIGINT"],
    ["SIGTERM", 143, 130],
  ],
  [
    "SIGTERM lets go on what SIGUSR2 has begun, once",
    ["SIGUSR2", "SIGTERM", "SIGTERM"],
    ["SIGUSR2", 143],
  ],
  ["SIGINT ends what SIGUSR2 has begun", ["SIGUSR2", "SIGINT"], ["SIGUSR2", 130]],
  [
    "SIGUSR2 changes nothing behind another signal",
    ["SIGTERM", "SIGUSR2", "SIGTERM"],
    ["SIGTERM", 143],
  ],
  ["SIGUSR2 changes nothing behind itself", ["SIGUSR2", "SIGUSR2"], ["SIGUSR2"]],
])("%s", (_, signals, expected) => {
  withoutListeners("SIGINT", "SIGTERM", "SIGUSR2");
  const asked: unknown[] = [];
  onShutdownSignal({
    first: (signal) => void asked.push(signal),
    again: (exitCode) => void asked.push(exitCode),
  });
  for (const signal of signals) process.emit(signal, signal);
  expect(asked).toEqual(expected);
});

test("SIGHUP asks for a reload each time", () => {
  withoutListeners("SIGHUP");
  let reloads = 0;
  onReloadSignal(() => void reloads++);
  for (let count = 0; count < 2; count++) process.emit("SIGHUP", "SIGHUP");
  expect(reloads).toBe(2);
});
