/** Payloads of MQTT as arguments of WAMP, and back. */

import { describe, expect, test } from "bun:test";
import type { MqttServiceConfig } from "#config/mqtt/mqtt-config.ts";
import { PayloadMapping } from "#transport/mqtt/payload-mapping.ts";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import type { WampCaller, WampRequest } from "#wamp/wamp-caller.ts";

const calls: WampRequest[] = [];
/** Answers `com.d` with a map, `com.e` with a text, and all others with an ERROR. */
const caller: WampCaller = {
  async request(request) {
    calls.push(request);
    const result = { "com.d": { args: [7] }, "com.e": "text", "com.list": [] }[request.uri];
    if (result === undefined) {
      return { kind: "error", uri: "com.wrong", payload: { serializer: "cbor", items: [] } };
    }
    const items = [encodeMessage([result], "cbor")];
    return { kind: "result", payload: { serializer: "cbor", items } };
  },
  subscribe: () => Promise.reject(new Error("not here")),
};

const format = (type: string, more: object = {}) => ({ type, ...more }) as never;
const dynamic = (decoder: string, encoder = "com.e") =>
  format("dynamic", { encoder, decoder, realm: "realm1", role: null });
const mapping = new PayloadMapping(
  {
    payloadMapping: [
      { prefix: "json.", format: format("native", { serializer: "json" }) },
      { prefix: "cbor.", format: format("native", { serializer: "cbor" }) },
      { prefix: "made.", format: dynamic("com.d") },
      { prefix: "lost.", format: dynamic("com.nope", "com.nope") },
      { prefix: "list.", format: dynamic("com.list", "com.list") },
      { prefix: "none.", format: format("unavailable") },
    ],
  } as unknown as MqttServiceConfig,
  caller,
);

/** The message of a publication with this payload. */
async function toWamp(uri: string, payload: string | Uint8Array): Promise<unknown[]> {
  const { options, values } = await mapping.toWamp(uri, "t", Buffer.from(payload));
  return decodeMessage(encodeMessage([16, 1, options, uri, ...values], "cbor"), "cbor").slice(2);
}

/** The payload for an event with these details and arguments. */
async function toMqtt(uri: string, details: object, ...items: unknown[]): Promise<string> {
  const octets = items.map((item) => encodeMessage([item], "cbor").subarray(1));
  const payload = { details: details as Record<string, unknown>, items: octets };
  return Buffer.from(await mapping.toMqtt(uri, "t", payload)).toString("latin1");
}

describe("to WAMP", () => {
  test.each<[string, string, string, unknown[]]>([
    ["octets", "a", "\xff\x00", [{ enc_algo: "mqtt" }, Buffer.from("ff00", "hex")]],
    ["no octets", "json.a", "", [{ enc_algo: "mqtt" }, Buffer.alloc(0)]],
    ["arguments", "json.a", '{"args":[1,"a"]}', [{}, [1, "a"]]],
    ["keyword arguments", "json.a", '{"kwargs":{"a":1}}', [{}, [], { a: 1 }]],
    ["nothing", "json.a", '{"args":null,"other":1}', [{}]],
    ["receivers", "json.a", '{"eligible":[1],"x":2}', [{ eligible: [1] }]],
    ["what a procedure gives", "made.a", "x", [{}, [7]]],
  ])("%s of %s", async (_, uri, payload, message) => {
    const [options, topic, ...values] = await toWamp(uri, Buffer.from(payload, "latin1"));
    expect(topic).toBe(uri);
    expect([options, ...values]).toEqual(message);
  });

  test.each([
    ["json.a", "no JSON", "Cannot read a json message"],
    ["json.a", "[1]", "a payload is no map"],
    ["json.a", '{"args":1}', "args is no list"],
    ["json.a", '{"kwargs":[]}', "kwargs is no map"],
    ["cbor.a", "\x01", "a payload is no map"],
    ["none.a", "x", "not supported"],
    ["lost.a", "x", "com.nope has failed with com.wrong"],
    ["list.a", "x", "a payload is no map"],
  ])("%s refuses %j", async (uri, payload, sentence) => {
    await expect(toWamp(uri, payload)).rejects.toThrow(sentence);
  });

  test("a decoder gets URI, topic and octets", async () => {
    calls.length = 0;
    await mapping.toWamp("made.a", "made/a", Buffer.from("x"));
    const [call] = calls;
    expect(call).toMatchObject({ kind: "call", realm: "realm1", role: "trusted", uri: "com.d" });
    const args = decodeMessage(
      Buffer.from([0x82, 0x01, ...(call?.payload.items[0] ?? [])]),
      "cbor",
    );
    expect(args[1]).toEqual(["made.a", "made/a", Buffer.from("x")]);
  });
});

describe("to MQTT", () => {
  test.each<[string, string, object, unknown[], string]>([
    ["octets", "a", { enc_algo: "mqtt" }, [Buffer.from("\xff", "latin1")], "\xff"],
    ["octets of another mapping", "json.a", { enc_algo: "mqtt" }, [Buffer.from("x")], "x"],
    ["one text", "a", {}, [["text"]], "text"],
    ["one value of octets", "a", {}, [[Buffer.from("x")], {}], "x"],
    ["no arguments", "a", {}, [], ""],
    ["an empty list", "a", {}, [[]], ""],
    ["arguments", "json.a", {}, [[1, "a"]], '{"args":[1,"a"]}'],
    ["keyword arguments", "json.a", {}, [[], { a: 1 }], '{"args":[],"kwargs":{"a":1}}'],
    ["nothing", "json.a", {}, [], "{}"],
    ["arguments in CBOR", "cbor.a", {}, [[1]], "\xa1\x64args\x81\x01"],
    ["what a procedure gives", "made.a", {}, [[1]], "text"],
  ])("%s of %s", async (_, uri, details, items, payload) => {
    expect(await toMqtt(uri, details, ...items)).toBe(payload);
  });

  test.each<[string, object, unknown[], string]>([
    ["a", {}, [[1]], "a payload is a text, or octets"],
    ["a", {}, [["a", "b"]], "its arguments are not one text, or octets"],
    ["a", {}, [["a"], { b: 1 }], "its arguments are not one text, or octets"],
    ["a", { ppt_scheme: "wamp" }, [["a"]], "its payload is for the application alone"],
    ["json.a", { enc_algo: "cryptobox" }, [Buffer.from("x")], "for the application alone"],
    ["none.a", {}, [["a"]], "not supported"],
    ["lost.a", {}, [["a"]], "com.nope has failed with com.wrong"],
    ["list.a", {}, [["a"]], "a payload is a text, or octets"],
  ])("%s with %j and %j has none", async (uri, details, items, sentence) => {
    await expect(toMqtt(uri, details, ...items)).rejects.toThrow(sentence);
  });
});
