import { describe, expect, test } from "bun:test";

import {
  answerHandshake,
  grantsMultiplexed,
  HandshakeCollector,
  handshakeRequest,
  multiplexedRequest,
  readHandshakeAnswer,
} from "#transport/rawsocket/handshake.ts";

const hex = (digits: string) => Uint8Array.fromHex(digits);
const ALL = {
  serializers: ["json", "msgpack", "cbor"] as const,
  maxOctets: 2 ** 20,
  mayMultiplex: false,
};

describe("handshakeRequest", () => {
  test("rounds the length up to a power of two", () => {
    expect(handshakeRequest({ serializer: "cbor", maxOctets: 2 ** 24 }).toHex()).toBe("7ff30000");
    expect(handshakeRequest({ serializer: "json", maxOctets: 2 ** 20 }).toHex()).toBe("7fb10000");
    expect(handshakeRequest({ serializer: "json", maxOctets: 2 ** 20 + 1 }).toHex()).toBe(
      "7fc10000",
    );
    expect(handshakeRequest({ serializer: "msgpack", maxOctets: 1 }).toHex()).toBe("7f020000");
    expect(handshakeRequest({ serializer: "json", maxOctets: 2 ** 26 }).toHex()).toBe("7ff10000");
  });
});

describe("answerHandshake", () => {
  test("agrees on the client's serializer, with a limit for each direction", () => {
    const answer = answerHandshake(hex("7f030000"), ALL);
    expect(answer.reply?.toHex()).toBe("7fb30000");
    expect(answer.agreement).toEqual({
      serializer: "cbor",
      maxSendOctets: 512,
      maxReceiveOctets: 2 ** 20,
    });
  });

  test("says no more than three octets of length can", () => {
    expect(answerHandshake(hex("7ff10000"), ALL).agreement).toMatchObject({
      maxSendOctets: 2 ** 24 - 1,
    });
  });

  test("refuses an unknown serializer with error 1", () => {
    expect(answerHandshake(hex("7ff50000"), ALL).reply?.toHex()).toBe("7f100000");
    expect(answerHandshake(hex("7ff00000"), ALL).reply?.toHex()).toBe("7f100000");
    const onlyJson = { ...ALL, serializers: ["json"] as const };
    expect(answerHandshake(hex("7ff30000"), onlyJson).reply?.toHex()).toBe("7f100000");
  });

  test("grants streams where they are offered, and refuses them as an unknown serializer", () => {
    const offering = { ...ALL, mayMultiplex: true };
    expect(multiplexedRequest().toHex()).toBe("7fff0000");
    const granted = answerHandshake(multiplexedRequest(), offering);
    expect(granted).toMatchObject({ agreement: "multiplexed" });
    expect(grantsMultiplexed(granted.reply ?? hex(""))).toBe(true);
    const refused = answerHandshake(multiplexedRequest(), ALL);
    expect(refused).toMatchObject({ agreement: null, isExpected: true });
    expect(refused.reply?.toHex()).toBe("7f100000");
    expect(grantsMultiplexed(hex("7f100000"))).toBe(false);
    expect(answerHandshake(hex("7ff30000"), offering)).toMatchObject({
      agreement: { serializer: "cbor" },
    });
  });

  test("refuses reserved bits with error 3", () => {
    expect(answerHandshake(hex("7ff10001"), ALL).reply?.toHex()).toBe("7f300000");
    expect(answerHandshake(hex("7ff10100"), ALL).reply?.toHex()).toBe("7f300000");
  });

  test("answers what is no RawSocket with nothing", () => {
    expect(answerHandshake(hex("47455420"), ALL)).toEqual({
      agreement: null,
      reply: null,
      sentence: "the first octet is not 7F",
    });
  });
});

describe("readHandshakeAnswer", () => {
  const terms = { serializer: "cbor", maxOctets: 2 ** 24 } as const;

  test("takes the router's limit", () => {
    expect(readHandshakeAnswer(hex("7f130000"), terms)).toEqual({
      serializer: "cbor",
      maxSendOctets: 1024,
      maxReceiveOctets: 2 ** 24 - 1,
    });
  });

  test.each([
    ["7f100000", "the RawSocket handshake was refused: the serializer is not supported"],
    [
      "7f200000",
      "the RawSocket handshake was refused: the maximum message length is not acceptable",
    ],
    ["7f300000", "the RawSocket handshake was refused: reserved bits are not zero"],
    ["7f400000", "the RawSocket handshake was refused: there are too many connections"],
    ["7f900000", "the RawSocket handshake was refused: error 9"],
    ["7ff30001", "reserved bits of the RawSocket answer are set"],
    ["7ff10000", "the RawSocket answer names another serializer than cbor"],
    ["48545450", "the answer is not RawSocket"],
  ])("explains %s", (answer, sentence) => {
    expect(readHandshakeAnswer(hex(answer), terms)).toBe(sentence);
  });
});

describe("HandshakeCollector", () => {
  test("takes four octets, however they come, and gives back the rest", () => {
    const collector = new HandshakeCollector();
    expect(collector.push(hex("7f")).length).toBe(0);
    expect(collector.isComplete).toBe(false);
    expect(collector.push(hex("f30000aabb")).toHex()).toBe("aabb");
    expect(collector.octets.toHex()).toBe("7ff30000");
    expect(collector.isComplete).toBe(true);
  });

  test("knows a foreign protocol by its first octet", () => {
    const collector = new HandshakeCollector();
    collector.push(hex("47"));
    expect(collector.isForeign).toBe(true);
  });
});
