import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, renameSync, writeFileSync } from "node:fs";
import type { AuthenticatorConfig } from "#config/auth/authenticator-config.ts";
import type { PythonOptions } from "#config/component/process-config.ts";
import { RestartedHost } from "#worker/restarted-host.ts";
import { awaitedLog } from "../../support/awaited-log.ts";
import { afterTest } from "../../support/cleanups.ts";
import { fakeTime } from "../../support/fake-time.ts";
import { quietContext } from "../../support/quiet-context.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { hasPython, PYTHON } from "../../support/wamp-clients.ts";

const LONG = 60_000;

const onTwisted = `
import os
import signal
from twisted.internet.defer import Deferred

def create(config, controller):
    return lambda realm, authid, details: authid

def create_never(config, controller):
    return Deferred()

def create_writing(config, controller):
    def write(realm, authid, details):
        os.system("setsid sh -c 'sleep 0.2; echo the last words >&2' &")
        os.kill(os.getpid(), signal.SIGKILL)
    return write
`;
const onAsyncio = `
import asyncio
from autobahn.asyncio.wamp import ApplicationSession

def create_silent(config, controller):
    return lambda realm, authid, details: asyncio.get_event_loop().create_future()
`;

const authenticator = (create: string): AuthenticatorConfig => ({
  id: create,
  type: "authenticator",
  create,
  config: "{}",
});

/** A host of authenticators in Python, what it logs, and the ids of its processes in order. */
function restartedHost(creates: string[], python: string = PYTHON) {
  const folder = temporaryFolder({ "on_twisted.py": onTwisted, "on_asyncio.py": onAsyncio });
  const { log, lines, until } = awaitedLog();
  const ending = new AbortController();
  const pids: number[] = [];
  /** For each call of `onRestart`, how many processes there were. */
  const restarts: number[] = [];
  const logOf = (pid: number) => {
    pids.push(pid);
    return log;
  };
  const options: PythonOptions = {
    python,
    pythonpath: [folder],
    env: { inherit: true, vars: {} },
    cpu_affinity: [],
    ready_timeout: LONG,
  };
  const host = new RestartedHost(
    {
      kind: "authenticator",
      components: creates.map(authenticator),
      python: options,
      title: "authenticators",
      onComponentEnd: () => {},
    },
    { ...quietContext, folder, startFolder: folder, log, logOf, ending: ending.signal },
    () => void restarts.push(pids.length),
  );
  afterTest(() => host.shutdown());
  const call = async (id: string, authid: string) => {
    const { signal } = new AbortController();
    return await host.host?.call(id, JSON.stringify(["realm1", authid, {}]), signal);
  };
  return { host, lines, until, pids, restarts, ending, call };
}

const kill = (pid = 0) => process.kill(pid, "SIGKILL");

const hasEnded = (pid = 0) => !existsSync(`/proc/${pid}/stat`);

