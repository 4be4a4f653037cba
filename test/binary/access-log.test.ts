/** The access log of the built binary, whose lines are written together: none is lost at an orderly end. */

import { expect, test } from "bun:test";
import { rawHttp } from "../support/raw-http.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort, nodeForTest } from "../support/temporary-node.ts";
import { webAt, webRouter } from "../support/web-workers.ts";

async function start() {
  const port = freePort();
  const web = webAt(port, { value: { type: "json", value: 1 } });
  const workers = [webRouter({ ...web, options: { access_log: true } })];
  const folder = temporaryFolder({ "node.json": { version: 2, workers } });
  const node = await nodeForTest(folder, "--logformat", "none");
  const ask = async (count: number) => {
    const requests = Array.from({ length: count }, (_, at) => {
      const close = at === count - 1 ? "Connection: close\r\n" : "";
      return `GET /value?${at} HTTP/1.1\r\nHost: localhost\r\n${close}\r\n`;
    });
    expect(await rawHttp(port, ...requests)).toHaveLength(count);
  };
  const logged = () =>
    [...node.output().matchAll(/"GET \/value\?(\d+) /g)].map(([, at]) => Number(at));
  return { node, ask, logged };
}

test("each of many requests has its line, in their order, when the node ends", async () => {
  const { node, ask, logged } = await start();
  await ask(500);
  await node.stop();
  expect(logged()).toEqual(Array.from({ length: 500 }, (_, at) => at));
});

test("a line is written though no other follows", async () => {
  const { node, ask } = await start();
  await ask(1);
  await node.untilOutput(/"GET \/value\?0 HTTP\/1\.1" 200 1 .* complete$/m);
});
