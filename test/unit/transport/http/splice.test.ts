import { describe, expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { ConnectBatches } from "#transport/http/connect-batches.ts";
import { Splice } from "#transport/http/splice.ts";
import { afterTest } from "../../../support/cleanups.ts";
import { ScriptedSocket } from "../../../support/scripted-socket.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

/** A splice between a scripted client and a Web server that a test is. */
async function splice({ first = "", unix = "" } = {}) {
  const path = join(temporaryFolder(), "web.sock");
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    accepted.resolve(socket);
    afterTest(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  afterTest(() => server.close());
  const client = new ScriptedSocket();
  const ended = Promise.withResolvers<void>();
  const unreachable: unknown[] = [];
  let ends = 0;
  const made = new Splice({
    client,
    unix: unix || path,
    connects: new ConnectBatches(),
    received: Buffer.from(first),
    onUnreachable: (thrown) => void unreachable.push(thrown),
    onEnd() {
      ends += 1;
      ended.resolve();
    },
  });
  return {
    splice: made,
    client,
    server: () => accepted.promise,
    ended: ended.promise,
    ends: () => ends,
    unreachable,
    receive: (text: string) => made.received(Buffer.from(text, "latin1")),
  };
}

/** All that a socket gets until the other side ends its stream. */
async function whole(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  await new Promise((resolve) => socket.once("end", resolve));
  return text;
}

describe("a splice", () => {
  test("carries what came before it was connected first, and everything in order", async () => {
    const { splice: one, client, server, receive, ended } = await splice({ first: "GET " });
    receive("/ HTTP");
    // What waits for the connection is a reason to read no more.
    expect(client.done).toContain("pause");
    const socket = await server();
    const request = whole(socket);
    await client.until(({ done }) => done.at(-1) === "resume");
    receive("/1.1");
    one.ended();
    expect(await request).toBe("GET / HTTP/1.1");
    socket.end("answer");
    await client.until(({ done }) => done.includes("shutdown"));
    expect(client.text).toBe("answer");
    one.closed();
    await ended;
  });

  test("loses nothing where the client is slower than the server", async () => {
    const { splice: one, client, server, ended } = await splice();
    const socket = await server();
    client.takes = 10;
    const answer = "0123456789".repeat(100_000);
    socket.end(answer);
    socket.resume();
    await client.until(({ takes }) => takes === 0);
    while (!client.done.includes("shutdown")) {
      client.takes = 50_000;
      one.drained();
      if (client.takes > 0 && !client.done.includes("shutdown")) {
        await client.until(({ takes, done }) => takes === 0 || done.includes("shutdown"));
      }
    }
    expect(client.text === answer).toBe(true);
    one.closed();
    await ended;
  });

  test("does not read a client whose octets the server does not take", async () => {
    const { splice: one, client, server, receive, ended } = await splice();
    const socket = await server();
    socket.pause();
    client.done.length = 0;
    const chunk = "x".repeat(2 ** 20);
    let sent = 0;
    for (; !client.done.includes("pause"); sent++) receive(chunk);
    expect(sent).toBeLessThan(16);
    const received = whole(socket);
    socket.resume();
    one.ended();
    expect((await received).length).toBe(sent * chunk.length);
    expect(client.done).toContain("resume");
    one.closed();
    socket.end();
    await ended;
  });

  test("carries what a client sent before it left in good order", async () => {
    const { splice: one, server, receive, ended, ends } = await splice();
    receive("POST");
    one.closed();
    const socket = await server();
    expect(await whole(socket)).toBe("POST");
    socket.end("no reader");
    await ended;
    expect(ends()).toBe(1);
  });

  test("cuts the server off when the client's connection breaks", async () => {
    const { splice: one, server, ended } = await splice({ first: "GET" });
    const socket = await server();
    await new Promise((resolve) => socket.once("data", resolve));
    // The server does not end its side, which an end in good order would wait for.
    one.closed(new Error("reset"));
    await ended;
  });

  test("ends the client's side behind the answer of a server that closes", async () => {
    const { splice: one, client, server, ended, ends } = await splice({ first: "GET" });
    const socket = await server();
    socket.end("last words");
    socket.destroySoon();
    await client.until(({ done }) => done.includes("shutdown"));
    expect(client.text).toBe("last words");
    expect(ends()).toBe(0);
    one.closed();
    await ended;
    expect(ends()).toBe(1);
  });

  test("answers 503 where no server listens, once", async () => {
    const nowhere = join(temporaryFolder(), "none.sock");
    const {
      splice: one,
      client,
      unreachable,
      ended,
    } = await splice({ first: "GET", unix: nowhere });
    await client.until(({ done }) => done.includes("shutdown"));
    expect(client.text).toStartWith("HTTP/1.1 503 Service Unavailable\r\n");
    expect(unreachable).toHaveLength(1);
    one.closed();
    await ended;
  });

  test("that is terminated cuts off both sides", async () => {
    const { splice: one, client, server, ended } = await splice({ first: "GET" });
    const socket = await server();
    await new Promise((resolve) => socket.once("data", resolve));
    one.terminate();
    expect(client.done).toContain("terminate");
    one.closed();
    await ended;
  });
});
