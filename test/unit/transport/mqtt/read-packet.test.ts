/** Packets of clients: what is read of them, and which are refused. */

import { describe, expect, test } from "bun:test";
import { PacketFault } from "#transport/mqtt/packet-fault.ts";
import { type MqttVersion, readPacket } from "#transport/mqtt/read-packet.ts";

const read = (hex: string, version: MqttVersion = 4) =>
  readPacket(Buffer.from(hex.replaceAll(" ", ""), "hex"), version);

/** The reason code with which a packet is refused; null: it is taken. */
function reasonOf(hex: string, version: MqttVersion): string | null {
  try {
    read(hex, version);
    return null;
  } catch (thrown) {
    if (!(thrown instanceof PacketFault)) throw thrown;
    return thrown.reason.toString(16);
  }
}

describe("a packet is read", () => {
  test.each<[string, MqttVersion, string, object]>([
    [
      "PUBLISH",
      4,
      "30 05 0003 612f62",
      { topic: { text: "a/b", uri: "a.b" }, qos: 0, messageId: 0 },
    ],
    ["PUBLISH", 4, "3d 08 0003 612f62 0007 68", { qos: 2, dup: true, retain: true, messageId: 7 }],
    ["PUBLISH", 5, "30 05 0001 61 00 68", { topic: { text: "a" }, properties: undefined }],
    ["PUBLISH with an alias", 5, "30 06 0000 03 230005", { properties: { topicAlias: 5 } }],
    ["CONNECT", 4, "10 0d 0004 4d515454 04 02 003c 0001 61", { clientId: "a", keepalive: 60 }],
    ["CONNECT", 5, "10 0d 0004 4d515454 05 02 003c 00 0000", { clientId: "", clean: true }],
    ["SUBSCRIBE", 4, "82 06 0001 0001 61 01", { subscriptions: [{ topic: "a", qos: 1 }] }],
    ["a text with U+FFFD", 4, "82 08 0001 0003 efbfbd 01", { messageId: 1 }],
    ["PINGREQ", 4, "c0 00", { cmd: "pingreq" }],
    ["DISCONNECT", 5, "e0 00", { cmd: "disconnect", reasonCode: 0 }],
  ])("%s of version %d", (_, version, hex, packet) => {
    expect(read(hex, version)).toMatchObject(packet);
  });

  test("a payload is what follows the head", () => {
    expect(read("32 08 0001 61 0001 616263")).toMatchObject({ payload: Buffer.from("abc") });
    expect(read("32 09 0001 61 0001 00 616263", 5)).toMatchObject({ payload: Buffer.from("abc") });
    const withProperties = read("32 0b 0001 61 0001 02 0101 616263", 5);
    expect(withProperties).toMatchObject({ payload: Buffer.from("abc") });
  });
});

test("texts with U+FFFD are searched for a bounded time", () => {
  const filter = "0003efbfbd00";
  const head = (count: number) => {
    const length = 2 + 6 * count;
    const digits = [(length & 127) | 128, ((length >> 7) & 127) | 128, length >> 14];
    return `82${Buffer.from(digits).toString("hex")}0001`;
  };
  expect(reasonOf(head(3_000) + filter.repeat(3_000), 4)).toBe("97");
});

