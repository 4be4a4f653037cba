/**
 * What keeps a reverse proxy from Bun's own client for HTTP
 * (docs/decisions/0015-upstream-servers-on-plain-sockets.md). A test that fails with a newer Bun is a reason to
 * take that decision again.
 */

import { expect, test } from "bun:test";
import { rawUpstream } from "../support/raw-upstream.ts";

/** Fetches from a server that answers so; gives the request that it got, and the answer as fetch has it. */
async function fetched(answer: string, init: RequestInit = {}, path = "/") {
  const upstream = await rawUpstream();
  const response = fetch(`http://127.0.0.1:${upstream.port}${path}`, init);
  const server = await upstream.next();
  const request = await server.until("\r\n\r\n");
  await server.send(answer);
  server.socket.end();
  return { request, response: await response };
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

test("fields are sorted, joined, and added to", async () => {
  const headers: [string, string][] = [
    ["X-Two", "a"],
    ["B", "1"],
    ["X-Two", "b"],
  ];
  const { request } = await fetched(OK, { headers });
  const names = [...request.matchAll(/^([\w-]+): /gm)].map(([, name]) => name);
  expect(names.filter((name) => name === "B" || name === "X-Two")).toEqual(["B", "X-Two"]);
  expect(names).toEqual(expect.arrayContaining(["User-Agent", "Accept", "Accept-Encoding"]));
});

test("a quote in the query is escaped", async () => {
  const { request } = await fetched(OK, {}, "/a?q='x'");
  expect(request).toStartWith("GET /a?q=%27x%27 ");
});

test("fields of answers are in lower case and joined", async () => {
  const { response } = await fetched(
    "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 0\r\nX-A: 2\r\n\r\n",
  );
  expect([...response.headers]).toContainEqual(["x-a", "1, 2"]);
});

test("interim answers are left out; a length beside a coding is accepted", async () => {
  const early = await fetched(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`);
  expect([early.response.status, early.response.headers.get("link")]).toEqual([200, null]);
  const coding = "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
  const both = await fetched(`HTTP/1.1 200 OK\r\nContent-Length: 9\r\n${coding}`);
  expect(await both.response.text()).toBe("ok");
});
