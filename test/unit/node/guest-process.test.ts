/** Guests: how they are found and run, what is logged of them, and how they end. */

import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { GuestOptions, GuestWorkerConfig } from "#config/guest/guest-config.ts";
import { GuestProcess } from "#node/guest-process.ts";
import { awaitedLog } from "../../support/awaited-log.ts";
import { afterTest } from "../../support/cleanups.ts";
import { untilEnded } from "../../support/process-end.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const inheritAll = { inherit: true, vars: {} };

function config(
  executable: string,
  args: string[],
  options: Partial<GuestOptions> = {},
): GuestWorkerConfig {
  const defaults: GuestOptions = {
    workdir: temporaryFolder(),
    env: inheritAll,
    stdin: "pipe",
    stdout: "log",
    stderr: "log",
    watch: null,
    restart: "on-failure",
  };
  return {
    type: "guest",
    id: "guest1",
    executable,
    arguments: args,
    options: { ...defaults, ...options },
  };
}

/** Starts a guest, which is killed when the test is over. */
function start(guest: GuestWorkerConfig) {
  const kept = awaitedLog();
  const handle = new GuestProcess(guest, () => kept.log);
  afterTest(async () => {
    handle.kill();
    await handle.exited;
  });
  return { handle, ...kept };
}

/** Starts a script of the shell. */
const shell = (script: string, options: Partial<GuestOptions> = {}) =>
  start(config("sh", ["-c", script], options));

describe("the executable", () => {
  test("is a file below the working folder before one in PATH", async () => {
    const workdir = temporaryFolder({ env: "#!/bin/sh\necho mine\n" });
    chmodSync(join(workdir, "env"), 0o755);
    await start(config("env", [], { workdir })).until(/^info mine$/);
  });

  test("is looked up in PATH where the working folder has only a file that cannot be run", async () => {
    const workdir = temporaryFolder({ echo: "" });
    await start(config("echo", ["from", "PATH"], { workdir })).until(/^info from PATH$/);
  });

  test.each(["no-such-program", "./no-such-file", "/no/such/file"])(
    "%s that does not exist is one sentence",
    (executable) => {
      expect(() => new GuestProcess(config(executable, []), () => awaitedLog().log)).toThrow(
        `Cannot start worker "guest1": cannot run "${executable}": no such executable file, also not in PATH`,
      );
    },
  );

  test("whose working folder is missing is not said to be missing itself", () => {
    const workdir = join(temporaryFolder({}), "none");
    expect(() => new GuestProcess(config("sh", [], { workdir }), () => awaitedLog().log)).toThrow(
      `Cannot start worker "guest1": cannot run "sh": no such folder to run it in: "${workdir}"`,
    );
  });

  test("that the system cannot run is one sentence", () => {
    const workdir = temporaryFolder({ broken: "#!/no/such/interpreter\n" });
    chmodSync(join(workdir, "broken"), 0o755);
    expect(
      () => new GuestProcess(config("broken", [], { workdir }), () => awaitedLog().log),
    ).toThrow(/^Cannot start worker "guest1": cannot run "broken": .*ENOENT/);
  });
});

describe("the environment", () => {
  test.each([
    [true, "inherited,1,set"],
    [false, ",1,set"],
    [["OWN"], "inherited,1,set"],
    [["OTHER"], ",1,set"],
  ])("with inherit %p", async (inherit, expected) => {
    process.env["OWN"] = "inherited";
    afterTest(() => delete process.env["OWN"]);
    const env = { inherit, vars: { SET: "set" } };
    const { until } = start(
      config("/bin/sh", ["-c", 'echo "$OWN,$PYTHONUNBUFFERED,$SET"'], { env }),
    );
    await until(new RegExp(`^info ${expected}$`));
  });
});