describe("a packet is refused", () => {
  test.each<[string, MqttVersion, string, string]>([
    ["an empty topic", 4, "30 02 0000", "81"],
    ["an empty topic without alias", 5, "30 05 0000 02 0101", "82"],
    ["a topic with +", 4, "30 03 0001 2b", "90"],
    ["a topic with #", 5, "30 04 0001 23 00", "90"],
    ["a topic with NUL", 4, "30 04 0002 6100", "81"],
    ["a topic that is not UTF-8", 4, "30 04 0002 c328", "81"],
    ["a topic of a surrogate", 4, "30 05 0003 eda080", "81"],
    ["QoS 3", 4, "36 05 0001 61 0001", "81"],
    ["a duplicate of QoS 0", 4, "38 03 0001 61", "81"],
    ["packet id 0", 4, "32 05 0001 61 0000", "81"],
    ["PUBLISH within its topic", 4, "30 04 0005 6161", "81"],
    ["PUBLISH within its id", 4, "32 04 0001 61 00", "81"],
    ["properties beyond the packet", 5, "30 05 0001 61 7f 01", "81"],
    ["an unknown property", 5, "30 06 0001 61 02 7f01", "81"],
    ["a subscription identifier in PUBLISH", 5, "30 06 0001 61 02 0b01", "82"],
    ["two topic aliases", 5, "30 0a 0001 61 06 230001 230002", "82"],
    ["PUBACK of one octet", 4, "40 01 00", "81"],
    ["PUBACK with surplus octets", 4, "40 03 0001 00", "81"],
    ["PUBACK with id 0", 4, "40 02 0000", "81"],
    ["PUBREL without its flag", 4, "60 02 0001", "81"],
    ["SUBSCRIBE without filters", 4, "82 02 0001", "82"],
    ["SUBSCRIBE with an empty filter", 4, "82 05 0001 0000 00", "82"],
    ["SUBSCRIBE with id 0", 4, "82 06 0000 0001 61 00", "81"],
    ["SUBSCRIBE with QoS 3", 4, "82 06 0001 0001 61 03", "81"],
    ["a filter that is not UTF-8", 4, "82 07 0001 0002 c328 00", "81"],
    ["a filter with NUL", 4, "82 06 0001 0001 00 00", "81"],
    ["a subscription identifier 0", 5, "82 09 0001 02 0b00 0001 61 00", "82"],
    ["UNSUBSCRIBE without filters", 4, "a2 02 0001", "82"],
    ["PINGREQ with surplus octets", 4, "c0 01 00", "81"],
    ["DISCONNECT with surplus octets", 4, "e0 01 00", "81"],
    ["DISCONNECT with an unknown reason", 5, "e0 01 7f", "81"],
    ["CONNACK of a client", 4, "20 02 0000", "81"],
    ["PINGRESP of a client", 4, "d0 00", "81"],
    ["the reserved type", 4, "00 00", "81"],
    ["AUTH in 3.1.1", 4, "f0 00", "81"],
    ["CONNECT of 3.1", 4, "10 10 0006 4d5149736470 03 02 003c 0002 6161", "84"],
    ["CONNECT of version 6", 4, "10 0d 0004 4d515454 06 02 003c 0001 61", "84"],
    ["CONNECT of a bridge", 4, "10 0d 0004 4d515454 84 02 003c 0001 61", "84"],
    ["CONNECT of HTTP", 4, "10 0d 0004 48545450 04 02 003c 0001 61", "81"],
    ["CONNECT with the reserved flag", 4, "10 0d 0004 4d515454 04 03 003c 0001 61", "81"],
    ["a password without user", 4, "10 10 0004 4d515454 04 42 003c 0001 61 0001 62", "81"],
    ["a client id that is not UTF-8", 4, "10 0d 0004 4d515454 04 02 003c 0001 ff", "81"],
    ["CONNECT with surplus octets", 4, "10 0e 0004 4d515454 04 02 003c 0001 61 00", "81"],
    ["CONNECT within its client id", 4, "10 0c 0004 4d515454 04 02 003c 0001", "81"],
    ["a will with a wildcard", 4, "10 12 0004 4d515454 04 06 003c 0001 61 0001 23 0000", "90"],
    ["a will of QoS 3", 4, "10 12 0004 4d515454 04 1e 003c 0001 61 0001 61 0000", "81"],
    ["receive maximum 0", 5, "10 10 0004 4d515454 05 02 003c 03 210000 0000", "82"],
  ])("%s, version %d", (_, version, hex, reason) => {
    expect(reasonOf(hex, version)).toBe(reason);
  });

  test("and the next one is read as if it had not been there", () => {
    for (let index = 0; index < 3; index++) {
      expect(reasonOf("82 06 0001 0001 61 03", 4)).toBe("81");
      expect(read("82 06 0001 0001 61 01")).toMatchObject({ messageId: 1 });
    }
  });
});
