/** `options` and `store` of a realm. */

import { describe, expect, test } from "bun:test";
import { loadNode, nodeWith } from "../../support/loaded-node.ts";

const path = "$.workers[0].realms[0]";

async function loadRealm(name: string, value: unknown) {
  const { config, faults, warnings } = await loadNode(nodeWith(`${path}.${name}`, value));
  const worker = config?.workers[0];
  return { realm: worker?.type === "router" ? worker.realms[0] : undefined, faults, warnings };
}

describe("options of a realm", () => {
  test("have defaults", async () => {
    const { realm, warnings } = await loadRealm("options", {});
    expect(realm?.options).toEqual({
      enable_meta_api: true,
      default_call_timeout: 0,
      max_call_timeout: 0,
      event_dispatching_chunk_size: 1000,
      uri_check: "loose",
    });
    expect(warnings).toEqual([]);
  });

  test("warn of a default that never holds", async () => {
    const options = { default_call_timeout: 200, max_call_timeout: 100 };
    const { realm, warnings } = await loadRealm("options", options);
    expect(realm?.options).toMatchObject(options);
    expect(warnings).toEqual([
      `${path}.options.default_call_timeout: more than max_call_timeout, so that calls end after 100 ms`,
    ]);
  });

  test("warn of those without effect", async () => {
    const options = {
      bridge_meta_api: true,
    };
    const { warnings, faults } = await loadRealm("options", options);
    expect(faults).toEqual([]);
    expect(warnings.map((warning) => warning.replace(`${path}.options.`, ""))).toEqual([
      "bridge_meta_api: not honoured: there is no management realm to bridge to; the sessions of a node are at its admin endpoint",
    ]);
  });

  test.each([
    [100, 100, null],
    [true, 1, "true counts as 1, as in Crossbar"],
    ["100", 1000, 'ignored: expected number, found "100"'],
    [0.5e7, 1000, "ignored: expected an integer from 1 to 1000000, found 5000000"],
    [1.5, 1000, "ignored: expected an integer from 1 to 1000000, found 1.5"],
  ])("event_dispatching_chunk_size %j is %d", async (written, expected, warning) => {
    const name = "event_dispatching_chunk_size";
    const { realm, faults, warnings } = await loadRealm("options", { [name]: written });
    expect([realm?.options?.[name], faults]).toEqual([expected, []]);
    expect(warnings).toEqual(warning === null ? [] : [`${path}.options.${name}: ${warning}`]);
  });

  test.each<[written: unknown, expected: string, warned: string[]]>([
    ["strict", "strict", []],
    ["exact", "loose", [`ignored: expected "loose" or "strict", found "exact"`]],
    [null, "loose", [`ignored: expected "loose" or "strict", found null`]],
  ])("uri_check %j is %s, as in Crossbar", async (uri_check, expected, warned) => {
    const { realm, faults, warnings } = await loadRealm("options", { uri_check });
    expect([`${realm?.options?.uri_check}`, faults]).toEqual([expected, []]);
    expect(warnings).toEqual(warned.map((warning) => `${path}.options.uri_check: ${warning}`));
  });

  test.each([
    [{ event_dispatching_chunk_size: 0 }, "event_dispatching_chunk_size"],
    [{ event_dispatching_chunk_size: "0" }, "event_dispatching_chunk_size"],
    [{ event_dispatching_chunk_size: "many" }, "event_dispatching_chunk_size"],
    [{ enable_meta_api: 1 }, "enable_meta_api"],
    [{ max_call_timeout: -1 }, "max_call_timeout"],
    [{ default_call_timeout: "1" }, "default_call_timeout"],
    [{ other: true }, "other"],
  ])("%j are refused", async (options, name) => {
    const { faults } = await loadRealm("options", options);
    expect(faults.map((fault) => fault.split(":")[0])).toEqual([`${path}.options.${name}`]);
  });
});

