import { expect, test } from "bun:test";
import { hasController, listenToController, sendToController } from "#worker/controller-channel.ts";
import { afterTest } from "../../support/cleanups.ts";
import { nodeFigures } from "../../support/node-figures.ts";

/** Listens in this process, whose controller a test is; gives what the worker was asked. */
function listen(): string[] {
  const events = ["message", "disconnect"];
  const before = new Set(events.flatMap((event) => process.listeners(event as "message")));
  afterTest(() => {
    for (const event of events) {
      for (const one of process.listeners(event as "message")) {
        if (!before.has(one)) process.off(event, one);
      }
    }
  });
  const asked: string[] = [];
  listenToController({
    start: ({ config }) => void asked.push(`start ${config.id}`),
    renewCertificates: () => void asked.push("renew"),
    reopenLog: () => void asked.push("reopen"),
    reconfigure: ({ kind }) => void asked.push(kind),
    statistics: ({ node }) => void asked.push(`statistics ${node}`),
    question: ({ id, question }) => void asked.push(`question ${id} ${question.about}`),
    setLogLevel: (level) => void asked.push(`level ${level}`),
    shareSockets: ({ to, worker }) => void asked.push(`share ${worker} to ${to}`),
    leaveSockets: () => void asked.push("leave"),
    takeSocketFiles: () => void asked.push("take"),
    markDown: (marks) => void asked.push(`marks ${marks.length}`),
    shutdown: (drainMs) => void asked.push(`shutdown ${drainMs}`),
    lost: () => void asked.push("lost"),
  });
  return asked;
}

const say = (message: unknown) => process.emit("message", message as never, undefined);

test("a worker handles each message of its controller", () => {
  const asked = listen();
  const node = { release: "1", nodeId: "n", folder: "/", startFolder: "/", runFolder: "/run" };
  const logOutput = { color: false, file: "/node/node.log" };
  const context = { ...node, logLevel: "info", logFormat: "json", logOutput };
  const keys = { nodeKey: null, decoyKey: "00", downMarks: [] };
  const config = { type: "proxy", id: "p1" };
  say({ kind: "start", config, context: { ...context, ...keys } });
  say({ kind: "renew_certificates" });
  say({ kind: "reopen_log" });
  say({ kind: "prepare", config, nodeKey: null, isForced: false });
  say({ kind: "apply" });
  say({ kind: "abandon" });
  say({ kind: "statistics", statistics: nodeFigures() });
  say({ kind: "question", id: 7, question: { about: "metrics" } });
  say({ kind: "log_level", level: "debug" });
  say({ kind: "share_sockets", to: "s", worker: "p1" });
  say({ kind: "leave_sockets" });
  say({ kind: "take_socket_files" });
  say({ kind: "down_marks", marks: [{ connection: "conn1", address: null }] });
  say({ kind: "shutdown", drainMs: 500 });
  process.emit("disconnect");
  const reload = ["prepare", "apply", "abandon"];
  expect(asked).toEqual([
    "start p1",
    "renew",
    "reopen",
    ...reload,
    "statistics <node>",
    "question 7 metrics",
    "level debug",
    "share p1 to s",
    "leave",
    "take",
    "marks 1",
    "shutdown 500",
    "lost",
  ]);
});

test.each([
  [{ kind: "start" }],
  [{ kind: "reboot" }],
  [{ kind: "shutdown", drainMs: 0, now: true }],
  [{ kind: "shutdown" }],
  ["shutdown"],
  [null],
])("an unknown message of the controller ends the worker: %j", (message) => {
  const asked = listen();
  say(message);
  expect(asked).toEqual(["lost"]);
});

test("a process without a controller sends nothing, and does not fail", () => {
  expect(hasController()).toBe(false);
  sendToController({ kind: "ready", urls: [] });
});
