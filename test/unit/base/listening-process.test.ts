import { expect, test } from "bun:test";
import { isOrphan, processListeningOn } from "#base/listening-process.ts";
import { afterTest } from "../../support/cleanups.ts";
import { freePort } from "../../support/temporary-node.ts";

test.each(["127.0.0.1", "::1"])("finds the process that listens on a port of %s", (hostname) => {
  const listener = Bun.listen({ hostname, port: 0, socket: { data() {} } });
  afterTest(() => listener.stop(true));
  expect(processListeningOn(listener.port)).toBe(process.pid);
});

test("finds none for a port that is free, or to which a process is only connected", async () => {
  const port = freePort();
  expect(processListeningOn(port)).toBeNull();
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const handler = { data() {} };
  const client = await Bun.connect({ hostname: "127.0.0.1", port: listener.port, socket: handler });
  afterTest(() => client.terminate());
  listener.stop();
  expect(processListeningOn(listener.port)).toBeNull();
});

test.if(process.platform === "linux")(
  "a process is an orphan once another program is its parent",
  () => {
    const wait = [process.execPath, "-e", "setInterval(() => {}, 2 ** 30)"];
    const child = Bun.spawn(wait);
    // The shell ends at once.
    const shell = Bun.spawnSync(["sh", "-c", '"$@" >/dev/null 2>&1 & echo $!', "sh", ...wait]);
    const orphan = Number(shell.stdout);
    afterTest(() => {
      child.kill();
      process.kill(orphan, "SIGKILL");
    });
    expect([isOrphan(child.pid), isOrphan(orphan)]).toEqual([false, true]);
  },
);
