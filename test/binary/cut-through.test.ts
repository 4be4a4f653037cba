/** The memory of a proxy worker while long messages pass through it, in the built binary. */

import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { afterTest } from "../support/cleanups.ts";
import { proxiedNode, type ToRouter } from "../support/proxied-node.ts";
import { ScriptedClient } from "../support/scripted-client.ts";
import { workerPids } from "../support/temporary-node.ts";

function memoryKiB(pid: number, field: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1]);
}

test.each<[ToRouter["type"]]>([["rawsocket"], ["websocket"]])(
  "16 MB each way cost the proxy hardly any memory, and arrive (%s)",
  async (type) => {
    const { node, proxyPort } = await proxiedNode({ toRouter: { type, serializer: "cbor" } });
    const client = await ScriptedClient.open(`ws://127.0.0.1:${proxyPort}/`, "cbor");
    afterTest(() => client.socket.destroy());
    client.says([1, "realm1", { roles: { publisher: {}, subscriber: {} } }]);
    await client.next();
    client.says([32, 1, {}, "a.b"]);
    await client.next();
    const publish = async (octets: number) => {
      const text = "x".repeat(octets);
      client.says([16, 2, { exclude_me: false }, "a.b", [text]]);
      expect((await client.next())?.[4]).toEqual([text]);
    };
    const pid = workerPids(node.output())["proxy"] ?? 0;
    // The code that handles parts is compiled during the first ones.
    for (let count = 0; count < 3; count++) await publish(4_000_000);
    const before = memoryKiB(pid, "VmRSS");
    // From now on the peak is that of what follows (proc_pid_clear_refs(5)).
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
    await publish(16_000_000);
    expect(memoryKiB(pid, "VmHWM") - before).toBeLessThan(4 * 1024);
  },
  60_000,
);
