/** The download of keys from servers that answer, redirect, send too much or too little, or hang. */

import { describe, expect, test } from "bun:test";
import { downloadKeys } from "#transport/web/auth/key-download.ts";
import { afterTest } from "../support/cleanups.ts";
import { fakeTime } from "../support/fake-time.ts";
import { issuerKey, keySet } from "../support/tokens.ts";

const set = keySet(await issuerKey("one"));
const { signal: never } = new AbortController();

/** A server whose answers are the test's. */
function serve(answer: (request: Request) => Response): string {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer });
  afterTest(() => server.stop(true));
  return `http://127.0.0.1:${server.port}/keys?a=b`;
}

/** A server that says this to each request, and nothing more; `asked` resolves at the first. */
function serveOctets(octets: string) {
  const asked = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket) {
        socket.write(octets);
        socket.flush();
        asked.resolve();
      },
      close: () => gone.resolve(),
    },
  });
  afterTest(() => server.stop(true));
  return { url: `http://127.0.0.1:${server.port}/`, asked: asked.promise, gone: gone.promise };
}

test("keys are downloaded", async () => {
  const requests: [string, string | null][] = [];
  const url = serve((request) => {
    requests.push([request.url, request.headers.get("accept-encoding")]);
    return Response.json(set);
  });
  expect(await downloadKeys(url, never)).toEqual(set as never);
  expect(requests).toEqual([[url, "identity"]]);
});

describe("there are no keys where the server", () => {
  test.each<[string, () => Response, string]>([
    ["fails", () => new Response("oh", { status: 500 }), "it answered with status 500"],
    ["redirects", () => Response.redirect("http://127.0.0.1:1/"), "it answered with status 302"],
    ["answers with a page", () => new Response("<html>"), "it is no JSON"],
    ["has no keys", () => Response.json({ keys: [] }), "it has no public key for signatures"],
    [
      "sends too much",
      () => new Response(JSON.stringify(set) + " ".repeat(300_000)),
      "it is longer than 262144 octets",
    ],
    [
      "sends without end",
      () => {
        const pull = (controller: ReadableStreamDefaultController) =>
          controller.enqueue(new Uint8Array(65_536).fill(32));
        return new Response(new ReadableStream({ pull }));
      },
      "it is longer than 262144 octets",
    ],
  ])("%s", async (_, answer, reason) => {
    await expect(downloadKeys(serve(answer), never)).rejects.toThrow(reason);
  });

  test("refuses connections", async () => {
    const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const { port } = server;
    server.stop(true);
    await expect(downloadKeys(`http://127.0.0.1:${port}/`, never)).rejects.toThrow(/connect/i);
  });
});

describe("a server that hangs is given up after five seconds", () => {
  test.each([
    ["before its answer", ""],
    ["amid its head", "HTTP/1.1 200 OK\r\nContent-"],
    ["amid its answer", 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"keys":['],
  ])("%s", async (_, octets) => {
    const { url, asked } = serveOctets(octets);
    const pass = fakeTime();
    const download = downloadKeys(url, never);
    download.catch(() => {});
    await asked;
    pass(5_000);
    await expect(download).rejects.toThrow("it did not answer within 5000 ms");
  });

  test("or at once where the worker ends, and its connection is closed", async () => {
    const { url, asked, gone } = serveOctets("");
    const stopping = new AbortController();
    const download = downloadKeys(url, stopping.signal);
    download.catch(() => {});
    await asked;
    stopping.abort(new Error("the worker ends"));
    await expect(download).rejects.toThrow("the worker ends");
    await gone;
  });
});
