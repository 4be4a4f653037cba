import { describe, expect, test } from "bun:test";

import { afterTest } from "../support/cleanups.ts";
import { anyPort } from "../support/transports.ts";
import {
  dial,
  echo,
  startEcho,
  universal,
  upgradeRequest,
} from "../support/universal-transport.ts";

/** What Bun's client has beside the standard. */
interface Pausable {
  pause(): void;
  resume(): void;
}

/** A WebSocket frame of binary data from a client, masked with zeros. */
function frame(payload: string): Buffer {
  return Buffer.concat([Buffer.of(0x82, 0x80 | payload.length, 0, 0, 0, 0), Buffer.from(payload)]);
}

describe("a universal transport", () => {
  test("names where each protocol is reached", async () => {
    const { listener, port } = await startEcho();
    expect(listener.urls).toEqual([
      `rs://127.0.0.1:${port}`,
      `http://127.0.0.1:${port}/`,
      `ws://127.0.0.1:${port}/ws`,
    ]);
  });

  test("speaks RawSocket, WebSocket and HTTP on one port", async () => {
    const { port, peers } = await startEcho();
    const raw = await dial(port).send(Buffer.from("7ff3000000000002aabb", "hex"));
    expect(Buffer.from(await raw.until("\xaa\xbb"), "latin1").toString("hex")).toBe(
      "7ff3000000000002aabb",
    );
    const web = await dial(port).send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(await web.until('{"here":true}')).toStartWith("HTTP/1.1 200 OK\r\n");
    const socket = await dial(port).send(upgradeRequest(), frame("hello"));
    expect(await socket.until("hello")).toStartWith("HTTP/1.1 101 ");
    for (const [index, one] of [raw, socket].entries()) {
      expect(peers[index]?.details).toMatchObject({
        peer: `tcp4:127.0.0.1:${one.socket.localPort}`,
        isSecure: false,
        isUnixSocket: false,
      });
    }
  });

  test("takes a request that comes octet by octet", async () => {
    const { port, nextDetails } = await startEcho();
    const details = nextDetails();
    const one = dial(port);
    one.socket.setNoDelay(true);
    await one.send(...upgradeRequest("/ws?token=1"));
    expect(await one.until("\r\n\r\n")).toContain("Sec-WebSocket-Protocol: wamp.2.cbor");
    expect((await details).peer).toBe(`tcp4:127.0.0.1:${one.socket.localPort}`);
  });

  test("looks at the path, not at the query, and takes what is below the path of a WebSocket", async () => {
    const { port } = await startEcho();
    for (const path of ["/ws?x=1", "/ws/below?x=/", "/ws/"]) {
      const one = await dial(port).send(upgradeRequest(path));
      expect(await one.until("\r\n\r\n")).toStartWith("HTTP/1.1 101 ");
    }
    const other = await dial(port).send(upgradeRequest("/elsewhere?/ws"));
    expect(await other.until("\r\n\r\n")).not.toStartWith("HTTP/1.1 101 ");
  });

  test("takes a WebSocket on any request of a connection", async () => {
    const { port, peers } = await startEcho();
    const get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (const before of [[get], [get, get], [`${get}${get}`]]) {
      const one = dial(port);
      for (const requests of before) await one.send(requests);
      await one.until('{"here":true}');
      await one.send(upgradeRequest(), frame("hello"));
      expect(await one.until("hello")).toMatch(/true}HTTP\/1.1 101 /);
    }
    const pipelined = await dial(port).send(
      Buffer.concat([Buffer.from(`${get}${upgradeRequest()}`), frame("at once")]),
    );
    expect(await pipelined.until("at once")).toMatch(/ 200 .*true}HTTP\/1.1 101 /s);
    expect(peers.length).toBe(4);
  });

  test("takes a WebSocket after an invalid handshake, and after a request with a body", async () => {
    const { port } = await startEcho();
    const invalid = upgradeRequest().replace("Version: 13", "Version: 12");
    const one = await dial(port).send(invalid);
    await one.until("speaks version 13 of the WebSocket protocol");
    await one.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nGET /");
    await one.until("HTTP/1.1 405 ");
    await one.send(upgradeRequest(), frame("still"));
    expect(await one.until("still")).toContain("HTTP/1.1 101 ");
  });

  test("ends a WebSocket that followed other requests as any other", async () => {
    const gone = Promise.withResolvers<string>();
    const started = await startEcho(universal(), (peer) => ({
      ...echo(peer),
      onClose: gone.resolve,
    }));
    const one = await dial(started.port).send("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await one.until("\r\n\r\n");
    await one.send(upgradeRequest());
    await one.until("HTTP/1.1 101 ");
    await started.listener.close();
    expect(await one.whole()).toContain("\x03\xe9the node shuts down");
    expect(await gone.promise).toBe("the node shuts down");
  });

  test("closes on what is no protocol here", async () => {
    const { port } = await startEcho({ ...universal(), rawsocket: null });
    for (const octets of ["7ff30000", "16030100", "0d0a0d0a", "30"]) {
      const one = await dial(port).send(Buffer.from(octets, "hex"));
      expect(await one.whole()).toBe("");
    }
    const only = await startEcho({ ...universal(), paths: null });
    expect(await (await dial(only.port).send(upgradeRequest())).whole()).toBe("");
  });

  test("refuses heads that are no request or too long", async () => {
    const { port } = await startEcho();
    const refused = async (head: string) => (await dial(port).send(head)).whole();
    expect(await refused("GET / HTTP/1.1\nHost: localhost\r\n\r\n")).toStartWith("HTTP/1.1 400 ");
    expect(await refused("PRI * HTTP/2.0\r\n\r\n")).toStartWith("HTTP/1.1 400 ");
    expect(await refused(`GET /${"x".repeat(17_000)}`)).toStartWith("HTTP/1.1 431 ");
    expect(await refused(`GET / HTTP/1.1\r\n${"A: b\r\n".repeat(3000)}\r\n`)).toStartWith(
      "HTTP/1.1 431 ",
    );
  });

  test("gives the whole handshake no more time than open_handshake_timeout", async () => {
    const { port } = await startEcho(universal(undefined, { open_handshake_timeout: 400 }));
    const silent = dial(port);
    const halfway = await dial(port).send("GET /ws HTT");
    const dripping = dial(port);
    await dripping.send("GET / HTTP/1.1\r\n");
    const drip = setInterval(() => void dripping.socket.write("A: b\r\n"), 5);
    afterTest(() => clearInterval(drip));
    const served = await dial(port).send(upgradeRequest());
    expect(await silent.whole()).toBe("");
    for (const slow of [halfway, dripping]) {
      expect(await slow.whole()).toStartWith("HTTP/1.1 408 Request Timeout\r\n");
    }
    await served.send(frame("still"));
    await served.until("still");
  });
});

