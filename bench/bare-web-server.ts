/**
 * The lower bound for Web requests on Bun: pages and WebSockets with Bun's own Web server.
 *
 *     bun bench/bare-web-server.ts <folder> <port>
 *
 * @module
 */

import { join } from "node:path";

const [folder = "", port] = process.argv.slice(2);
const html = { "Content-Type": "text/html; charset=utf-8" };
const page = await Bun.file(join(folder, "page.html")).bytes();

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  fetch(request, self) {
    const { pathname } = new URL(request.url);
    if (pathname === "/value") return Response.json({ here: true });
    if (pathname === "/files/page.html") return new Response(Bun.file(join(folder, "page.html")));
    if (pathname === "/archive/page.html") return new Response(page, { headers: html });
    const headers = { "Sec-WebSocket-Protocol": "wamp.2.json" };
    return self.upgrade(request, { headers }) ? undefined : new Response(null, { status: 404 });
  },
  websocket: { message() {} },
});
