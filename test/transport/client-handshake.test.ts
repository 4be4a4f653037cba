/** The handshake with a router or another server: when it is begun, and what becomes of a connection that is no longer wanted. */

import { describe, expect, test } from "bun:test";
import {
  type ClientHandshake,
  connectWithHandshake,
  type OpenStream,
} from "#transport/endpoint/client-handshake.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import { hasOpenssl, selfSigned } from "../support/certificates.ts";
import { afterTest } from "../support/cleanups.ts";
import { ScriptedSocket } from "../support/scripted-socket.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

/** A handshake that is never answered; `asked` counts how often its request was taken. */
function unanswered() {
  const begun = Promise.withResolvers<void>();
  const handshake: ClientHandshake<ConnectionEvents> & { asked: number } = {
    asked: 0,
    get request() {
      this.asked += 1;
      begun.resolve();
      return Buffer.from("request");
    },
    take: () => null,
    connectedOn: () => {
      throw new Error("there is no peer");
    },
  };
  return { handshake, begun: begun.promise };
}

describe.skipIf(!hasOpenssl)("over TLS", () => {
  const files = hasOpenssl ? selfSigned(folder, "router") : { key: "", certificate: "" };

  /** The endpoint of a router with TLS, and what it is sent. */
  function router() {
    const sent: string[] = [];
    const tls = { key: Bun.file(files.key), cert: Bun.file(files.certificate) };
    const data = (_: unknown, octets: Buffer) => void sent.push(String(octets));
    const server = Bun.listen({ hostname: "127.0.0.1", port: 0, tls, socket: { data } });
    afterTest(() => server.stop(true));
    const endpoint = {
      type: "tcp",
      host: "127.0.0.1",
      port: server.port,
      timeoutMs: 2000,
    } as const;
    return { endpoint, sent };
  }

  test("no request is made before the router is authenticated", async () => {
    const { endpoint, sent } = router();
    const { handshake } = unanswered();
    const { signal } = new AbortController();
    const untrusting = { ...endpoint, tls: {} };
    await expect(connectWithHandshake(untrusting, handshake, signal)).rejects.toThrow(
      "its certificate is not trusted",
    );
    expect([handshake.asked, sent]).toEqual([0, []]);
  });

  test("one request is made when it is authenticated", async () => {
    const { endpoint } = router();
    const { handshake, begun } = unanswered();
    const canceled = new AbortController();
    const trusting = { ...endpoint, tls: { ca_certificates: [files.certificate] } };
    const connected = connectWithHandshake(trusting, handshake, canceled.signal);
    await begun;
    canceled.abort();
    await expect(connected).rejects.toThrow("it closed the connection during the handshake");
    expect(handshake.asked).toBe(1);
  });
});

describe("a stream", () => {
  const endpoint = { type: "unix", path: "/router.sock", timeoutMs: 2000 } as const;

  /** Begins the handshake on a stream that is opened when `open` resolves. */
  function begin(open: Promise<void> = Promise.resolve()) {
    const stream = new ScriptedSocket();
    const { handshake } = unanswered();
    const canceled = new AbortController();
    const openStream: OpenStream = async () => {
      await open;
      return stream;
    };
    void connectWithHandshake(endpoint, handshake, canceled.signal, openStream);
    return { stream, canceled };
  }

  test("is terminated when the handshake is canceled", async () => {
    const { stream, canceled } = begin();
    await stream.until(({ text }) => text === "request");
    expect(stream.done).toEqual([]);
    canceled.abort();
    expect(stream.done).toEqual(["terminate"]);
  });

  test("is terminated, and sent nothing, when it was canceled before it was opened", async () => {
    const opened = Promise.withResolvers<void>();
    const { stream, canceled } = begin(opened.promise);
    canceled.abort();
    opened.resolve();
    await stream.until(({ done }) => done.length > 0);
    expect([stream.done, stream.text]).toEqual([["terminate"], ""]);
  });
});
