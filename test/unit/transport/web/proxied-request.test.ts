/** A proxied request of a client that reads slowly, octet by octet. */

import { expect, test } from "bun:test";
import { ReverseProxy } from "#transport/web/reverse-proxy/reverse-proxy.ts";
import { afterTest } from "../../../support/cleanups.ts";
import { quiet } from "../../../support/quiet-context.ts";
import { proxyTo, rawUpstream } from "../../../support/raw-upstream.ts";
import { ScriptedSocket } from "../../../support/scripted-socket.ts";

/** Asks with a GET on a socket that takes so many octets. */
function ask(proxy: ReverseProxy, path: string, takes: number) {
  const socket = new ScriptedSocket();
  socket.takes = takes;
  const events = proxy.open({
    request: {
      method: "GET",
      url: new URL(`http://localhost${path}`),
      headers: new Headers({ host: "localhost" }),
      isHttp10: false,
      framing: { kind: "length", octets: 0 },
      peer: "tcp4:127.0.0.1:1",
      isSecure: false,
      strictTransport: "",
    },
    lines: [`GET ${path} HTTP/1.1`, "Host: localhost"],
    path,
    details: { peer: "tcp4:127.0.0.1:1", isSecure: false, isUnixSocket: false },
    chain: [],
    limit: undefined,
    socket,
    octetsAfterHead: Buffer.alloc(0),
    readNextRequest() {},
  });
  return { socket, events };
}

test("a connection that was paused for its client is read for the next one", async () => {
  const upstream = await rawUpstream();
  const proxy = new ReverseProxy(proxyTo(upstream.port, {}, { max_requests: 1 }), quiet);
  afterTest(() => proxy.close());
  ask(proxy, "/slow", 10);
  const server = await upstream.next();
  await server.until("GET /slow ");
  await server.send("HTTP/1.1 200 OK\r\nContent-Length: 66000\r\n\r\n");
  // With its last octets more than 64 KiB wait for the client.
  await server.send("x".repeat(66_000));
  let next = ask(proxy, "/next", Number.POSITIVE_INFINITY);
  while (next.socket.text.startsWith("HTTP/1.1 503 ")) {
    await new Promise(setImmediate);
    next = ask(proxy, "/next", Number.POSITIVE_INFINITY);
  }
  await server.until("GET /next ");
  await server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  await next.socket.until(({ text }) => text.endsWith("ok"));
  expect(upstream.count()).toBe(1);
});