describe("standard input", () => {
  test("is a JSON value without a line feed", async () => {
    const stdin = { text: JSON.stringify({ a: ["é", 1] }), close: true };
    const { until } = shell("cat; echo '|'", { stdin });
    await until(/^info \{"a":\["é",1\]\}\|$/);
  });

  test("stays open behind the value with close false", async () => {
    const stdin = { text: '"go"', close: false };
    const script = `dd bs=4 count=1 2>/dev/null; echo; read -r rest; echo "ended: $?"`;
    const { handle, until, lines } = shell(script, { stdin });
    await until(/^info "go"$/);
    await handle.shutdown(20_000);
    expect(lines).toEqual([`info "go"`]);
  });

  test.each([
    ["ends before it is written", "exit 7", true],
    ["ends while it is written", "dd bs=1 count=1 2>/dev/null; exit 7", true],
    ["ends before it is written, without its end", "exit 7", false],
    ["closes it", "exec 0<&-; sleep 0.05; exit 7", true],
  ])("is of no interest to a guest that %s", async (_title, script, close) => {
    const unhandled: unknown[] = [];
    const onUnhandled = (thrown: unknown) => unhandled.push(thrown);
    process.on("unhandledRejection", onUnhandled);
    afterTest(() => void process.off("unhandledRejection", onUnhandled));
    const stdin = { text: JSON.stringify("x".repeat(1_000_000)), close };
    const { handle } = shell(script, { stdin });
    expect(await handle.exited).toEqual({ exitCode: 7, signal: null });
    expect(unhandled).toEqual([]);
  });

  test("that is closed is at its end", async () => {
    await shell("cat; echo end", { stdin: "close" }).until(/^info end$/);
  });
});

describe("output", () => {
  test("is a record for each line, standard error as warnings", async () => {
    const { until } = shell("echo one; echo two >&2; printf three");
    await Promise.all([until(/^info one$/), until(/^warn two$/), until(/^info three$/)]);
  });

  test("is one record where a line comes in parts", async () => {
    const { handle, lines, until } = shell("printf a; sleep 0.05; printf 'b\\n'");
    await until(/^info ab$/);
    await handle.exited;
    expect(lines).toEqual(["info ab"]);
  });

  test("that is dropped is not logged, and the guest can go on writing", async () => {
    const options = { stdout: "drop", stderr: "close" } as const;
    const { handle, lines } = shell("echo a; echo b >&2; echo c && exit 7", options);
    expect(await handle.exited).toEqual({ exitCode: 7, signal: null });
    expect(lines).toEqual([]);
  });

  test("without a pause keeps the node from nothing else", async () => {
    let records = 0;
    const count = () => {
      records += 1;
    };
    const log = { error: count, warn: count, info: count, debug: count };
    const handle = new GuestProcess(config("yes", []), () => log);
    afterTest(() => handle.kill());
    for (let turns = 0; turns < 20 || records <= 1_000; turns += 1) await Bun.sleep(1);
    expect(await handle.shutdown(20_000)).toBe("ended");
  });

  test("without an end of line fills no memory, and none of it is left out", async () => {
    const { until, lines } = shell("head -c 100000 /dev/zero | tr '\\0' x; echo; echo end");
    await until(/^info end$/);
    const parts = lines.slice(0, -1).map((line) => line.replace(/^info (x+)$/, "$1"));
    expect(parts.join("")).toBe("x".repeat(100_000));
    expect(Math.max(...parts.map((part) => part.length))).toBe(16_384);
  });
});

