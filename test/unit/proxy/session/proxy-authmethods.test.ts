import { expect, test } from "bun:test";
import { namesProxyAuthmethod } from "#proxy/session/proxy-authmethods.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { FakePeer } from "../../../support/fake-peer.ts";

const json = (text: string) => Buffer.from(text);
const hex = (octets: string) => Buffer.from(octets.replaceAll(" ", ""), "hex");
const ANONYMOUS = Buffer.from("anonymous-proxy").toString("hex");

test.each<[string, SerializerName, Uint8Array, boolean]>([
  ["a value", "json", json('[1,"a",{"authmethods":["cryptosign-proxy"]}]'), true],
  ["a key", "json", json('[1,"a",{"anonymous-proxy":1}]'), true],
  ["an escape", "json", json('[1,"a",{"x":"anonymous\\u002dproxy"}]'), true],
  ["an escape elsewhere", "json", json('[1,"a",{"x":"a\\nb"}]'), false],
  ["another method", "json", json('[1,"a",{"authmethods":["anonymous"]}]'), false],
  ["a part of the name", "json", json('[1,"a",{"x":"my-proxy"}]'), false],
  ["two strings", "json", json('[1,"a",{"x":"anonymous","y":"-proxy"}]'), false],
  ["a text", "msgpack", hex(`93 01 a161 81 a178 af${ANONYMOUS}`), true],
  ["octets", "msgpack", hex(`93 01 a161 81 a178 c40f${ANONYMOUS}`), true],
  ["another text", "msgpack", hex("93 01 a161 81 a178 a178"), false],
  ["a text", "cbor", hex(`83 01 6161 a1 6178 6f${ANONYMOUS}`), true],
  [
    "a text in chunks",
    "cbor",
    hex("83 01 6161 a1 6178 7f 6a616e6f6e796d6f75732d 6570726f7879 ff"),
    true,
  ],
  ["another text", "cbor", hex("83 01 6161 a1 6178 6178"), false],
])("%s in %s is found: %#", (_, serializer, hello, isFound) => {
  expect(namesProxyAuthmethod(hello, new FakePeer({ serializer }))).toBe(isFound);
});
