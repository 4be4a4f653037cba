/** The headers for browsers on pages that the node makes itself, and none of them on what an operator serves. */

import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import type { StaticServiceConfig } from "#config/web-service/web-service-config.ts";
import { jsonAt } from "../support/json-service.ts";
import { openNodePage } from "../support/node-page-service.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { anyPort, openTransport, webSocketTransport } from "../support/transports.ts";

const folder = temporaryFolder({ "page.html": "<script>1</script>" });

const files: StaticServiceConfig = {
  type: "static",
  directory: folder,
  options: {
    enable_directory_listing: true,
    mime_types: {},
    cache_timeout: null,
    allow_cross_origin: false,
    default_file: null,
  },
};

async function start(): Promise<string> {
  const { port } = await openTransport({
    type: "web",
    id: "transport001",
    endpoint: anyPort,
    paths: {
      "/": files,
      info: openNodePage,
      value: jsonAt("1"),
      ws: webSocketTransport(),
      cgi: { type: "unavailable" },
    },
  });
  return `http://127.0.0.1:${port}`;
}

const BASE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const headersOf = ({ headers }: Response) =>
  ["content-security-policy", "x-content-type-options", "referrer-policy"].map((name) =>
    headers.get(name),
  );

test.each([
  ["an error", "/none", 404, {}],
  ["a service that is not offered", "/cgi", 501, {}],
  ["a folder", "/", 200, {}],
  ["the address of a WebSocket", "/ws", 200, {}],
  ["a handshake that is refused", "/ws", 400, { Upgrade: "websocket" }],
])("%s has a policy that lets nothing load", async (_what, path, status, headers) => {
  const response = await fetch((await start()) + path, { headers: { Accept: "*/*", ...headers } });
  expect(response.status).toBe(status);
  expect(headersOf(response)).toEqual([BASE, "nosniff", "no-referrer"]);
  // The policy would keep a browser from these.
  expect(await response.text()).not.toMatch(/<(style|script|img|link|form|base)|\b(style|on\w+)=/);
});

test("the page of the node has a policy for its one style sheet and its one script", async () => {
  const response = await fetch(`${await start()}/info`);
  const page = await response.text();
  const hashOf = (pattern: RegExp) => {
    const [, text = ""] = pattern.exec(page) ?? [];
    return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  };
  const style = hashOf(/<style>(.*?)<\/style>/s);
  const script = hashOf(/<script>(.*?)<\/script>/s);
  const own = `style-src ${style}; script-src ${script}; connect-src 'self'; img-src data:`;
  expect(headersOf(response)).toEqual([`${BASE}; ${own}`, "nosniff", "no-referrer"]);
});

test("files and values have no policy", async () => {
  const url = await start();
  for (const path of ["/page.html", "/value"]) {
    const response = await fetch(url + path);
    expect(response.status).toBe(200);
    expect(headersOf(response).filter((_, index) => index !== 1)).toEqual([null, null]);
  }
});
