import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { printIssue } from "#config/config-issue.ts";
import { findConfigFile, loadNodeConfig } from "#config/load.ts";

const fixtures = join(import.meta.dir, "../../fixtures/config");

/** Loads a text as if it were a file, in a folder of its own. */
async function load(value: unknown, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "config-"));
  try {
    const file = join(folder, "node.json");
    writeFileSync(file, typeof value === "string" ? value : JSON.stringify(value));
    const loaded = await loadNodeConfig(file, env);
    const sentences = (list: { path: string; sentence: string }[]) =>
      list.map(({ path, sentence }) => `${path}: ${sentence}`);
    return {
      config: loaded.config,
      faults: sentences(loaded.faults),
      warnings: sentences(loaded.warnings),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A node with one proxy worker that has one WebSocket transport. */
const proxy = (transport: object, worker: object = {}) => ({
  version: 2,
  workers: [
    {
      type: "proxy",
      transports: [{ type: "websocket", endpoint: { type: "tcp", port: 8080 }, ...transport }],
      ...worker,
    },
  ],
});

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
    const { config } = await load(proxy({}, { routes: {} }));
    expect(config?.workers[0]?.transports[0]).toEqual({
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
        auto_ping_interval: 0,
        auto_ping_timeout: 0,
        auto_ping_size: 12,
        auto_ping_restart_on_any_traffic: true,
        require_websocket_subprotocol: true,
        max_frame_size: 0,
        auto_fragment_size: 0,
        fail_by_drop: false,
        echo_close_codereason: false,
        max_buffered: 1_048_576,
        stall_timeout: 30_000,
        external_port: null,
        show_server_version: false,
        compression: null,
      },
    });
  });

  test.each(["websocket", "websocket.testee"])(
    "takes a testee worker with a transport of type %s",
    async (type) => {
      const endpoint = { type: "tcp", port: 9001 };
      const transport = { type, endpoint, options: { max_message_size: 99 } };
      const worker = { type: "websocket-testee", transport };
      const { config, faults } = await load({ version: 2, workers: [worker] });
      expect(faults).toEqual([]);
      expect(config?.workers[0]).toMatchObject({
        type: "websocket-testee",
        id: "worker001",
        transports: [
          {
            type: "websocket.testee",
            id: "transport000",
            endpoint: { type: "tcp", port: 9001 },
            options: { max_message_size: 99, show_server_version: true },
          },
        ],
      });
    },
  );

  test("tells of a testee worker's port that is taken, where it stands", async () => {
    const endpoint = { type: "tcp", port: 8080 };
    const testee = { type: "websocket-testee", transport: { type: "websocket", endpoint } };
    const { workers } = proxy({});
    const { faults } = await load({ version: 2, workers: [...workers, testee] });
    expect(faults).toEqual([
      '$.workers[1].transport.endpoint.port: port 8080 is already used by worker "worker001"; both need "shared": true',
    ]);
  });

  test("takes ports and ticket secrets from the environment", async () => {
    const secret = `\${TICKET}`;
    const node = proxy({
      endpoint: { type: "tcp", port: "$PORT" },
      auth: { ticket: { type: "static", principals: { joe: { ticket: secret } } } },
    });
    const { config } = await load(node, { PORT: "8081", TICKET: "s3cret" });
    expect(config?.workers[0]?.transports[0]).toMatchObject({
      endpoint: { port: 8081 },
      auth: { ticket: { principals: { joe: { ticket: "s3cret", role: "anonymous" } } } },
    });
    expect((await load(node)).faults).toEqual([
      "$.workers[0].transports[0].endpoint.port: environment variable $PORT is not set",
      "$.workers[0].transports[0].auth.ticket.principals.joe.ticket: environment variable TICKET is not set",
    ]);
  });

  test("warns of a role that no route takes", async () => {
    expect((await load(proxy({}))).warnings).toEqual([
      '$.workers[0].transports[0]: no route has role "anonymous", so clients that get it cannot join',
    ]);
  });

  test("refuses a socket file name that the system cannot take", async () => {
    const endpoint = { type: "unix", path: `/tmp/${"x".repeat(103)}` };
    expect((await load(proxy({ endpoint }))).faults[0]).toContain("has 108 octets");
  });

  test("skips a disabled worker and keeps the count of ids", async () => {
    const node = proxy({}, { options: { disabled: true } });
    node.workers.push({ type: "proxy", transports: [] } as never);
    const { config } = await load(node);
    expect(config?.workers.map(({ id }) => id)).toEqual(["worker002"]);
  });

  test("never throws, whatever stands in place of an item", async () => {
    const text = await Bun.file(join(fixtures, "seed.json")).text();
    const places = [...text.matchAll(/[{[]|"[^"]*"(?!:)|\d+|true|false/g)];
    for (const wrong of ["null", "7", '"x"', "[]", "{}", "[null]", '{"type":null}']) {
      for (const place of places) {
        const end = place.index + place[0].length;
        if (/[{[]/.test(place[0])) continue;
        await load(text.slice(0, place.index) + wrong + text.slice(end));
      }
      const node = JSON.parse(text);
      for (const key of ["version", "controller", "workers"]) {
        await load({ ...node, [key]: JSON.parse(wrong) });
      }
      for (const key of ["options", "connections", "routes", "realms", "transports", "id"]) {
        await load({ version: 2, workers: [{ type: "proxy", [key]: JSON.parse(wrong) }] });
        await load({ version: 2, workers: [{ type: "router", [key]: JSON.parse(wrong) }] });
      }
      for (const key of ["type", "endpoint", "auth", "options", "serializers", "cookie"]) {
        await load(proxy({ [key]: JSON.parse(wrong) }));
        const paths = { a: { type: "websocket-proxy", [key]: JSON.parse(wrong) } };
        await load(proxy({ type: "web", paths }));
        await load(
          proxy({ type: "web", paths: { p: { type: "path", paths: JSON.parse(wrong) } } }),
        );
      }
    }
  });
});

describe("findConfigFile", () => {
  test("prefers config.yaml, and finds nothing in an empty folder", () => {
    const folder = mkdtempSync(join(tmpdir(), "config-"));
    expect(findConfigFile(folder)).toBeNull();
    for (const name of ["node.json", "config.json", "config.yaml"]) {
      writeFileSync(join(folder, name), "");
      expect(findConfigFile(folder)).toBe(join(folder, name));
      expect(findConfigFile(undefined, { CROSSBAR_DIR: folder })).toBe(join(folder, name));
    }
    rmSync(folder, { recursive: true });
  });
});
