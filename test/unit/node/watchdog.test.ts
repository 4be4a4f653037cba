/** Which workers the watchdog finds silent, by a clock that the test moves. */

import { describe, expect, spyOn, test } from "bun:test";
import type { ProcessExit } from "#base/process-exit.ts";
import { Watchdog } from "#node/watchdog.ts";
import type { WorkerProcess } from "#node/worker-process.ts";
import { afterTest } from "../../support/cleanups.ts";
import { fakeTime } from "../../support/fake-time.ts";

/** A worker that is heard when the test says so. */
class HeardWorker implements WorkerProcess {
  readonly pid = 1;
  readonly ready = Promise.resolve([]);
  readonly exit = Promise.withResolvers<ProcessExit>();
  readonly exited = this.exit.promise;
  heardAt: number | undefined = 0;

  speak(): void {
    this.heardAt = (this.heardAt ?? 0) + 1;
  }

  shouldRestart(): boolean {
    return true;
  }

  renewCertificates(): void {}

  async shutdown(): Promise<"ended"> {
    return "ended";
  }

  kill(): void {}
}

/** A watchdog of ten seconds, or of others; `pass` moves its clock, `stand` moves it while nothing runs. */
function watched(seconds = 10) {
  const pass = fakeTime();
  const now = performance.now.bind(performance);
  let stoodMs = 0;
  const clock = spyOn(performance, "now").mockImplementation(() => now() + stoodMs);
  afterTest(() => clock.mockRestore());
  const silent: WorkerProcess[] = [];
  const watchdog = new Watchdog(seconds, (process) => silent.push(process));
  afterTest(() => watchdog.stop());
  const stand = (ms: number) => {
    stoodMs += ms;
  };
  return { watchdog, silent, pass, stand };
}

describe("a worker", () => {
  test("that has said nothing for ten seconds is silent, once", () => {
    const { watchdog, silent, pass } = watched();
    const worker = new HeardWorker();
    watchdog.watch(worker);
    pass(9_999);
    expect(silent).toEqual([]);
    pass(1);
    expect(silent).toEqual([worker]);
    pass(60_000);
    expect(silent).toHaveLength(1);
  });

  test("that is heard is not, however rarely, and the others are judged by themselves", () => {
    const { watchdog, silent, pass } = watched();
    const [heard, mute] = [new HeardWorker(), new HeardWorker()];
    watchdog.watch(heard);
    pass(5_000);
    watchdog.watch(mute);
    for (let seconds = 0; seconds < 60; seconds += 9) {
      heard.speak();
      pass(9_000);
    }
    expect(silent).toEqual([mute]);
  });

  test("that never says anything, such as a guest, is not", () => {
    const { watchdog, silent, pass } = watched();
    const guest = new HeardWorker();
    guest.heardAt = undefined;
    watchdog.watch(guest);
    pass(60_000);
    expect(silent).toEqual([]);
  });

  test("that has ended is not", async () => {
    const { watchdog, silent, pass } = watched();
    const worker = new HeardWorker();
    watchdog.watch(worker);
    worker.exit.resolve({ exitCode: 0, signal: null });
    await worker.exited;
    pass(60_000);
    expect(silent).toEqual([]);
  });

  test("is judged anew after a time in which the controller did not run", () => {
    const { watchdog, silent, pass, stand } = watched();
    const worker = new HeardWorker();
    watchdog.watch(worker);
    pass(9_000);
    stand(3_600_000);
    pass(10_000);
    expect(silent).toEqual([]);
    pass(1_000);
    expect(silent).toEqual([worker]);
  });

  test("is judged in spite of ticks that are late by less than a period", () => {
    const { watchdog, silent, pass, stand } = watched();
    watchdog.watch(new HeardWorker());
    for (let tick = 0; tick < 10; tick++) {
      stand(900);
      pass(1_000);
    }
    expect(silent).toHaveLength(1);
  });
});

describe("a watchdog", () => {
  test("of 0 seconds finds no worker", () => {
    const { watchdog, silent, pass } = watched(0);
    watchdog.watch(new HeardWorker());
    pass(60_000);
    expect(silent).toEqual([]);
  });

  test("that was stopped finds none any more", () => {
    const { watchdog, silent, pass } = watched(5);
    watchdog.watch(new HeardWorker());
    watchdog.stop();
    pass(60_000);
    expect(silent).toEqual([]);
  });
});
