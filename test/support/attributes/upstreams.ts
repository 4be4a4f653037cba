/** The other servers that rows of the test of attributes need. */

import { readFileSync } from "node:fs";
import { selfSigned } from "../certificates.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { freePort } from "../temporary-node.ts";
import type { Upstreams } from "./attribute-row.ts";

/** Starts them; `site` is what there is at `/site.zip`. */
export async function startUpstreams(
  site: Uint8Array,
): Promise<Upstreams & { stop(): Promise<void> }> {
  const { certificate, key } = selfSigned(temporaryFolder(), "localhost");
  const at = { hostname: "127.0.0.1", port: 0, idleTimeout: 0 };
  const fetch = (request: Request) => answerTo(request, site);
  const http = Bun.serve({ ...at, fetch });
  const tls = { cert: readFileSync(certificate), key: readFileSync(key) };
  const https = Bun.serve({ ...at, fetch, tls });
  const webSocket = Bun.serve({
    ...at,
    fetch: (request, server) => (server.upgrade(request) ? undefined : new Response("none")),
    websocket: { open: (socket) => void socket.send("hello"), message() {} },
  });
  return {
    http: http.port ?? 0,
    https: https.port ?? 0,
    certificate,
    webSocket: webSocket.port ?? 0,
    nowhere: freePort(),
    async stop() {
      await Promise.all([http, https, webSocket].map((server) => server.stop(true)));
    },
  };
}

function answerTo(request: Request, site: Uint8Array): Response | Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/site.zip") return new Response(site);
  if (pathname === "/slow") return new Promise(() => {});
  if (pathname === "/half") {
    return new Response(new ReadableStream({ start: (body) => body.enqueue("half") }));
  }
  return Response.json({ url: request.url, ...Object.fromEntries(request.headers) });
}
