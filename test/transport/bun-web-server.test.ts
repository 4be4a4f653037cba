/**
 * What keeps clients from ending at Bun's own Web server (docs/decisions/0013-no-clients-on-bun-serve.md).
 * A test that fails with a newer Bun is a reason to take that decision again.
 */

import { expect, test } from "bun:test";
import { afterTest } from "../support/cleanups.ts";
import { dial, type OctetClient, upgradeRequest } from "../support/universal-transport.ts";

type Handlers = Partial<Bun.WebSocketHandler<undefined>>;

/** A server of Bun, and a client that is connected to it. */
function serve(
  fetch: (request: Request) => Response | Promise<Response>,
  webSocket: Handlers = {},
): OctetClient {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request, self) {
      const headers = { "Sec-WebSocket-Protocol": "wamp.2.cbor" };
      if (request.headers.has("upgrade") && self.upgrade(request, { headers })) return undefined;
      return fetch(request);
    },
    websocket: { message() {}, ...webSocket },
  });
  afterTest(() => void server.stop(true));
  return dial(server.port ?? 0);
}

/** The same after the opening handshake. */
async function open(webSocket: Handlers): Promise<OctetClient> {
  const client = serve(() => new Response("no WebSocket"), webSocket);
  await client.send(upgradeRequest());
  await client.until("\r\n\r\n");
  return client;
}

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const MESSAGE = hex("82 81 00000000 01");
const CLOSE_WITH_REASON = hex("88 85 00000000 03e8 627965");

/** The frames that a client was sent before its connection closed. */
async function framesOf(client: OctetClient): Promise<string> {
  return (await client.whole()).split("\r\n\r\n")[1] ?? "";
}

test("it answers a close frame, with its reason, before the program can send anything", async () => {
  const sent: number[] = [];
  const client = await open({
    close: (socket) => void sent.push(socket.send("the answer to GOODBYE")),
  });
  await client.send(Buffer.concat([MESSAGE, CLOSE_WITH_REASON]));
  expect(await framesOf(client)).toBe("\x88\x05\x03\xe8bye");
  expect(sent).toEqual([0]);
});

test("it says nothing of a message that is not complete, however long", async () => {
  const events: string[] = [];
  const pinged = Promise.withResolvers<void>();
  const client = await open({
    message: () => void events.push("message"),
    ping() {
      events.push("ping");
      pinged.resolve();
    },
  });
  const fragment = [hex("02 ff 0000000000100000 00000000"), Buffer.alloc(2 ** 20)];
  await client.send(...fragment, hex("89 80 00000000"));
  await pinged.promise;
  expect(events).toEqual(["ping"]);
});

test("it words the faults of frames itself", async () => {
  const client = await open({});
  await client.send(hex("82 01 01"));
  expect(await framesOf(client)).toBe("\x88\x26\x03\xeaReceived an incorrectly masked frame");
});

const get = (target: string, version = "HTTP/1.1") =>
  `GET ${target} ${version}\r\nHost: a\r\nConnection: close\r\n\r\n`;

test("it closes the connection, without an answer, at an unknown method", async () => {
  const client = serve(() => new Response("here"));
  await client.send(get("/").replace("GET", "FOO"));
  expect(await client.whole()).toBe("");
});

test("it takes a backslash for a slash", async () => {
  const client = serve(({ url }) => new Response(new URL(url).pathname));
  await client.send(get("/a\\..\\ws"));
  expect(await client.whole()).toEndWith("\r\n\r\n/ws");
});

test("it opens a WebSocket in HTTP/1.0", async () => {
  const client = serve(() => new Response("no WebSocket"));
  await client.send(upgradeRequest().replace("HTTP/1.1", "HTTP/1.0"));
  expect(await client.until("\r\n\r\n")).toStartWith("HTTP/1.1 101 ");
});

test("it closes the connection, without an answer, at a request that comes before an answer", async () => {
  const asked: string[] = [];
  const client = serve(({ url }) => {
    asked.push(new URL(url).pathname);
    return new Promise(() => {});
  });
  await client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n", get("/2"));
  expect(await client.whole()).toBe("");
  expect(asked).toEqual(["/1"]);
});

test("it answers nothing later to a client that has ended its side", async () => {
  const asked = Promise.withResolvers<AbortSignal>();
  const answer = Promise.withResolvers<Response>();
  const client = serve(({ signal }) => {
    asked.resolve(signal);
    return answer.promise;
  });
  await client.send(get("/"));
  client.socket.end();
  const signal = await asked.promise;
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  answer.resolve(new Response("here"));
  expect(await client.whole()).toBe("");
});