describe.if(hasPython)("the host of a worker's authenticators", () => {
  test(
    "is started again when its process ends",
    async () => {
      const { host, until, pids, restarts, call } = restartedHost(["on_twisted.create"]);
      expect(host.host).toBeNull();
      await host.start();
      expect(await call("on_twisted.create", "joe")).toMatchObject({ value: '"joe"' });
      kill(pids[0]);
      const died = await until(/authenticators died/);
      expect(died).toBe('error authenticators died ended="signal SIGKILL" restart_ms=0');
      expect(restarts).toEqual([1]);
      await host.started;
      expect(pids).toHaveLength(2);
      expect(await call("on_twisted.create", "joe")).toMatchObject({ value: '"joe"' });
      expect(restarts).toEqual([1]);
    },
    LONG,
  );

  test(
    "logs all that its process has written before it reports its end",
    async () => {
      const { host, lines, until, call } = restartedHost(["on_twisted.create_writing"]);
      await host.start();
      const lost = call("on_twisted.create_writing", "joe").catch(String);
      await until(/authenticators died/);
      expect(await lost).toContain("its process has ended");
      expect(lines.slice(-2)).toEqual([
        "warn the last words",
        'error authenticators died ended="signal SIGKILL" restart_ms=0',
      ]);
    },
    LONG,
  );

  test(
    "is not started again when the worker ends before its other process has",
    async () => {
      const creates = ["on_twisted.create", "on_asyncio.create_silent"];
      const { host, lines, pids, restarts, call } = restartedHost(creates);
      await host.start();
      const lost = call("on_asyncio.create_silent", "joe").catch(String);
      kill(pids[1]);
      expect(await lost).toContain("its process has ended");
      await host.shutdown();
      expect(lines.filter((line) => line.includes("died"))).toEqual([]);
      expect(restarts).toEqual([]);
    },
    LONG,
  );

  test(
    "is not started again when the worker ends before the delay is over",
    async () => {
      const pass = fakeTime();
      const { host, until, pids } = restartedHost(["on_twisted.create"]);
      await host.start();
      kill(pids[0]);
      await until(/authenticators died/);
      await host.shutdown();
      pass(60_000);
      expect(pids).toHaveLength(1);
    },
    LONG,
  );

  test(
    "waits longer before each restart",
    async () => {
      const { host, until, lines, pids } = restartedHost(["on_twisted.create"]);
      await host.start();
      kill(pids[0]);
      await until(/restart_ms=0$/);
      await host.started;
      kill(pids[1]);
      await until(/restart_ms=(100|[789]\d)$/);
      expect(lines.filter((line) => line.includes("died"))).toHaveLength(2);
    },
    LONG,
  );

  test(
    "ends while it starts when the worker is to end",
    async () => {
      const { host, ending, pids, lines } = restartedHost([
        "on_twisted.create_never",
        "on_twisted.create",
      ]);
      const started = host.start();
      ending.abort();
      await started;
      await host.shutdown();
      expect(hasEnded(pids[0])).toBe(true);
      expect(lines.join()).not.toMatch(/ready|died|not started/);
    },
    LONG,
  );

  test(
    "is killed where it does not end in time, and the log says so",
    async () => {
      const { host, lines, pids } = restartedHost(["on_twisted.create"]);
      await host.start();
      process.kill(pids[0] ?? 0, "SIGSTOP");
      const pass = fakeTime();
      const over = host.shutdown();
      pass(3_000);
      await over;
      expect(hasEnded(pids[0])).toBe(true);
      expect(lines.at(-1)).toBe("warn authenticators killed: did not end in time");
    },
    LONG,
  );

  test("that was never started ends at once", async () => {
    const { host, lines } = restartedHost(["on_twisted.create"]);
    await host.shutdown();
    expect(lines).toEqual([]);
  });

  test("is not started by a worker that is to end", async () => {
    const { host, ending, lines } = restartedHost(["on_twisted.create"]);
    ending.abort();
    await host.start();
    expect(host.host).toBeNull();
    expect(lines).toEqual([]);
  });

  test("is not started again where the first start fails", async () => {
    const { host, lines } = restartedHost(["on_twisted.create"], "/bin/false");
    await host.start();
    await expect(host.started).rejects.toThrow("it ended at its start");
    expect(lines).toEqual([expect.stringContaining("error authenticator not started")]);
  });

  test("that cannot be run is an error in the log for each authenticator", async () => {
    const { host, lines } = restartedHost(["a.create", "b.create"], "/no/such/python");
    await host.start();
    expect(host.started).rejects.toThrow("Cannot run");
    const reason = expect.stringContaining("no/such/python");
    expect(lines).toEqual([reason, reason]);
    expect(lines[0]).toStartWith("error authenticator not started id=a.create reason=");
    await host.shutdown();
  });

  test(
    "is tried again, with longer delays, where a restart fails",
    async () => {
      const bin = temporaryFolder({ python: `#!/bin/sh\nexec ${PYTHON} "$@"\n` });
      const python = `${bin}/python`;
      chmodSync(python, 0o755);
      const { host, until, lines, pids, restarts, call } = restartedHost(
        ["on_twisted.create"],
        python,
      );
      await host.start();
      const from = lines.length;
      renameSync(python, `${python}.new`);
      kill(pids[0]);
      await until(/authenticators died/);
      expect(host.started).rejects.toThrow("Cannot run");
      await until(/error authenticator not started id=on_twisted.create /);
      await until(/warn authenticators are tried again restart_ms=(100|[789]\d)$/);
      renameSync(`${python}.new`, python);
      await until(/authenticator ready/, from);
      expect(await call("on_twisted.create", "joe")).toMatchObject({ value: '"joe"' });
      expect(restarts).toEqual([1]);
    },
    LONG,
  );

  test.each([
    ["cannot be run", `mv "$0" "$0.new"\nexec ${PYTHON} "$@"`, "Cannot run "],
    [
      "ends at its start",
      `mkdir "$0.once" || exit 5\nexec ${PYTHON} "$@"`,
      "Cannot run authenticators with .* it ended at its start",
    ],
  ])(
    "is started again where the process of the other framework %s",
    async (_name, script, reason) => {
      const bin = temporaryFolder({ python: `#!/bin/sh\n${script}\n` });
      const python = `${bin}/python`;
      chmodSync(python, 0o755);
      const { host, lines, until, pids } = restartedHost(
        ["on_twisted.create", "on_asyncio.create_silent"],
        python,
      );
      await host.start();
      await until(/authenticators died ended="exit code [15]" restart_ms=0$/);
      const before = lines.findIndex((line) => line.includes("authenticators died"));
      expect(lines.slice(0, before).join("\n")).toMatch(
        new RegExp(`authenticator not started id=on_asyncio.create_silent reason="${reason}`),
      );
      expect(hasEnded(pids[0])).toBe(true);
      writeFileSync(python, `#!/bin/sh\nexec ${PYTHON} "$@"\n`, { mode: 0o755 });
      await until(/authenticator ready id=on_asyncio.create_silent/);
    },
    LONG,
  );

  test(
    "is not tried again when the worker ends as a restart fails",
    async () => {
      const bin = temporaryFolder({ python: `#!/bin/sh\nexec ${PYTHON} "$@"\n` });
      const python = `${bin}/python`;
      chmodSync(python, 0o755);
      const { host, until, lines, pids } = restartedHost(["on_twisted.create"], python);
      await host.start();
      renameSync(python, `${python}.new`);
      kill(pids[0]);
      await until(/authenticator not started/);
      await host.shutdown();
      await host.started.catch(() => {});
      expect(lines.at(-1)).toStartWith("error authenticator not started");
    },
    LONG,
  );
});
