/** Guests, containers and components: what is written, and what of it is a fault or is warned of. */

import { describe, expect, test } from "bun:test";
import { loadNode, nodeWith } from "../../support/loaded-node.ts";

const guest = { type: "guest", executable: "sh" };
const transport = {
  type: "rawsocket",
  endpoint: { type: "unix", path: "router.sock" },
  serializer: "cbor",
};
const tcp = { type: "tcp", host: "router.example", port: 443, timeout: 3 };
const websocket = { type: "websocket", url: "wss://router.example/ws", endpoint: tcp };
const component = { type: "class", classname: "a.B", realm: "realm1", transport };
const container = { type: "container", components: [component] };
const router = {
  type: "router",
  realms: [{ name: "realm1", roles: [] }],
  components: [{ type: "class", classname: "a.B", realm: "realm1" }],
};
const base = (worker: object) => ({ version: 2, workers: [worker] });
const loaded = (worker: object, path: string, value: unknown) =>
  loadNode(nodeWith(`$.workers[0].${path}`, value, base(worker)));

describe("the normalized form", () => {
  test("of a guest", async () => {
    const { config, warnings } = await loadNode(base(guest));
    expect(warnings).toEqual([]);
    expect(config?.workers[0]).toEqual({
      type: "guest",
      id: "worker001",
      executable: "sh",
      arguments: [],
      options: {
        workdir: config?.folder ?? "",
        env: { inherit: true, vars: {} },
        stdin: "pipe",
        stdout: "log",
        stderr: "log",
        watch: null,
        restart: "on-failure",
      },
    });
  });

  test("of a guest's options", async () => {
    const options = {
      workdir: "web",
      env: { inherit: ["HOME"], vars: { A: "1" } },
      stdin: { type: "json", value: [1] },
      stdout: "drop",
      watch: { directories: ["web"], action: "restart", timeout: 2.5 },
      restart: "always",
    };
    const { config, warnings } = await loaded(guest, "options", options);
    expect(warnings).toEqual([]);
    const folder = `${config?.folder}/web`;
    expect(config?.workers[0]).toMatchObject({
      options: {
        workdir: folder,
        env: options.env,
        stdin: { text: "[1]", close: true },
        stdout: "drop",
        stderr: "log",
        watch: { directories: [folder], action: "restart", timeout: 2500 },
        restart: "always",
      },
    });
  });

  test("of a container", async () => {
    const { config, warnings } = await loadNode(base(container));
    expect(warnings).toEqual([]);
    expect(config?.workers[0]).toEqual({
      type: "container",
      id: "worker001",
      options: {
        pythonpath: [],
        env: { inherit: true, vars: {} },
        cpu_affinity: [],
        ready_timeout: 20_000,
        shutdown: "shutdown-manual",
        restart: "restart-never",
      },
      components: [
        {
          id: "component001",
          type: "class",
          classname: "a.B",
          realm: "realm1",
          extra: "{}",
          transport: {
            type: "rawsocket",
            endpoint: { type: "unix", path: `${config?.folder}/router.sock`, timeout: 10 },
            serializer: "cbor",
            options: {},
          },
        },
      ],
    });
  });

  test("of a component over WebSocket and TLS", async () => {
    const { config } = await loaded(container, "components[0].transport", websocket);
    expect(config?.workers[0]).toMatchObject({
      components: [
        {
          transport: {
            url: "wss://router.example/ws",
            endpoint: {
              host: "router.example",
              port: 443,
              timeout: 3,
              tls: { hostname: "router.example", ca_certificates: [] },
            },
          },
        },
      ],
    });
  });

  test("of a router's components", async () => {
    const node = base({ ...router, options: { pythonpath: ["web"], ready_timeout: 0 } });
    const { config } = await loadNode(node);
    expect(config?.workers[0]).toMatchObject({
      components: {
        list: [{ id: "component001", role: "anonymous", extra: "{}", transport: {} }],
        options: { pythonpath: [`${config?.folder}/web`], ready_timeout: 0 },
      },
    });
  });

  test.each([
    [undefined, []],
    ["shutdown_on_worker_exit", ["shutdown_on_worker_exit"]],
    [["shutdown_on_last_worker_exit"], ["shutdown_on_last_worker_exit"]],
  ])("of controller.options.shutdown %p", async (shutdown, triggers) => {
    const { config } = await loadNode({
      ...base(guest),
      controller: { id: "node1", options: { ...(shutdown && { shutdown }) } },
    });
    expect(config?.controller.shutdown).toEqual(triggers as never);
  });
});

