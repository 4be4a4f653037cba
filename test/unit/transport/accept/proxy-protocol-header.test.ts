import { describe, expect, test } from "bun:test";

import { readProxyHeader } from "#transport/accept/proxy-protocol-header.ts";

const SIGNATURE = "0d0a0d0a000d0a515549540a";
const line = (text: string) => readProxyHeader(Buffer.from(text, "latin1"));
const hex = (octets: string) => readProxyHeader(Buffer.from(octets, "hex"));

describe("readProxyHeader", () => {
  test("reads version 1", () => {
    expect(line("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\nGET /")).toEqual({
      kind: "complete",
      octets: 45,
      source: { address: "192.0.2.1", port: 56324 },
    });
    expect(line("PROXY TCP6 2001:DB8:0:0::1 ::1 1 2\r\n")).toMatchObject({
      source: { address: "2001:db8::1", port: 1 },
    });
    expect(line("PROXY UNKNOWN\r\n")).toEqual({ kind: "complete", octets: 15, source: null });
    expect(line("PROXY UNKNOWN what ever\r\n")).toMatchObject({ octets: 25, source: null });
  });

  test("reads version 2", () => {
    const ipv4 = `${SIGNATURE}2111000cc0000201c6336407dc0401bb`;
    expect(hex(ipv4)).toEqual({
      kind: "complete",
      octets: 28,
      source: { address: "192.0.2.1", port: 56324 },
    });
    const ipv6 = `${SIGNATURE}21210024${"20010db8".padEnd(31, "0")}1${"0".repeat(31)}1dc0401bb`;
    expect(hex(ipv6)).toMatchObject({ octets: 52, source: { address: "2001:db8::1" } });
    const mapped = `${SIGNATURE}21210024${"0".repeat(20)}ffffc0000201${"0".repeat(31)}1dc0401bb`;
    expect(hex(mapped)).toMatchObject({ source: { address: "::ffff:192.0.2.1" } });
  });

  test("skips what version 2 tells beside the addresses", () => {
    expect(hex(`${SIGNATURE}21110010c0000201c6336407dc0401bb0400010047`)).toMatchObject({
      octets: 32,
      source: { address: "192.0.2.1" },
    });
  });

  test("takes a balancer that speaks for itself", () => {
    expect(hex(`${SIGNATURE}20000000`)).toEqual({ kind: "complete", octets: 16, source: null });
    expect(hex(`${SIGNATURE}21000000`)).toMatchObject({ source: null });
  });

  test("waits for the end, whatever the pieces", () => {
    const text = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n";
    for (let length = 0; length < text.length; length += 1) {
      expect(line(text.slice(0, length)).kind).toBe("incomplete");
    }
    const octets = `${SIGNATURE}2111000cc0000201c6336407dc0401bb`;
    for (let length = 0; length < octets.length; length += 2) {
      expect(hex(octets.slice(0, length)).kind).toBe("incomplete");
    }
  });

  const faults = {
    "it begins with no PROXY header": ["GET / HTTP/1.1\r\n", "\x7f\xf3\0\0", "\x16\x03\x01"],
    "the line does not end": [`PROXY TCP4 ${"1".repeat(100)}`],
    "the line names no addresses and ports": [
      "PROXY TCP4 ::1 ::1 1 2\r\n",
      "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
      "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
      "PROXY TCP6 ::1 fe80::1%1 1 2\r\n",
      "PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
      "PROXY TCP4 1.2.3.4  1.2.3.4 1 2\r\n",
      "PROXY \r\n",
    ],
  };
  for (const [sentence, texts] of Object.entries(faults)) {
    test(`says that ${sentence}`, () => {
      for (const text of texts) expect(line(text)).toEqual({ kind: "malformed", sentence });
    });
  }

  test("refuses version 2 that cannot be", () => {
    const sentenceOf = (octets: string) => hex(`${SIGNATURE}${octets}`);
    expect(sentenceOf("1111000c")).toMatchObject({ sentence: "version or command is unknown" });
    expect(sentenceOf("2211000c")).toMatchObject({ sentence: "version or command is unknown" });
    expect(sentenceOf("2111ffff")).toMatchObject({ sentence: "it has more than 4096 octets" });
    expect(sentenceOf("21110004c0000201")).toMatchObject({
      sentence: "it ends within the addresses",
    });
  });
});