describe("the counts of a realm", () => {
  const defaults = {
    rated_message_size: 512,
    trigger_after_rated_messages: 0,
    trigger_after_duration: 0,
    trigger_on_join: false,
    trigger_on_leave: true,
  };

  test("have defaults, and are absent unless they are asked for", async () => {
    expect((await loadRealm("stats", {})).realm?.stats).toEqual(defaults);
    expect((await loadRealm("options", {})).realm).not.toHaveProperty("stats");
  });

  test("are taken as they are written", async () => {
    const written = { ...defaults, rated_message_size: 100, trigger_on_join: true };
    const { realm, warnings } = await loadRealm("stats", written);
    expect([realm?.stats, warnings]).toEqual([written, []]);
  });

  test("ignore values that Crossbar does not check, and warn of each", async () => {
    const { realm, faults, warnings } = await loadRealm("stats", { rated_message_size: "many" });
    expect([realm?.stats, faults]).toEqual([defaults, []]);
    const sentence = 'ignored: expected number, found "many"';
    expect(warnings).toEqual([`${path}.stats.rated_message_size: ${sentence}`]);
    const none = await loadRealm("stats", 5);
    expect([none.realm?.stats, none.faults, none.warnings.length]).toEqual([undefined, [], 1]);
  });
});

describe("the realm *", () => {
  test("has a limit", async () => {
    const { realm } = await loadRealm("name", "*");
    expect(realm?.max_realms).toBe(100);
    const others = nodeWith(`${path}.name`, "*", nodeWith(`${path}.max_realms`, 7));
    const { config } = await loadNode(others);
    const worker = config?.workers[0];
    expect(worker?.type === "router" && worker.realms[0]?.max_realms).toBe(7);
  });

  test("alone has one", async () => {
    const { realm, warnings } = await loadRealm("max_realms", 7);
    expect(realm).not.toHaveProperty("max_realms");
    expect(warnings).toEqual([`${path}.max_realms: has no effect: it is for the realm "*" alone`]);
  });

  test("has the roles of every realm to which routes lead", async () => {
    const routes = nodeWith("$.workers[1].routes.elsewhere", { anonymous: "raw" });
    expect((await loadNode(nodeWith(`${path}.name`, "*", routes))).warnings).toEqual([]);
  });
});

describe("the store of a realm", () => {
  test("names patterns with their limits", async () => {
    const store = {
      type: "memory",
      limit: 50,
      "event-history": [{ uri: "a.b" }, { uri: "a.", match: "prefix", limit: 7 }],
    };
    const { realm, warnings } = await loadRealm("store", store);
    expect(realm?.history).toEqual([
      { uri: "a.b", match: "exact", limit: 50 },
      { uri: "a.", match: "prefix", limit: 7 },
    ]);
    expect(warnings).toEqual([]);
    const { realm: bare } = await loadRealm("store", { type: "memory" });
    expect(bare?.history).toEqual([]);
  });

  test("names procedures whose calls wait", async () => {
    const queue = [{ uri: "a" }, { uri: "a.", match: "prefix", limit: 7 }];
    const { realm, warnings } = await loadRealm("store", { type: "memory", "call-queue": queue });
    expect(realm?.queues).toEqual([
      { uri: "a", match: "exact", limit: 1000 },
      { uri: "a.", match: "prefix", limit: 7 },
    ]);
    expect(warnings).toEqual([]);
    const bare = await loadRealm("store", { type: "memory" });
    expect(bare.realm).not.toHaveProperty("queues");
  });

  test("ignores a queue that is no list, which Crossbar does not read", async () => {
    const { realm, warnings } = await loadRealm("store", { type: "memory", "call-queue": 5 });
    expect(realm).not.toHaveProperty("queues");
    expect(warnings).toEqual([`${path}.store["call-queue"]: ignored: expected list, found 5`]);
  });

  test.each([
    [{ type: "disk" }, "store.type"],
    [{ type: "memory", "event-history": 5 }, 'store["event-history"]'],
    [{ type: "memory", "event-history": [{}] }, 'store["event-history"][0].uri'],
  ])("%j is refused", async (store, where) => {
    const { faults } = await loadRealm("store", store);
    expect(faults.map((fault) => fault.split(":")[0])).toEqual([`${path}.${where}`]);
  });

  test("ignores values that Crossbar does not check, and warns of each", async () => {
    const kept = { uri: "a", match: "x", limit: 0 };
    const store = { type: "memory", limit: 0, "event-history": [kept] };
    const { realm, faults, warnings } = await loadRealm("store", store);
    expect([realm?.history, faults]).toEqual([[{ uri: "a", match: "exact", limit: 100 }], []]);
    const limit = "ignored: expected an integer from 1 to 100000, found 0";
    const event = `${path}.store["event-history"][0]`;
    expect(warnings).toEqual([
      `${path}.store.limit: ${limit}`,
      `${event}.match: ignored: expected "exact", "prefix" or "wildcard", found "x"`,
      `${event}.limit: ${limit}`,
    ]);
  });
});