describe("a fault", () => {
  test.each<[path: string, value: unknown, sentence: string]>([
    ["executable", undefined, "required attribute is missing"],
    ["executable", "", "expected a text, found an empty one"],
    ["arguments", "a b", "expected list, found a string"],
    ["arguments", [1], ""],
    ["options.stdin", "open", 'expected "close", found "open"'],
    ["options.stdin", { type: "json" }, ""],
    ["options.stdout", "keep", 'expected "log", "close" or "drop", found "keep"'],
    ["options.env.inherit", 1, "expected a boolean or a list of names"],
    ["options.env.vars.A", 1, "expected string, found a number"],
    ["options.pythonpath", [], 'unknown attribute "pythonpath"'],
  ])("of a guest: %s %p", async (path, value, sentence) => {
    const { faults } = await loaded(
      { ...guest, options: { watch: { directories: [] } } },
      path,
      value,
    );
    expect(faults).toEqual([
      expect.stringContaining(`$.workers[0].${path}${sentence && `: ${sentence}`}`),
    ]);
  });

  test.each<[path: string, value: unknown, sentence: string]>([
    ["options.python", "python3", 'expected an absolute path, found "python3"'],
    ["options.cpu_affinity", [-1], "[0]: expected an integer from 0 to 4095, found -1"],
    ["options.ready_timeout", 60_000, "expected an integer from 0 to 25000, found 60000"],
    ["options.restart", "restart-failed", 'expected "restart-never", "restart-always"'],
    ["options.workdir", "a", 'unknown attribute "workdir"'],
    ["components[0].type", "object", 'expected "class", "function" or "wamplet"'],
    ["components[0].class", "a.A", 'unknown attribute "class"; did you mean "classname"?'],
    ["components[0].classname", "Class", "expected module.name"],
    ["components[0].classname", undefined, "required attribute is missing"],
    ["components[0].realm", undefined, "required attribute is missing"],
    ["components[0].transport", undefined, "required attribute is missing"],
    ["components[0].transport.type", "longpoll", 'expected "websocket" or "rawsocket"'],
    ["components[0].transport.serializer", undefined, "required attribute is missing"],
    [
      "components[0].transport.options",
      { max_message_sise: 1000 },
      'unknown attribute "max_message_sise"; did you mean "max_message_size"?',
    ],
    [
      "components[0].transport",
      { ...websocket, url: "router.example" },
      '.url: expected a URL such as "ws://localhost", found "router.example"',
    ],
    [
      "components[0].transport",
      { ...websocket, endpoint: { ...tcp, tls: false } },
      ".url: the url says wss, and the endpoint says no TLS",
    ],
    ["components[0].role", "user", 'unknown attribute "role"'],
    ["components[0].extra", [], "expected object, found list"],
    ["components[1]", { ...component, id: "component001" }, '.id: component id "component001"'],
  ])("of a container: %s %p", async (path, value, sentence) => {
    const { faults } = await loaded({ ...container, options: {} }, path, value);
    expect(faults).toEqual([expect.stringContaining("$.workers[0].")]);
    expect(faults[0]).toContain(sentence);
  });

  test.each<[path: string, value: unknown, sentence: string]>([
    ["components[0].realm", "realm2", 'this worker has no realm "realm2"'],
    ["components[0].transport", transport, 'unknown attribute "transport"'],
    ["components[0].type", "function", 'unknown attribute "classname"'],
    [
      "components[1]",
      { type: "function", realm: "realm1", callbacks: { start: "a.b" } },
      "expected connect, join, leave or disconnect",
    ],
    [
      "components[1]",
      { type: "wamplet", realm: "realm1", package: "a" },
      "entrypoint: required attribute is missing",
    ],
  ])("of a router's component: %s %p", async (path, value, sentence) => {
    const { faults } = await loaded(router, path, value);
    expect(faults).toEqual([expect.stringContaining(sentence)]);
  });

  test.each([
    ["restart-always", "shutdown-on-last-component-stopped"],
    ["restart-always", "shutdown-on-any-component-stopped"],
    ["restart-always", "shutdown-on-any-component-failed"],
    ["restart-on-failed", "shutdown-on-any-component-stopped"],
    ["restart-on-failed", "shutdown-on-any-component-failed"],
  ])("is %s with %s", async (restart, shutdown) => {
    const { faults } = await loaded(container, "options", { restart, shutdown });
    expect(faults).toEqual([
      `$.workers[0].options.restart: cannot be "${restart}" where shutdown is "${shutdown}"`,
    ]);
  });

  test("is not restart-on-failed beside shutdown-on-last-component-stopped", async () => {
    const options = {
      restart: "restart-on-failed",
      shutdown: "shutdown-on-last-component-stopped",
    };
    expect((await loaded(container, "options", options)).faults).toEqual([]);
  });

  test.each([
    [guest, "options", 5],
    [guest, "options.env", []],
    [guest, "options.watch", "web"],
    [container, "options", []],
    [container, "options.pythonpath", "web"],
    [container, "options.python", 5],
    [container, "components", {}],
    [container, "components[0]", null],
    [router, "components", "a.B"],
    [router, "options.env.vars", 1],
  ])("of the wrong type is reported, and nothing throws: %j %s %p", async (worker, path, value) => {
    const { config, faults } = await loaded({ options: {}, ...worker }, path, value);
    expect(config).toBeNull();
    expect(faults).toHaveLength(1);
  });

  test.each([
    ["options.env.vars.USER1", 12345678, "expected string, found a number"],
    ["arguments", ["-p", 12345678], "expected string, found a number"],
    ["arguments", "-p 12345678", "expected list, found a string"],
  ])("does not quote what may be a secret: %s %p", async (path, value, sentence) => {
    const { faults } = await loaded(guest, path, value);
    expect(faults).toEqual([expect.stringContaining(`: ${sentence}`)]);
    expect(faults.join()).not.toContain("12345678");
  });
});

