import { expect, test } from "bun:test";
import { join } from "node:path";
import { SessionTable } from "#worker/session-table.ts";
import { WorkerTransports } from "#worker/worker-transports.ts";
import { afterTest } from "../../support/cleanups.ts";
import { quietContext } from "../../support/quiet-context.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { rawSocketTransport } from "../../support/transports.ts";

const ignore = () => ({ onMessage() {}, onDrain() {}, onClose() {} });

/** Takes one transport after the other, each in place of the one before; they are known as long as they are kept. */
async function takeTransports(transports: WorkerTransports, count: number) {
  const folder = temporaryFolder();
  const known: WeakRef<object>[] = [];
  for (let index = 0; index < count; index++) {
    const path = join(folder, `${index}.sock`);
    const config = rawSocketTransport({}, { endpoint: { type: "unix", path, permission: 0o600 } });
    known.push(new WeakRef(config));
    (await transports.prepare([config], false)).apply();
  }
  return known;
}

test("transports that are removed are not kept when their last connection is over", async () => {
  const transports = await WorkerTransports.start([], ignore, quietContext);
  afterTest(() => transports.stop(new SessionTable()));
  const known = await takeTransports(transports, 20);
  const kept = () => {
    Bun.gc(true);
    return known.filter((one) => one.deref() !== undefined).length;
  };
  // The last one listens, the one before it was retired by the last change; the stack may hold some more.
  for (let turn = 0; turn < 50 && kept() > 6; turn++) await Bun.sleep(1);
  expect(kept()).toBeLessThanOrEqual(6);
});
