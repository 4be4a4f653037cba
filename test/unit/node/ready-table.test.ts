import { expect, test } from "bun:test";

import { printReadyTable } from "#node/ready-table.ts";

test("lists workers with everything they listen on, in columns", () => {
  const table = printReadyTable([
    { id: "router1", type: "router", pid: 7, urls: ["unix:/run/r.sock"] },
    { id: "p", type: "proxy", pid: 1234, urls: ["http://a/", "ws://a/ws"] },
  ]);
  expect(table).toBe(
    [
      "worker   type    pid   listens on",
      "router1  router  7     unix:/run/r.sock",
      "p        proxy   1234  http://a/",
      "                       ws://a/ws",
      "",
    ].join("\n"),
  );
});
