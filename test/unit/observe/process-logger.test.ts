import { expect, test } from "bun:test";
import { resolve } from "node:path";
import { processLogger } from "#observe/process-logger.ts";

const SOURCE = resolve(import.meta.dir, "../../../src/observe/process-logger.ts");

/** Logs one event of each level in a process of its own; gives what stands on its two streams. */
function logAll(level: string, format: string) {
  const script = `
    const { processLogger } = await import(${JSON.stringify(SOURCE)});
    const options = { level: "${level}", format: "${format}", system: "Proxy", worker: "p1" };
    const log = processLogger(options);
    for (const level of ["error", "warn", "info", "debug"]) log[level](level + " event", { a: 1 });
    process.exit(0);`;
  const { stdout, stderr } = Bun.spawnSync([process.execPath, "-e", script]);
  return { stdout: stdout.toString(), stderr: stderr.toString() };
}

test("warnings and errors go to standard error, everything else to standard output", () => {
  expect(logAll("debug", "none")).toEqual({
    stdout: "info event a=1\ndebug event a=1\n",
    stderr: "error event a=1\nwarn event a=1\n",
  });
});

test.each([
  ["none", ""],
  ["error", "error"],
  ["warn", "error warn"],
  ["info", "error warn info"],
  ["trace", "error warn info debug"],
])("with level %s there is %p", (level, events) => {
  const { stdout, stderr } = logAll(level, "none");
  const written = `${stderr}${stdout}`.split("\n").slice(0, -1);
  expect(written.map((line) => line.split(" ")[0]).join(" ")).toBe(events);
});

test.each([
  ["none", true],
  ["warn", true],
  ["info", false],
  ["debug", false],
] as const)("with level %s lines of info are omitted: %p", (level, omits) => {
  const logger = processLogger({ level, format: "none", system: "Proxy", worker: "p1" });
  expect(logger.omitsInfo).toBe(omits);
});

test("a record has the worker and the process", () => {
  const { stdout } = logAll("info", "json");
  const record = { level: "info", system: "Proxy", worker: "p1", event: "info event", a: 1 };
  expect(JSON.parse(stdout)).toMatchObject(record);
  expect(JSON.parse(stdout).pid).toBeGreaterThan(1);
});

test("a record with a text waits for others, and one without is written at once", () => {
  const script = `
    const { processLogger } = await import(${JSON.stringify(SOURCE)});
    const log = processLogger({ level: "info", format: "none", system: "Proxy", worker: "p1" });
    log.info("first", {}, "the first line");
    log.info("second");
    log.info("third", {}, "the third line");
    process.kill(process.pid, "SIGKILL");`;
  const { stdout } = Bun.spawnSync([process.execPath, "-e", script]);
  expect(stdout.toString()).toBe("the first line\nsecond\n");
});

test("the level of all loggers of a process is changed while it runs", () => {
  const script = `
    const { processLogger, setLogLevel } = await import(${JSON.stringify(SOURCE)});
    const log = processLogger({ level: "warn", format: "none", system: "Proxy", worker: "p1" });
    log.info("first");
    setLogLevel("info");
    log.info("second", { omits: log.omitsInfo });
    setLogLevel("none");
    log.error("third");
    process.exit(0);`;
  const { stdout, stderr } = Bun.spawnSync([process.execPath, "-e", script]);
  expect(`${stdout}${stderr}`).toBe("second omits=false\n");
});
