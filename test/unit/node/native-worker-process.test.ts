/** Worker processes as their controller sees them; they run from source. */

import { describe, expect, test } from "bun:test";
import { printExit } from "#base/process-exit.ts";
import type { WebSocketTesteeWorkerConfig } from "#config/node/worker-config.ts";
import type { StartContext } from "#node/control-message.ts";
import { NativeWorkerProcess } from "#node/native-worker-process.ts";
import { afterTest } from "../../support/cleanups.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { anyPort, webSocketTransport } from "../../support/transports.ts";

const context: StartContext = {
  release: "0.0.0",
  nodeId: "node",
  folder: "",
  startFolder: "",
  runFolder: "",
  logLevel: "none",
  logFormat: "none",
  logOutput: { color: false, file: null },
  nodeKey: null,
  downMarks: [],
  decoyKey: "00".repeat(32),
};

/** Spawns a worker that sends messages back on this port. */
function worker(port: number): NativeWorkerProcess {
  const transport = webSocketTransport({}, { endpoint: { ...anyPort, port } });
  const config: WebSocketTesteeWorkerConfig = {
    type: "websocket-testee",
    id: "testee",
    transports: [{ ...transport, type: "websocket.testee" }],
  };
  const statistics = { report() {}, alive() {}, want() {} };
  const handle = new NativeWorkerProcess(config, context, temporaryFolder(), statistics);
  afterTest(async () => {
    handle.kill();
    await handle.exited;
  });
  return handle;
}

describe("a worker process", () => {
  test("is ready with its URLs, and ends when it is asked to", async () => {
    const handle = worker(0);
    const [url = ""] = await handle.ready;
    const client = new WebSocket(url);
    const closed = new Promise<number>((resolve) => {
      client.onclose = ({ code }) => resolve(code);
    });
    await new Promise((resolve) => {
      client.onopen = resolve;
    });
    expect(await handle.shutdown(20_000)).toBe("ended");
    expect([await closed, await handle.exited]).toEqual([1001, { exitCode: 0, signal: null }]);
  });

  test("that cannot start reports one sentence", async () => {
    const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    afterTest(() => taken.stop(true));
    await expect(worker(taken.port).ready).rejects.toThrow(
      `Cannot start worker "testee": cannot listen on "tcp 127.0.0.1:${taken.port}": address already in use`,
    );
  });

  test("that dies before it is ready is reported with its exit", async () => {
    const handle = worker(0);
    process.kill(handle.pid, "SIGKILL");
    await expect(handle.ready).rejects.toThrow(
      'Cannot start worker "testee": it ended with signal SIGKILL',
    );
    expect(await handle.exited).toEqual({ exitCode: null, signal: "SIGKILL" });
  });

  test("answers a request after it was asked for something else", async () => {
    const handle = worker(0);
    await handle.ready;
    const [shared, prepared] = await Promise.allSettled([
      handle.shareSockets("/nowhere/sockets"),
      handle.prepare(handle.config, null, false),
    ]);
    expect(prepared.status).toBe("fulfilled");
    expect(String(shared.status === "rejected" && shared.reason)).toContain("cannot be sent");
  });

  test("that does not end in time is killed", async () => {
    const handle = worker(0);
    await handle.ready;
    process.kill(handle.pid, "SIGSTOP");
    expect(await handle.shutdown(10)).toBe("killed");
    expect(await handle.exited).toMatchObject({ signal: "SIGKILL" });
    // A message to a process that is gone is no fault.
    handle.renewCertificates();
  });
});

test.each([
  [{ exitCode: 1, signal: null }, "exit code 1"],
  [{ exitCode: null, signal: "SIGSEGV" }, "signal SIGSEGV"],
])("an exit in words: %#", (exit, words) => {
  expect(printExit(exit)).toBe(words);
});
