import { describe, expect, test } from "bun:test";
import { acceptFor } from "#transport/websocket/handshake-answer.ts";
import { HandshakeRequest } from "#transport/websocket/handshake-request.ts";

const url = new URL("ws://router.example:8080/a b?c=\u00e9#d");
const start = () => {
  const request = new HandshakeRequest(url, { protocols: ["wamp.2.cbor"] });
  const key = /Sec-WebSocket-Key: (\S+)/.exec(request.octets.toString())?.[1] ?? "";
  return { request, key };
};

/** The answer to a request, with other headers; undefined: without this one. */
function answerTo(key: string, changed: Record<string, string | undefined> = {}): string {
  const headers = {
    Upgrade: "websocket",
    Connection: "keep-alive, Upgrade",
    "Sec-WebSocket-Accept": acceptFor(key),
    "Sec-WebSocket-Protocol": "wamp.2.cbor",
    ...changed,
  };
  const lines = Object.entries(headers).filter(([, value]) => value !== undefined);
  const fields = lines.map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 101 Switching Protocols\r\n${fields.join("")}\r\n`;
}

describe("HandshakeRequest", () => {
  test("asks for host and path of the url, with a key of its own", () => {
    const { request, key } = start();
    expect(request.octets.toString()).toBe(
      [
        "GET /a%20b?c=%C3%A9 HTTP/1.1",
        "Host: router.example:8080",
        "Upgrade: websocket",
        "Connection: Upgrade",
        `Sec-WebSocket-Key: ${key}`,
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: wamp.2.cbor",
        "",
        "",
      ].join("\r\n"),
    );
    expect(Buffer.from(key, "base64")).toHaveLength(16);
    expect(start().key).not.toBe(key);
  });

  test("takes an answer in pieces of any size, and gives what is behind it", () => {
    for (const size of [1, 7, 1000]) {
      const { request, key } = start();
      const answer = Buffer.from(`${answerTo(key)}behind`);
      let taken: ReturnType<HandshakeRequest["take"]> = null;
      let at = 0;
      for (; taken === null && at < answer.length; at += size) {
        taken = request.take(answer.subarray(at, at + size));
      }
      const behind = Buffer.concat([taken as Uint8Array, answer.subarray(at)]);
      expect(behind.toString()).toBe("behind");
    }
  });

  test.each([
    [{ Upgrade: "h2c" }, "it switched to another protocol than WebSocket"],
    [{ Connection: undefined }, "it switched to another protocol than WebSocket"],
    [{ "Sec-WebSocket-Accept": acceptFor("x") }, "its answer is for another WebSocket handshake"],
    [{ "Sec-WebSocket-Protocol": "wamp.2.json" }, "it does not speak wamp.2.cbor"],
    [{ "Sec-WebSocket-Protocol": undefined }, "it does not speak wamp.2.cbor"],
    [
      { "Sec-WebSocket-Extensions": "permessage-deflate" },
      "it uses an extension that was not offered",
    ],
    [{ "A\rB": "c" }, "a header of its answer to the WebSocket handshake is malformed"],
  ] as const)("refuses an answer with %p", (changed, sentence) => {
    const { request, key } = start();
    expect(request.take(Buffer.from(answerTo(key, changed)))).toBe(sentence);
  });

  test.each([
    [["a", "b"], "b", null, "b"],
    [["a", "b"], undefined, null, ""],
    [[], undefined, null, ""],
    [["a"], "b", "it chose a subprotocol that was not offered", ""],
    [[], "a", "it chose a subprotocol that was not offered", ""],
  ] as const)("that offers %p to a server that may choose none takes %p", (...row) => {
    const [protocols, chosen, fault, protocol] = row;
    const fields = [["Origin", "http://page"]] as const;
    const request = new HandshakeRequest(url, { protocols, fields, mayChooseNone: true });
    const head = request.octets.toString();
    expect(head).toContain("\r\nOrigin: http://page\r\n");
    expect(head.includes("Sec-WebSocket-Protocol")).toBe(protocols.length > 0);
    const key = /Sec-WebSocket-Key: (\S+)/.exec(head)?.[1] ?? "";
    const answer = Buffer.from(answerTo(key, { "Sec-WebSocket-Protocol": chosen }));
    expect(request.take(answer)).toEqual(fault ?? Buffer.alloc(0));
    expect(request.protocol).toBe(protocol);
  });

  test.each([
    [
      "HTTP/1.1 302 Found\r\nLocation: /ws\r\n\r\n",
      "it answered the WebSocket handshake with status 302",
    ],
    ["HTTP/1.1 404\r\n\r\n", "it answered the WebSocket handshake with status 404"],
    ["HTTP/1.1 1011\r\n\r\n", "it does not speak WebSocket"],
    ["HTTP/1.0 101 Switching Protocols\r\n\r\n", "it switched to WebSocket in HTTP/1.0"],
    ["HTTP/1.0 426\r\n\r\n", "it answered the WebSocket handshake with status 426"],
    ["\x7f\xf3\0\0", "it does not speak WebSocket"],
    [
      `HTTP/1.1 101 \r\nA: ${"b".repeat(17_000)}`,
      "the head of its answer is longer than 16384 octets",
    ],
    [
      `HTTP/1.1 101 \r\nA: ${"b".repeat(17_000)}\r\n\r\n`,
      "the head of its answer is longer than 16384 octets",
    ],
  ])("refuses %p", (answer, sentence) => {
    expect(start().request.take(Buffer.from(answer, "latin1"))).toBe(sentence);
  });
});
