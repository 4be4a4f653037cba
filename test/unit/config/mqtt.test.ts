/** MQTT: transports, and parts of universal transports and of WebSockets. */

import { describe, expect, test } from "bun:test";
import { loadNode, nodeWith } from "../../support/loaded-node.ts";

const at = "$.workers[1].transports[0]";
const auth = { anonymous: { type: "static", role: "anonymous" } };
const endpoint = { type: "tcp", port: 1883 };
const transport = (options: object, more: object = {}) => ({
  type: "mqtt",
  endpoint,
  options: { realm: "realm1", auth, ...options },
  ...more,
});
const load = (options: object, more: object = {}) =>
  loadNode(nodeWith(at, transport(options, more)));
const loaded = (config: unknown) =>
  (config as { workers: { transports: object[] }[] }).workers[1]?.transports[0];

describe("an MQTT transport", () => {
  test("is normalized with its defaults", async () => {
    const { config, faults, warnings } = await load({});
    expect([...faults, ...warnings]).toEqual([]);
    expect(loaded(config)).toMatchObject({
      type: "mqtt",
      realm: "realm1",
      serializers: ["cbor"],
      auth,
      backend: null,
      payloadMapping: [],
      options: {
        max_message_size: 16_777_216,
        max_inflight: 100,
        session_expiry: 3_600_000,
        max_kept_sessions: 1_000,
        max_queued_messages: 1_000,
        max_queued_octets: 1_048_576,
        max_buffered: 1_048_576,
      },
    });
  });

  test("looks for the longest begin of a topic first", async () => {
    const { config } = await load({
      payload_mapping: {
        "": { type: "passthrough" },
        "com.example.": { type: "native", serializer: "json" },
        "com.": { type: "dynamic", encoder: "com.e", decoder: "com.d", role: "anonymous" },
      },
    });
    const dynamic = { encoder: "com.e", decoder: "com.d", realm: "realm1", role: "anonymous" };
    expect(loaded(config)).toMatchObject({
      payloadMapping: [
        { prefix: "com.example.", format: { type: "native", serializer: "json" } },
        { prefix: "com.", format: { type: "dynamic", ...dynamic } },
        { prefix: "", format: { type: "passthrough" } },
      ],
    });
  });

  test.each<[object, string]>([
    [{ realm: "other" }, `.realm: no route "other" exists, so nothing is joined`],
    [
      { auth: { ...auth, wampcra: { type: "static", users: {} } } },
      ".auth.wampcra: has no effect: no client of MQTT joins with it",
    ],
    [
      { payload_mapping: { a: { type: "native", serializer: "ubjson" } } },
      ".payload_mapping.a.serializer: not honoured: publications of these topics are refused, and no events are sent to MQTT clients",
    ],
    [
      { payload_mapping: { a: { type: "dynamic", encoder: "a", decoder: "b" } } },
      `.payload_mapping.a.role: route "realm1" lacks role "trusted", so nothing is translated`,
    ],
  ])("with %j is warned of", async (options, sentence) => {
    const { faults, warnings } = await load(options);
    expect(faults).toEqual([]);
    expect(warnings).toContain(`${at}.options${sentence}`);
  });

  test.each<[object, string]>([
    [{ realm: undefined }, ".options.realm: required attribute is missing"],
    [{ max_inflight: 0 }, ".options.max_inflight: expected an integer from 1 to 65535, found 0"],
    [
      { payload_mapping: { a: { type: "native" } } },
      ".options.payload_mapping.a.serializer: required attribute is missing",
    ],
    [
      { payload_mapping: { a: { type: "nativ" } } },
      '.options.payload_mapping.a.type: expected "passthrough", "native" or "dynamic", found "nativ"; did you mean "native"?',
    ],
  ])("with %j is refused", async (options, sentence) => {
    const { faults } = await load(options);
    expect(faults).toEqual([`${at}${sentence}`]);
  });
});

test("a WebSocket has MQTT beside WAMP, with authmethods of its own", async () => {
  const ws = { type: "websocket", auth, mqtt: { options: { realm: "realm1", auth } } };
  const node = nodeWith("$.workers[1].transports[0].paths.ws", ws);
  const { config, faults, warnings } = await loadNode(node);
  expect([...faults, ...warnings]).toEqual([]);
  expect(loaded(config)).toMatchObject({ paths: { ws: { mqtt: { realm: "realm1", auth } } } });
});
