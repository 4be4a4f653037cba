/** Paths of type `longpoll`. */

import { describe, expect, test } from "bun:test";
import { loadNode, nodeWith } from "../../support/loaded-node.ts";
import { titled } from "../../support/titles.ts";

const at = "$.workers[1].transports[0].paths.poll";
const anonymous = { anonymous: { type: "static", role: "anonymous" } };
const service = { type: "longpoll", auth: anonymous };
const load = (changes: object) => loadNode(nodeWith(at, { ...service, ...changes }));
const loaded = (config: unknown) =>
  (config as { workers: { transports: { paths: { poll: object } }[] }[] }).workers[1]?.transports[0]
    ?.paths.poll;

const options = {
  request_timeout: 10_000,
  session_timeout: 30_000,
  max_buffered: 131_072,
  queue_limit_messages: 100,
  max_message_size: 16_777_216,
  allowed_origins: ["*"],
  allow_null_origin: true,
  max_transports: 10_000,
  stall_timeout: 30_000,
  max_outgoing: 268_435_456,
  message_timeout: 60_000,
  max_incomplete: 268_435_456,
};

describe("a long-poll path", () => {
  test("is normalized with its defaults, which are those of Crossbar", async () => {
    const { config, faults, warnings } = await load({});
    expect([...faults, ...warnings]).toEqual([]);
    expect(loaded(config)).toEqual({
      ...service,
      serializers: ["cbor", "msgpack", "json"],
      backend: null,
      options,
      joining: {
        hello_timeout: 10_000,
        join_timeout: 30_000,
        authenticate_timeout: 10_000,
        max_auth_failures_per_minute: 60,
      },
      place: expect.stringMatching(/^\d+\/poll$/),
    });
  });

  test("takes the options of Crossbar, and a cookie", async () => {
    const written = {
      debug: true,
      request_timeout: 5,
      session_timeout: 60,
      queue_limit_bytes: 1024,
      queue_limit_messages: 10,
      told_by_close: ["shutdown"],
    };
    const cookie = { store: { type: "memory" } };
    const changes = {
      id: "poll1",
      options: { ...written, allowed_origins: ["https://a.example"] },
    };
    const { config, faults, warnings } = await load({ ...changes, cookie, serializers: ["json"] });
    expect([...faults, ...warnings]).toEqual([]);
    expect(loaded(config)).toMatchObject({
      serializers: ["json"],
      cookie: { name: "cbtid" },
      options: {
        ...options,
        allowed_origins: ["https://a.example"],
        request_timeout: 5_000,
        session_timeout: 60_000,
        max_buffered: 1024,
        queue_limit_messages: 10,
        told_by_close: ["shutdown"],
      },
    });
  });

  test.each(
    titled<[object, string, object]>([
      [
        { request_timeout: 0 },
        "request_timeout: not honoured: a receive is answered after 600 s",
        { request_timeout: 600_000 },
      ],
      [
        { session_timeout: 0 },
        "session_timeout: not honoured: a session without a request ends after 86400 s",
        { session_timeout: 86_400_000 },
      ],
      [
        { queue_limit_bytes: 0 },
        "queue_limit_bytes: not honoured: the client counts as behind when 67108864 octets wait",
        { max_buffered: 67_108_864 },
      ],
      [
        { queue_limit_messages: -1 },
        "queue_limit_messages: ignored: expected an integer from 0 to 50000, found -1",
        { queue_limit_messages: 100 },
      ],
      [
        { queue_limit_messages: 0 },
        "queue_limit_messages: not honoured: the client counts as behind when 50000 messages wait",
        { queue_limit_messages: 50_000 },
      ],
      [
        { debug_transport_id: "kjmd3sBLOUnb3Fyr" },
        "debug_transport_id: not honoured: each transport has an id that cannot be guessed",
        {},
      ],
    ]),
  )("with %s is warned of", async (_, written, sentence, normalized) => {
    const { config, faults, warnings } = await load({ options: written });
    expect([...faults, ...warnings]).toEqual([`${at}.options.${sentence}`]);
    expect(loaded(config)).toMatchObject({ options: { ...options, ...normalized } });
  });

  test("without auth lets everyone join as anonymous, with a warning", async () => {
    const { warnings } = await loadNode(nodeWith(at, { type: "longpoll" }));
    expect(warnings).toEqual([`${at}: there is no auth, so everyone may join as anonymous`]);
  });

  test("of a router does not honour what a router does not", async () => {
    const path = "$.workers[0].transports[1]";
    const web = {
      type: "web",
      endpoint: { type: "tcp", port: 8099 },
      paths: { poll: { ...service, options: { queue_limit_messages: 10, stall_timeout: 1000 } } },
    };
    const { warnings } = await loadNode(nodeWith(path, web));
    const cut = "not honoured: a router cuts a client off when 16 MiB wait for it";
    expect(warnings).toEqual([
      `${path}.paths.poll.options.queue_limit_messages: ${cut}`,
      `${path}.paths.poll.options.stall_timeout: ${cut}`,
    ]);
  });
});