describe("a warning", () => {
  test("for output that is closed: here it is only discarded", async () => {
    const { warnings } = await loaded(guest, "options.stdout", "close");
    expect(warnings).toEqual([
      "$.workers[0].options.stdout: the output is discarded; the program can go on writing",
    ]);
  });

  test.each<[path: string, value: unknown, sentence: string]>([
    ["options.watch.directories", "web", 'ignored: expected list, found "web"'],
    ["options.watch.action", "stop", 'ignored: expected "restart", found "stop"'],
    ["options.watch.timeout", -1, "ignored: expected 0 to 2147483 seconds, found -1"],
    ["options.watch.timeout", 2_147_484, "ignored: expected 0 to 2147483 seconds, found 2147484"],
    ["options.watch.folders", ["web"], "unknown attribute, which is ignored"],
  ])("for what Crossbar does not check of a guest: %s %p", async (path, value, sentence) => {
    const { faults, warnings } = await loaded(guest, path, value);
    expect(faults).toEqual([]);
    expect(warnings).toContain(`$.workers[0].${path}: ${sentence}`);
  });

  test("for options of a component's transport that only a server has", async () => {
    const value = { type: "websocket", endpoint: transport.endpoint, url: "ws://localhost" };
    const options = { tcp_nodelay: false, enable_webstatus: true };
    const { config, warnings } = await loaded(container, "components[0].transport", {
      ...value,
      options,
    });
    expect(warnings).toContain(
      "$.workers[0].components[0].transport.options.enable_webstatus: not honoured: it is for transports that listen",
    );
    const [worker] = config?.workers ?? [];
    expect(worker?.type === "container" && worker.components[0]?.transport["options"]).toEqual({
      tcp_nodelay: false,
    });
  });

  test.each([
    [
      { ...websocket, url: "ws://router.example", endpoint: { ...tcp, tls: true } },
      "the url says ws, and the endpoint has TLS: TLS is used",
    ],
    [
      { ...websocket, endpoint: transport.endpoint },
      "the url says wss, and a Unix socket has no TLS: none is used",
    ],
  ])("for a url that does not say what the endpoint is: %j", async (value, sentence) => {
    const { faults, warnings } = await loaded(container, "components[0].transport", value);
    expect([faults, warnings]).toEqual([
      [],
      [`$.workers[0].components[0].transport.url: ${sentence}`],
    ]);
  });

  test("for a watched folder that does not exist", async () => {
    const { warnings } = await loaded(guest, "options.watch.directories", ["web", "nowhere"]);
    expect(warnings).toEqual([
      "$.workers[0].options.watch.directories[1]: there is no such folder at present",
    ]);
  });

  test("for a container without components", async () => {
    const { warnings } = await loaded(container, "components", []);
    expect(warnings).toEqual(["$.workers[0].components: there is no component, so nothing is run"]);
  });

  test("for a role that the realm of a router's component lacks", async () => {
    const node = {
      ...router,
      realms: [{ name: "realm1", roles: [{ name: "user", permissions: [] }] }],
    };
    const { warnings } = await loadNode(base(node));
    expect(warnings).toEqual([
      '$.workers[0].components[0].role: realm "realm1" has no role "anonymous"; this component may do nothing',
    ]);
  });
});
