import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findConfigFile } from "#config/find-config-file.ts";
import { loadNodeConfig } from "#config/load.ts";
import { printIssue } from "#config/text/config-issue.ts";
import { loadNode, nodeWith, transportsOf } from "../../support/loaded-node.ts";
import { proxyNode } from "../../support/proxy-node.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const fixtures = join(import.meta.dir, "../../fixtures/config");

describe("loadNodeConfig", () => {
  for (const expected of new Bun.Glob("*.expected.txt").scanSync(fixtures)) {
    const name = expected.replace(".expected.txt", "");
    test(`tells everything about ${name}`, async () => {
      const loaded = await loadNodeConfig(join(fixtures, name), {});
      const lines = [...loaded.faults, ...loaded.warnings].map((issue) =>
        printIssue(issue).replaceAll(`${fixtures}/`, ""),
      );
      expect(`${lines.join("\n")}\n`).toBe(await Bun.file(join(fixtures, expected)).text());
    });
  }

  test.each([
    ["*secret1", "no anchor before this alias has its name"],
    ["|secret1", "Block scalar header includes extra characters"],
    ["!secret1!x", "Could not resolve tag"],
  ])("quotes no secret that lacks its quotation marks: %s", async (written, sentence) => {
    const { faults } = await loadNode(`secret: ${written}\n`, {}, "node.yaml");
    expect(faults[0]).toBe(`$: ${sentence}`);
    expect(faults.join()).not.toContain("secret1");
  });

  test("normalizes websocket-proxy to a connection and a path that passes through", async () => {
    const { config } = await loadNodeConfig(join(fixtures, "seed.json"), {});
    const worker = config?.workers[1];
    if (worker?.type !== "proxy") throw new Error("expected a proxy");
    expect(worker.connections).toEqual({
      "transport000/ws": {
        id: "transport000/ws",
        auth: "anonymous-proxy",
        transport: {
          type: "websocket",
          endpoint: { type: "unix", path: join(fixtures, "routerws.sock"), timeoutMs: 10_000 },
          url: "ws://localhost",
          serializers: ["json"],
        },
      },
    });
    const web = worker.transports[0];
    if (web?.type !== "web") throw new Error("expected a web transport");
    expect(web.paths["ws"]).toMatchObject({
      type: "websocket",
      auth: "passthrough",
      backend: "transport000/ws",
    });
  });

  test("names a file that does not exist as it was typed", async () => {
    const { config, faults } = await loadNodeConfig("x.json");
    expect(config).toBeNull();
    expect(faults.map(printIssue)).toEqual(['x.json:1:1  $: Cannot read "x.json": no such file']);
  });

  test("fills in every default of a WebSocket transport", async () => {
    const { config } = await loadNode(proxyNode({}, { routes: {} }));
    expect(transportsOf(config)[0]).toEqual({
      type: "websocket",
      id: "transport000",
      endpoint: { type: "tcp", port: 8080, interface: "0.0.0.0", shared: false },
      serializers: ["cbor", "msgpack", "json"],
      auth: { anonymous: { type: "static", role: "anonymous" } },
      backend: null,
      options: {
        allowed_origins: ["*"],
        allow_null_origin: true,
        enable_webstatus: true,
        max_message_size: 16_777_216,
        open_handshake_timeout: 0,
        close_handshake_timeout: 0,
        auto_ping_interval: 30_000,
        auto_ping_timeout: 30_000,
        auto_ping_size: 12,
        auto_ping_restart_on_any_traffic: true,
        require_websocket_subprotocol: true,
        max_frame_size: 0,
        auto_fragment_size: 0,
        fail_by_drop: false,
        echo_close_codereason: false,
        max_buffered: 1_048_576,
        stall_timeout: 30_000,
        max_outgoing: 268_435_456,
        message_timeout: 60_000,
        max_incomplete: 268_435_456,
        external_port: null,
        show_server_version: false,
        compression: null,
      },
      joining: {
        hello_timeout: 10_000,
        join_timeout: 30_000,
        authenticate_timeout: 10_000,
        max_auth_failures_per_minute: 60,
      },
    });
  });

  describe("told_by_close", () => {
    const options = { told_by_close: ["router_lost" as const, "shutdown" as const] };
    const made = async (transport: object) => {
      const { config } = await loadNode(proxyNode(transport));
      const first = transportsOf(config)[0];
      if (first === undefined || !("options" in first)) throw new Error("expected options");
      return "told_by_close" in first.options ? first.options.told_by_close : undefined;
    };

    test("is left to what the client is, unless it is given", async () => {
      expect(await made({})).toBeUndefined();
      expect(await made({ type: "rawsocket" })).toBeUndefined();
      expect(await made({ options })).toEqual(options.told_by_close);
      expect(await made({ type: "rawsocket", options })).toEqual(options.told_by_close);
    });

    test("takes no other word", async () => {
      const { faults } = await loadNode(proxyNode({ options: { told_by_close: ["router_loss"] } }));
      expect(faults[0]).toContain("told_by_close[0]");
      expect(faults[0]).toContain('"router_lost"');
    });

    test("is warned of on a router, which always says GOODBYE", async () => {
      const { warnings } = await loadNode(proxyNode({ options }, { type: "router", realms: [] }));
      expect(warnings.join()).toContain("told_by_close: not honoured");
    });
  });

  test("pings WebSocket clients by default, but none on a Unix socket", async () => {
    const intervals = async (transport: object) => {
      const { config } = await loadNode(proxyNode(transport));
      const made = transportsOf(config)[0];
      if (made?.type !== "websocket" && made?.type !== "rawsocket") throw new Error(made?.type);
      return [made.options.auto_ping_interval, made.options.auto_ping_timeout];
    };
    const unix = { type: "unix", path: "a.sock" };
    expect(await intervals({})).toEqual([30_000, 30_000]);
    expect(await intervals({ type: "rawsocket" })).toEqual([0, 30_000]);
    expect(await intervals({ type: "rawsocket", endpoint: unix })).toEqual([0, 30_000]);
    expect(await intervals({ endpoint: unix })).toEqual([0, 30_000]);
    const asked = { endpoint: unix, options: { auto_ping_interval: 5000, auto_ping_timeout: 0 } };
    expect(await intervals(asked)).toEqual([5000, 0]);
    expect(await intervals({ options: { auto_ping_interval: 0 } })).toEqual([0, 30_000]);
  });

  test("takes limits on every type of transport, and says which have no effect", async () => {
    const limited = { max_connections: 9, max_messages_per_second: 50 };
    const web = { type: "web", paths: {}, ...limited };
    const others = ["rawsocket", "universal"].map((type) => ({ type, ...limited }));
    for (const transport of [limited, web, ...others]) {
      const { config } = await loadNode(proxyNode(transport));
      expect(transportsOf(config)[0]).toMatchObject({
        limits: {
          max_connections: 9,
          max_connections_per_address: null,
          max_messages_per_second: 50,
          max_messages_burst: 50,
        },
      });
    }
    const endpoint = { type: "unix", path: "a.sock" };
    const idle = { endpoint, max_connections_per_address: 1, max_messages_burst: 2 };
    const { warnings } = await loadNode(proxyNode({ type: "web", paths: {}, ...idle }));
    expect(warnings).toEqual([
      "$.workers[0].transports[0].max_connections_per_address: has no effect on clients of a Unix socket, for they have no address",
      "$.workers[0].transports[0].max_messages_burst: has no effect: max_messages_per_second is not given",
    ]);
  });

  test("warns of path types that are not offered, and runs the rest", async () => {
    const endpoint = { type: "unix", path: "a.sock" };
    const paths = { "/": { type: "nodeinfo" }, hook: { type: "pairme", options: {} } };
    const { config, faults, warnings } = await loadNode(
      proxyNode({ type: "web", endpoint, paths }),
    );
    expect(faults).toEqual([]);
    expect(warnings).toEqual([
      "$.workers[0].transports[0].paths.hook.type: not honoured: requests for it are answered with 501",
    ]);
    expect(transportsOf(config)[0]).toMatchObject({
      paths: { "/": { type: "nodeinfo" }, hook: { type: "unavailable" } },
    });
  });

  test("takes addresses and CIDRs of trusted proxies", async () => {
    const trusted_proxies = ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1"];
    const { config, faults } = await loadNode(proxyNode({ trusted_proxies }));
    expect(faults).toEqual([]);
    expect(transportsOf(config)[0]).toMatchObject({ trusted_proxies });
    for (const wrong of ["10.0.0.0/33", "10.0.0/8", "::/129", "proxy.example", "1.1.1.1/", "a/8"]) {
      expect((await loadNode(proxyNode({ trusted_proxies: [wrong] }))).faults).toEqual([
        `$.workers[0].transports[0].trusted_proxies[0]: expected an IP address, a range such as "10.0.0.0/8", or "unix", found "${wrong}"`,
      ]);
    }
    const warned = await loadNode(proxyNode({ trusted_proxies: ["unix"] }));
    expect(warned.warnings[1]).toEndWith('"unix" has no effect: the endpoint is no Unix socket');
  });

  test("takes ports and ticket secrets from the environment", async () => {
    const secret = `\${TICKET}`;
    const node = proxyNode({
      endpoint: { type: "tcp", port: "$PORT" },
      auth: { ticket: { type: "static", principals: { joe: { ticket: secret } } } },
    });
    const { config } = await loadNode(node, { PORT: "8081", TICKET: "s3cret" });
    expect(transportsOf(config)[0]).toMatchObject({
      endpoint: { port: 8081 },
      auth: { ticket: { principals: { joe: { ticket: "s3cret" } } } },
    });
    expect((await loadNode(node, { TICKET: "s3cret" })).faults).toEqual([
      "$.workers[0].transports[0].endpoint.port: environment variable $PORT is not set",
    ]);
  });

  test.each(["ticket", "wampcra"])(
    "lets no client in with a secret for %s from a variable that is not set",
    async (method) => {
      const one = { [method === "ticket" ? "ticket" : "secret"]: `\${TICKET}` };
      const all = { [method === "ticket" ? "principals" : "users"]: { joe: one, ann: one } };
      const node = proxyNode({ auth: { [method]: { type: "static", ...all } } });
      for (const env of [{}, { TICKET: "" }]) {
        const { config, faults, warnings } = await loadNode(node, env);
        expect(faults).toEqual([]);
        const sentence =
          "environment variable TICKET is not set, so a random secret is taken, which no client knows";
        expect(warnings.filter((warning) => warning.endsWith(sentence))).toHaveLength(2);
        const secrets = JSON.stringify(transportsOf(config)).match(/[0-9a-f-]{36}/g);
        expect(new Set(secrets).size).toBe(2);
      }
    },
  );

  test("warns of a role that no route takes", async () => {
    expect((await loadNode(proxyNode({}))).warnings).toEqual([
      '$.workers[0].transports[0]: no route has role "anonymous", so clients that get it cannot join',
    ]);
  });

  test("warns of a folder to be served in which the file itself lies", async () => {
    const web = (directory: string) =>
      proxyNode({ type: "web", paths: { "/": { type: "static", directory } } });
    expect((await loadNode(web("."))).warnings).toEqual([
      '$.workers[0].transports[0].paths["/"].directory: serves the folder of this file too, with the secrets that are in it',
    ]);
    expect((await loadNode(web("/dev"))).warnings).toEqual([]);
  });

  test("warns of the folder of the node and of the file, where these are two", async () => {
    const place = temporaryFolder({ "conf/a.json": "", "node/web/index.html": "" });
    const file = join(place, "conf/a.json");
    const served = async (directory: string) => {
      const paths = { "/": { type: "static", directory } };
      writeFileSync(file, JSON.stringify(proxyNode({ type: "web", paths })));
      const { config, warnings } = await loadNodeConfig(file, {}, join(place, "node"));
      expect(config).toMatchObject({ file, folder: join(place, "node") });
      return warnings.map(({ sentence }) => sentence);
    };
    const said = (folder: string) => [
      `serves the folder of ${folder} too, with the secrets that are in it`,
    ];
    expect(await served("web")).toEqual([]);
    expect(await served(".")).toEqual(said("the node"));
    expect(await served("../conf")).toEqual(said("this file"));
    expect(await served("..")).toEqual(said("this file"));
  });

  test("warns of a directory to be served that is missing", async () => {
    const paths = { "/": { type: "static", directory: "made/later" } };
    const { faults, warnings } = await loadNode(proxyNode({ type: "web", paths }));
    expect([faults, warnings]).toEqual([
      [],
      [
        '$.workers[0].transports[0].paths["/"].directory: there is no such directory at present; until there is, requests for it are answered with 404',
      ],
    ]);
  });

  test.each(["flashpolicy", "stream.testee"])(
    "leaves out a transport of type %s, and keeps the number of the next one",
    async (type) => {
      const [worker] = proxyNode({}).workers;
      const odd = { type, endpoint: { type: "tcp", port: 1883 }, options: { realm: "realm1" } };
      const transports = [odd, ...(worker?.transports ?? [])];
      const loaded = await loadNode({ version: 2, workers: [{ ...worker, transports }] });
      expect(loaded.faults).toEqual([]);
      expect(loaded.warnings[0]).toBe(
        "$.workers[0].transports[0].type: not honoured: the transport is left out",
      );
      expect(transportsOf(loaded.config).map(({ id }) => id)).toEqual(["transport001"]);
    },
  );

  test("skips a disabled worker and keeps the count of ids", async () => {
    const node = proxyNode({}, { options: { disabled: true } });
    node.workers.push({ type: "proxy", transports: [] } as never);
    const { config } = await loadNode(node);
    expect(config?.workers.map(({ id }) => id)).toEqual(["worker002"]);
  });

  test("never throws, whatever stands in place of an item", async () => {
    const text = await Bun.file(join(fixtures, "seed.json")).text();
    const places = [...text.matchAll(/[{[]|"[^"]*"(?!:)|\d+|true|false/g)];
    for (const wrong of ["null", "7", '"x"', "[]", "{}", "[null]", '{"type":null}']) {
      for (const place of places) {
        const end = place.index + place[0].length;
        if (/[{[]/.test(place[0])) continue;
        await loadNode(text.slice(0, place.index) + wrong + text.slice(end));
      }
      const node = JSON.parse(text);
      for (const key of ["version", "controller", "workers"]) {
        await loadNode({ ...node, [key]: JSON.parse(wrong) });
      }
      for (const key of ["options", "transport", "id"]) {
        const testee = { type: "websocket-testee", transport: { type: "websocket.testee" } };
        await loadNode({ version: 2, workers: [{ ...testee, [key]: JSON.parse(wrong) }] });
        const transport = { ...testee.transport, [key]: JSON.parse(wrong) };
        await loadNode({ version: 2, workers: [{ ...testee, transport }] });
        await loadNode({ version: 2, workers: [{ type: "router", transports: [transport] }] });
      }
      for (const key of ["options", "connections", "routes", "realms", "transports", "id"]) {
        await loadNode({ version: 2, workers: [{ type: "proxy", [key]: JSON.parse(wrong) }] });
        await loadNode({ version: 2, workers: [{ type: "router", [key]: JSON.parse(wrong) }] });
      }
      const keys = ["type", "endpoint", "auth", "options", "serializers", "cookie"];
      for (const key of [...keys, "trusted_proxies", "max_connections"]) {
        await loadNode(proxyNode({ [key]: JSON.parse(wrong) }));
        await loadNode(proxyNode({ type: "web", paths: {}, [key]: JSON.parse(wrong) }));
        const paths = { a: { type: "websocket-proxy", [key]: JSON.parse(wrong) } };
        await loadNode(proxyNode({ type: "web", paths }));
        await loadNode(
          proxyNode({ type: "web", paths: { p: { type: "path", paths: JSON.parse(wrong) } } }),
        );
      }
    }
  }, 60_000);
});

describe("findConfigFile", () => {
  test("prefers config.yaml, and finds nothing in an empty folder", () => {
    const folder = temporaryFolder();
    expect(findConfigFile(folder)).toBeNull();
    for (const name of ["node.json", "config.json", "config.yaml"]) {
      writeFileSync(join(folder, name), "");
      expect(findConfigFile(folder)).toBe(join(folder, name));
    }
  });
});

test.each(["a", ".a.b", "a..b", "a.b.", "a. b"])(
  "refuses %p as a procedure and a function",
  async (name) => {
    const dynamic = { type: "dynamic", authenticator: `${name}.` };
    const made = { type: "function", create: name };
    for (const auth of [dynamic, made]) {
      const node = nodeWith("$.workers[1].transports[0].paths.ws.auth.ticket", auth);
      expect((await loadNode(node)).faults).toEqual([expect.stringContaining("expected")]);
    }
  },
);

describe("a value that Crossbar takes", () => {
  const ws = "$.workers[1].transports[0].paths.ws";
  const files = "$.workers[1].transports[0].paths.files";

  test("is a realm that is given twice, of which the last counts", async () => {
    const realms = [
      { name: "realm1", roles: [{ name: "anonymous" }, { name: "user" }] },
      { name: "realm2", roles: [{ name: "anonymous" }] },
      { name: "realm1", roles: [{ name: "anonymous" }] },
    ];
    const { config, faults, warnings } = await loadNode(nodeWith("$.workers[0].realms", realms));
    expect(faults).toEqual([]);
    expect(warnings).toEqual([
      '$.workers[0].realms[2].name: realm "realm1" is also given before; the last one counts',
    ]);
    const [router] = config?.workers ?? [];
    if (router?.type !== "router") throw new Error("expected a router");
    expect(router.realms.map(({ name, roles }) => [name, roles.map((role) => role.name)])).toEqual([
      ["realm1", ["anonymous"]],
      ["realm2", ["anonymous"]],
    ]);
  });

  test("is a list without a serializer that is supported: no client can join", async () => {
    const { config, faults, warnings } = await loadNode(nodeWith(`${ws}.serializers`, ["ubjson"]));
    expect(faults).toEqual([]);
    expect(warnings).toEqual([
      `${ws}.serializers: none of these is supported, so no client can join`,
      `${ws}.serializers[0]: not honoured: clients that speak no other are refused`,
    ]);
    expect(JSON.stringify(config)).toContain('"serializers":[]');
  });

  test.each([["json"], [[]], [["a"]]])("is no faulty list of serializers: %j", async (list) => {
    const endpoint = { type: "unix", path: "rawsocket" };
    const auth = { anonymous: { type: "static" } };
    const rawsocket = { type: "rawsocket", endpoint, serializers: list, auth };
    const at = "$.workers[0].transports[0]";
    const { faults, warnings } = await loadNode(nodeWith(at, rawsocket));
    expect(faults).toEqual([expect.stringContaining(`${at}.serializers`)]);
    expect(warnings.join()).not.toContain("serializers");
  });

  test("is a folder of a Python package, which is not served", async () => {
    const node = nodeWith(files, { type: "static", package: "a", resource: "web" });
    const { config, faults, warnings } = await loadNode(node);
    expect(faults).toEqual([]);
    expect(warnings).toEqual([
      `${files}: not honoured: files of a Python package; requests for it are answered with 501`,
    ]);
    expect(JSON.stringify(config)).toContain('"files":{"type":"unavailable"}');
  });

  test("is a folder whose name is too long for the system", async () => {
    const long = "a".repeat(256);
    for (const directory of [long, `${"a/".repeat(2048)}a`]) {
      expect((await loadNode(nodeWith(`${files}.directory`, directory))).warnings).toEqual([
        `${files}.directory: this name is too long for the system; requests for it are answered with 404`,
      ]);
    }
    const { warnings } = await loadNode(nodeWith(`${files}.directory`, "a".repeat(255)));
    expect(warnings).toEqual([expect.stringContaining("there is no such directory at present")]);
  });

  test("is a name of two million parts", async () => {
    const name = `${"a.".repeat(2_000_000)}a`;
    const ticket = { type: "dynamic", authenticator: name };
    expect((await loadNode(nodeWith(`${ws}.auth.ticket`, ticket))).faults).toEqual([]);
    const create = { type: "function", create: name };
    expect((await loadNode(nodeWith(`${ws}.auth.ticket`, create))).faults).toEqual([]);
  });

  test("leaves out serializers that are not supported, beside others", async () => {
    const names = ["ubjson", "msgpack", "flatbuffers", "json"];
    const { config, warnings } = await loadNode(nodeWith(`${ws}.serializers`, names));
    expect(JSON.stringify(config)).toContain('"serializers":["msgpack","json"]');
    expect(warnings).toEqual(
      [0, 2].map(
        (index) =>
          `${ws}.serializers[${index}]: not honoured: clients that speak no other are refused`,
      ),
    );
  });

  test("is a short ping, which is sent with 12 octets", async () => {
    const { config, warnings } = await loadNode(nodeWith(`${ws}.options.auto_ping_size`, 4));
    expect(JSON.stringify(config)).not.toContain('"auto_ping_size":4');
    expect(warnings).toEqual([`${ws}.options.auto_ping_size: not honoured: pings have 12 octets`]);
  });

  test("is a netmask of clients", async () => {
    const bridge = (require_ip: string[]) => ({
      type: "caller",
      realm: "realm1",
      role: "anonymous",
      options: { require_ip },
    });
    const path = "$.workers[1].transports[0].paths.call";
    const masks = [
      "192.168.1.1/255.255.255.0",
      "10.0.0.0/8",
      "1.2.3.4/255.255.255.255",
      "0.0.0.0/0.0.0.0",
    ];
    const { config } = await loadNode(nodeWith(path, bridge(masks)));
    expect(JSON.stringify(config)).toContain(
      '["192.168.1.1/24","10.0.0.0/8","1.2.3.4/32","0.0.0.0/0"]',
    );
    for (const wrong of ["10.0.0.0/255.0.255.0", "::1/255.0.0.0", "10.0.0.0/255.0.0"]) {
      const { faults } = await loadNode(nodeWith(path, bridge([wrong])));
      expect(faults).toEqual([
        `${path}.options.require_ip[0]: expected an IP address or a range such as "10.0.0.0/8", found "${wrong}"`,
      ]);
    }
  });

  test("is memory of pbkdf2, which needs none", async () => {
    const principal = {
      kdf: "pbkdf2",
      iterations: 4096,
      memory: 0,
      salt: "00",
      "stored-key": "00".repeat(32),
      "server-key": "00".repeat(32),
    };
    const scram = { scram: { type: "static", principals: { joe: principal } } };
    const { faults, warnings } = await loadNode(nodeWith(`${ws}.auth`, scram));
    expect(faults).toEqual([]);
    expect(warnings.filter((one) => one.includes("memory"))).toEqual([]);
  });
});