describe("the end", () => {
  test.each([
    ["exit 0", false, { exitCode: 0, signal: null }],
    ["exit 3", true, { exitCode: 3, signal: null }],
    ["kill -SEGV $$", true, { exitCode: null, signal: "SIGSEGV" }],
  ])("by %s leads to another start: %p", async (script, isRestarted, exit) => {
    const { handle } = shell(script);
    expect(await handle.exited).toEqual(exit);
    expect(handle.shouldRestart(exit)).toBe(isRestarted);
    expect(handle.isOutdated).toBe(false);
  });

  test("comes after all that it has written, also where that ends no line", async () => {
    for (let count = 0; count < 10; count += 1) {
      const { handle, lines } = shell("printf 'last warning' >&2; printf 'last line'; exit 3");
      await handle.exited;
      expect(lines.toSorted()).toEqual(["info last line", "warn last warning"]);
    }
  });

  test("is not that of a program that has left its group and holds its output open", async () => {
    const { handle, until } = shell("setsid sleep 600 & echo child $!; exit 3");
    const child = Number((await until(/child/)).split(" ").at(-1));
    afterTest(() => process.kill(child, "SIGKILL"));
    expect(await handle.exited).toMatchObject({ exitCode: 3 });
    expect(existsSync(`/proc/${child}`)).toBe(true);
  });

  test("by SIGTERM is no kill", async () => {
    const { handle, until } = shell("trap 'exit 0' TERM; echo up; while :; do sleep 0.02; done");
    await until(/up/);
    expect(await handle.shutdown(20_000)).toBe("ended");
    expect(await handle.exited).toEqual({ exitCode: 0, signal: null });
  });

  test("is forced after the deadline", async () => {
    const { handle, until } = shell("trap '' TERM; echo up; while :; do sleep 1; done");
    await until(/up/);
    expect(await handle.shutdown(10)).toBe("killed");
    expect(await handle.exited).toMatchObject({ signal: "SIGKILL" });
  });

  test("is that of its children too", async () => {
    const { handle, until } = shell("sh -c 'echo child $$; exec sleep 600' & wait");
    const child = Number((await until(/child/)).split(" ").at(-1));
    await handle.shutdown(20_000);
    await untilEnded(child);
  });

  test("is that of its children too where it ends by itself", async () => {
    const child = "echo child $$; touch up; exec sleep 600";
    const script = `sh -c '${child}' & until [ -e up ]; do sleep 0.01; done; exit 3`;
    const { handle, until } = shell(script);
    const pid = Number((await until(/child/)).split(" ").at(-1));
    await handle.exited;
    await untilEnded(pid);
  });
});

test.each([
  ["on-failure", [false, true, true]],
  ["always", [true, true, true]],
  ["never", [false, false, false]],
] as const)("is started again %s", (restart, expected) => {
  const { handle } = shell("exec sleep 600", { restart });
  const ends = [
    { exitCode: 0, signal: null },
    { exitCode: 3, signal: null },
    { exitCode: null, signal: "SIGKILL" },
  ];
  expect(ends.map((end) => handle.shouldRestart(end))).toEqual([...expected]);
});

describe("a watched folder", () => {
  const watched = (action: "restart" | null) => {
    const folder = temporaryFolder({ "below/code.txt": "1" });
    const watch = { directories: [folder], action, timeout: 100 };
    const started = shell("echo up; exec sleep 600", { watch });
    return { file: join(folder, "below/code.txt"), ...started };
  };

  test("whose file changes ends the guest, which is to be started again", async () => {
    const { file, handle, until } = watched("restart");
    await until(/up/);
    await changeUntil(file, until(/^info watched file changed path=\S+code.txt action=restart$/));
    expect(await handle.exited).toEqual({ exitCode: null, signal: "SIGTERM" });
    expect(handle.isOutdated).toBe(true);
  });

  test("without an action only leaves a record", async () => {
    const { file, handle, until } = watched(null);
    await until(/up/);
    await changeUntil(file, until(/^info watched file changed path=\S+code.txt action=none$/));
    expect(handle.isOutdated).toBe(false);
    expect(existsSync(`/proc/${handle.pid}`)).toBe(true);
  });
});

/** Changes a file until a watch, whose first scan may come later, has reported it. */
async function changeUntil(file: string, reported: Promise<unknown>): Promise<void> {
  let isReported = false;
  void reported.then(() => {
    isReported = true;
  });
  for (let count = 0; !isReported; count += 1) {
    writeFileSync(file, "x".repeat(count + 2));
    await Promise.race([reported, Bun.sleep(1_000)]);
  }
}