describe("a connection", () => {
  test("carries everything in order at the pace of a slow reader", async () => {
    const behind = Promise.withResolvers<void>();
    const started = await startEcho(universal(), (peer) => ({
      ...echo(peer),
      onMessage(message) {
        if (peer.send(message)) return;
        peer.pause();
        behind.resolve();
      },
    }));
    afterTest(() => started.listener.close());
    const url = `ws://127.0.0.1:${started.port}/ws`;
    const socket = new WebSocket(url, ["wamp.2.cbor"]) as WebSocket & Pausable;
    socket.binaryType = "arraybuffer";
    afterTest(() => socket.close());
    const sizes = Array.from({ length: 60 }, (_, index) => 100_000 + index * 10_007);
    const got: number[] = [];
    const done = Promise.withResolvers<void>();
    socket.onmessage = ({ data }) => {
      const octets = new Uint8Array(data);
      if (!octets.every((octet) => octet === got.length)) done.reject(new Error("out of order"));
      got.push(octets.length);
      if (got.length === sizes.length) done.resolve();
    };
    await new Promise((resolve) => {
      socket.onopen = resolve;
    });
    socket.pause();
    sizes.forEach((size, index) => {
      socket.send(new Uint8Array(size).fill(index));
    });
    await behind.promise;
    expect(started.peers[0]?.bufferedOctets).toBeLessThan(4 * 2 ** 20);
    socket.resume();
    await done.promise;
    expect(got).toEqual(sizes);
  });

  test("takes many clients in one turn", async () => {
    const { port } = await startEcho();
    const clients = Array.from({ length: 600 }, () => dial(port));
    await Promise.all(clients.map((one) => one.send("GE")));
    for (const one of clients) one.socket.write("T / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for (const one of clients) await one.until('{"here":true}');
  });

  test("tells the session of a client that is gone", async () => {
    for (const leave of ["resetAndDestroy", "destroy", "end"] as const) {
      const gone = Promise.withResolvers<string>();
      const started = await startEcho(universal(), (peer) => ({
        ...echo(peer),
        onClose: gone.resolve,
      }));
      afterTest(() => started.listener.close());
      const one = await dial(started.port).send(upgradeRequest());
      await one.until("\r\n\r\n");
      one.socket[leave]();
      expect(await gone.promise).toContain("closed");
    }
  });

  test("tells the session of a client that is cut off for what came with its request", async () => {
    const gone = Promise.withResolvers<string>();
    const config = universal(undefined, { fail_by_drop: true });
    const started = await startEcho(config, (peer) => ({ ...echo(peer), onClose: gone.resolve }));
    afterTest(() => started.listener.close());
    const unmasked = "\x82\x01a";
    await (await dial(started.port).send(`${upgradeRequest()}${unmasked}`)).closed;
    expect(await gone.promise).toContain("mask");
  });

  test("hands on the last message of a client that leaves at once", async () => {
    const got = Promise.withResolvers<number>();
    const started = await startEcho(universal(), (peer) => ({
      ...echo(peer),
      onMessage: (message) => got.resolve(message.length),
    }));
    afterTest(() => started.listener.close());
    const one = await dial(started.port).send(upgradeRequest());
    await one.until("\r\n\r\n");
    one.socket.end(frame("last"));
    expect(await got.promise).toBe(4);
  });

  test("ends when the session does, its last words included", async () => {
    const started = await startEcho(universal(), (peer) => ({
      ...echo(peer),
      onMessage: () => peer.close(1000, "that is all"),
    }));
    afterTest(() => started.listener.close());
    const one = await dial(started.port).send(upgradeRequest(), frame("bye"));
    expect(await one.whole()).toEndWith("\x88\x0d\x03\xe8that is all");
  });

  test("answers a client that closes its half behind the request", async () => {
    const { port } = await startEcho();
    const one = dial(port);
    one.socket.end("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    expect(await one.whole()).toEndWith('{"here":true}');
  });
});

describe("a universal transport that closes", () => {
  test("tells clients 1001", async () => {
    const started = await startEcho();
    const silent = dial(started.port);
    const raw = await dial(started.port).send(Buffer.from("7ff30000", "hex"));
    await raw.until("\x7f\xf3");
    const socket = await dial(started.port).send(upgradeRequest());
    await socket.until("\r\n\r\n");
    await started.listener.close();
    expect(await socket.whole()).toContain("\x03\xe9the node shuts down");
    await Promise.all([raw.whole(), silent.whole()]);
  });

  test("says why it cannot listen", async () => {
    const { port } = await startEcho();
    const taken = universal({ ...anyPort, port });
    await expect(startEcho(taken)).rejects.toThrow(
      `Cannot listen on "tcp 127.0.0.1:${port}": address already in use`,
    );
  });

  test("accepts no connection after stopAccepting, and keeps those that are open", async () => {
    const { listener, port } = await startEcho();
    const one = await dial(port).send(upgradeRequest());
    await one.until("\r\n\r\n");
    listener.stopAccepting();
    expect(await dial(port).whole()).toBe("");
    await one.send(frame("here"));
    await one.until("here");
  });
});
