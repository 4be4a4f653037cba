import { describe, expect, test } from "bun:test";
import { peekMessageType } from "#wamp/serializer/message-head.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { serializers } from "#wamp/serializer/serializers.ts";
import { SERIALIZER_NAMES } from "#wamp/serializer-name.ts";
import { octetsOf } from "../../../support/token-log.ts";

/** Numbers of the WAMP specification, section "RawSocket", and how a WebSocket carries messages. */
const SPECIFIED = {
  json: { rawSocketNumber: 1, isBinary: false },
  msgpack: { rawSocketNumber: 2, isBinary: true },
  cbor: { rawSocketNumber: 3, isBinary: true },
};

/** `[48,[],{"a":1}]`. */
const MESSAGES = {
  json: Buffer.from('[48,[],{"a":1}]'),
  msgpack: octetsOf("93 30 90 81a16101"),
  cbor: octetsOf("83 1830 80 a1616101"),
};

test("the table has a row for every name", () => {
  expect(Object.keys(serializers).toSorted()).toEqual(SERIALIZER_NAMES.toSorted());
});

describe.each([...SERIALIZER_NAMES])("%s", (name) => {
  const serializer = serializers[name];

  test("has the properties of the specification", () => {
    expect(serializer).toMatchObject(SPECIFIED[name]);
  });

  test("encodes, reads, writes and peeks the same octets", () => {
    const encoded = encodeMessage([48, [], { a: 1 }], name);
    expect(Buffer.from(encoded)).toEqual(Buffer.from(MESSAGES[name]));
    serializer.writer.clear();
    serializer.reader.read(encoded, serializer.writer);
    expect(Buffer.from(serializer.writer.out.take())).toEqual(Buffer.from(MESSAGES[name]));
    expect(peekMessageType(encoded, name)).toBe(48);
  });

  test("appends an item, and finds where it ends and what it is", () => {
    const { out } = serializer.writer;
    const item = encodeMessage([1, 2], name);
    const list = encodeMessage([48], name);
    serializer.writer.clear();
    serializer.appendList(out, list, 1, [item]);
    const whole = Buffer.from(out.take());
    expect(whole).toEqual(Buffer.from(encodeMessage([48, [1, 2]], name)));
    expect(serializer.kindOf(item[0]!)).toBe("list");
    expect(serializer.itemEnd(item, item.length)).toBe(item.length);
  });
});
