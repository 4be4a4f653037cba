/** Paths of type `sse`. */

import { describe, expect, test } from "bun:test";
import { loadNode, nodeWith } from "../../support/loaded-node.ts";
import { titled } from "../../support/titles.ts";

const at = "$.workers[1].transports[0].paths.events";
const service = { type: "sse", realm: "realm1", role: "anonymous" };
const load = (changes: object, env = {}) => loadNode(nodeWith(at, { ...service, ...changes }), env);
const loaded = (config: unknown) =>
  (config as { workers: { transports: { paths: { events: object } }[] }[] }).workers[1]
    ?.transports[0]?.paths.events;

const defaults = {
  key: null,
  secret: null,
  require_tls: false,
  require_ip: null,
  timestamp_delta_limit: 300,
  allowed_origins: ["*"],
  heartbeat_interval: 15_000,
  retry: 2_000,
  max_listeners: 10_000,
  max_buffered: 1_048_576,
  stall_timeout: 30_000,
  max_outgoing: 268_435_456,
};

describe("an event stream", () => {
  test("is normalized with its defaults", async () => {
    const { config, faults, warnings } = await load({});
    expect([...faults, ...warnings]).toEqual([]);
    expect(loaded(config)).toEqual({ ...service, topics: null, options: defaults });
  });

  test("takes topics and every option, and a secret out of the environment", async () => {
    const options = {
      require_tls: true,
      timestamp_delta_limit: 60,
      allowed_origins: ["https://a.example"],
      heartbeat_interval: 1_000,
      retry: 100,
      max_listeners: 1,
      max_buffered: 1_024,
      stall_timeout: 0,
      max_outgoing: 67_108_864,
    };
    const signed = { key: "key1", secret: `\${SECRET}`, require_ip: ["10.0.0.0/8"] };
    const topics = [{ topic: "a.b" }, { topic: "a.", match: "prefix" }];
    const written = { id: "events1", topics, options: { ...options, ...signed } };
    const { config, faults, warnings } = await load(written, { SECRET: "topsecret" });
    expect([...faults, ...warnings]).toEqual([]);
    expect(loaded(config)).toEqual({
      ...service,
      topics: [
        { topic: "a.b", match: "exact" },
        { topic: "a.", match: "prefix" },
      ],
      options: { ...options, ...signed, secret: "topsecret" },
    });
  });

  test.each(
    titled<[object, string]>([
      [{ realm: undefined }, "realm: required attribute is missing"],
      [{ topics: [] }, "topics: expected at least one topic, found none"],
      [
        { topics: [{ topic: "a..b" }] },
        'topics[0].topic: expected a URI of exact match, found "a..b"',
      ],
      [
        { topics: [{ topic: "a b", match: "wildcard" }] },
        'topics[0].topic: expected a URI of wildcard match, found "a b"',
      ],
      [{ options: { secret: "a" } }, 'options.secret: needs "key": clients name the key'],
      [{ options: { retry: 99 } }, "options.retry: expected an integer from 100"],
    ]),
  )("%s is refused", async (_, changes, sentence) => {
    const { faults } = await load(changes);
    expect(faults).toEqual([expect.stringContaining(`${at}.${sentence}`)]);
  });

  test("warns of a realm or a role to which no route leads", async () => {
    const { warnings } = await load({ realm: "nowhere" });
    expect(warnings).toEqual([
      `${at}.realm: no route "nowhere" exists, so nothing is subscribed to`,
    ]);
  });
});
