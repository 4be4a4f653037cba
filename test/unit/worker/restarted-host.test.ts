/** When a worker starts the process of its components, and when it does not. */

import { expect, test } from "bun:test";
import type { ComponentHostOptions } from "#component/component-host.ts";
import { RestartedHost } from "#worker/restarted-host.ts";
import { quietContext } from "../../support/quiet-context.ts";

const options: Omit<ComponentHostOptions, "context" | "onExit"> = {
  kind: "component",
  components: [
    { id: "one", type: "class", classname: "a.B", realm: "realm1", extra: "{}", transport: {} },
  ],
  python: {
    python: "/bin/false",
    pythonpath: [],
    env: { inherit: true, vars: {} },
    cpu_affinity: [],
    ready_timeout: 20_000,
  },
  title: "",
  onComponentEnd: () => {},
};

test("a worker that is to end before it has started starts no process", async () => {
  const ending = new AbortController();
  ending.abort();
  const host = new RestartedHost(options, { ...quietContext, ending: ending.signal });
  await host.start();
  expect(host.host).toBeNull();
  await host.shutdown();
});

test("an interpreter that runs nothing is not started again", async () => {
  const logged: string[] = [];
  const log = { ...quietContext.log, error: (event: string) => void logged.push(event) };
  const host = new RestartedHost(options, { ...quietContext, log });
  await host.start();
  await expect(host.started).rejects.toThrow("it ended at its start");
  expect(logged).toEqual(["component not started"]);
});
