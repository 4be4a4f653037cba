/** Cookies of WebSockets. */

import { expect, test } from "bun:test";
import { loadNode, transportsOf } from "../../support/loaded-node.ts";
import { proxyNode } from "../../support/proxy-node.ts";

test("takes cookies with Crossbar's defaults, and their files from the node's folder", async () => {
  const cookieOf = async (cookie: object) => {
    const { config, faults, warnings } = await loadNode(proxyNode({ cookie }));
    const made = transportsOf(config)[0];
    return { cookie: made?.type === "websocket" ? made.cookie : undefined, faults, warnings };
  };
  expect((await cookieOf({})).cookie).toEqual({
    name: "cbtid",
    length: 24,
    max_age: 604_800,
    secure: false,
    http_strict: false,
    same_site: null,
    store: { type: "memory" },
  });
  const file = await cookieOf({ store: { type: "file", filename: "cookies.dat" } });
  expect(file.cookie?.store).toEqual({
    type: "file",
    filename: expect.stringMatching(/^\/.*\/cookies\.dat$/),
  });
  const rest = { maxsize: 1_048_576, sync: true, purge_on_startup: true };
  const database = { type: "database", path: ".cookies/", ...rest };
  const kept = await cookieOf({ store: database });
  expect(kept.cookie?.store).toEqual({
    type: "file",
    filename: expect.stringMatching(/^\/.*\/\.cookies\.dat$/),
  });
  const at = "$.workers[0].transports[0].cookie.store";
  const [, ofType, ofPurge] = kept.warnings;
  expect([ofType, ofPurge]).toEqual([
    `${at}.type: not honoured: cookies are kept in a file beside it, with the ending .dat`,
    `${at}.purge_on_startup: not honoured: cookies are forgotten when they are too old; remove the file to forget all`,
  ]);
  const missing = await cookieOf({ store: { type: "file", filename: "/no/such/folder/c" } });
  expect(missing.faults[0]).toEndWith("no such folder");
  const open = await cookieOf({ same_site: "None" });
  expect(open.warnings[1]).toEndWith('browsers refuse "None" without "secure": true');
});
