/** Paths of type `reverseproxy` and `websocket-reverseproxy`. */

import { describe, expect, test } from "bun:test";
import { loadNode, nodeWith } from "../../support/loaded-node.ts";
import { titled } from "../../support/titles.ts";

const at = "$.workers[1].transports[0].paths.app";
const load = (changes: object) =>
  loadNode(nodeWith(at, { type: "reverseproxy", host: "localhost", ...changes }));
const loaded = (config: unknown) =>
  (config as { workers: { transports: { paths: { app: object } }[] }[] }).workers[1]?.transports[0]
    ?.paths.app;

const upstream = {
  type: "tcp",
  host: "localhost",
  port: 80,
  timeoutMs: 10_000,
  isWebServer: true as const,
};

describe("a reverseproxy", () => {
  test("is normalized with its defaults", async () => {
    const { config, faults, warnings } = await load({});
    expect([...faults, ...warnings]).toEqual([]);
    expect(loaded(config)).toEqual({
      type: "reverseproxy",
      upstream,
      path: "",
      forwarded_port: null,
      forwarded_proto: null,
      options: { response_timeout: 60_000, idle_timeout: 60_000, max_requests: 1_000 },
    });
  });

  test("takes every attribute of Crossbar and the options", async () => {
    const options = { response_timeout: 100, idle_timeout: 200, max_requests: 3 };
    const { config, faults, warnings } = await load({
      id: "app",
      port: 9090,
      path: "/base/",
      forwarded_port: 8443,
      forwarded_proto: "https",
      options: { ...options, connect_timeout: 300 },
    });
    expect([...faults, ...warnings]).toEqual([]);
    expect(loaded(config)).toEqual({
      type: "reverseproxy",
      upstream: { ...upstream, port: 9090, timeoutMs: 300 },
      path: "/base",
      forwarded_port: 8443,
      forwarded_proto: "https",
      options,
    });
  });

  test.each(
    titled<[object, object]>([
      [{ tls: true }, { upstream: { ...upstream, port: 443, tls: {} } }],
      [{ tls: false }, { upstream }],
      [{ host: "[::1]" }, { upstream: { ...upstream, host: "::1" } }],
      [{ host: "bücher.example" }, { upstream: { ...upstream, host: "xn--bcher-kva.example" } }],
      [{ path: "/" }, { path: "" }],
      [{ path: "/a b/ä" }, { path: "/a%20b/%C3%A4" }],
    ]),
  )("normalizes %s", async (_, changes, expected) => {
    const { config, faults, warnings } = await load(changes);
    expect([...faults, ...warnings]).toEqual([]);
    expect(loaded(config)).toMatchObject(expected);
  });

  test.each(
    titled<[object, string, object]>([
      [
        { host: "localhost:9000" },
        "host: is no address, and no name has a colon; the port stands in `port`",
        { upstream: { ...upstream, host: "localhost:9000" } },
      ],
      [{ path: "base" }, 'path: does not begin with a slash; "/base" is meant', { path: "/base" }],
      [
        { path: "/a?b#c" },
        "path: is a path alone: ? and # in it are escaped",
        { path: "/a%3Fb%23c" },
      ],
    ]),
  )("warns of %s", async (_, changes, sentence, expected) => {
    const { config, faults, warnings } = await load(changes);
    expect(faults).toEqual([]);
    expect(warnings).toEqual([`${at}.${sentence}`]);
    expect(loaded(config)).toMatchObject(expected);
  });

  test.each(
    titled<[object, string]>([
      [{ host: undefined }, "host: required attribute is missing"],
      [{ host: "a\r\nX: 1" }, "host: expected the name or the address of a server"],
      [{ host: "http://a/" }, "host: expected the name or the address of a server"],
      [{ port: 0 }, "port: expected an integer from 1 to 65535, found 0"],
      [{ forwarded_proto: "ftp" }, 'forwarded_proto: expected "http" or "https", found "ftp"'],
      [{ options: { idle_timeout: 99 } }, "options.idle_timeout: expected an integer from 100"],
      [{ tls: { ca_certificates: ["none.pem"] } }, "tls.ca_certificates[0]: Cannot read"],
    ]),
  )("%s is refused", async (_, changes, sentence) => {
    const { faults } = await load(changes);
    expect(faults).toEqual([expect.stringContaining(`${at}.${sentence}`)]);
  });
});

describe("a websocket-reverseproxy", () => {
  const backend = (endpoint: object, changes: object = {}) => ({
    type: "websocket-reverseproxy",
    host: undefined,
    backend: { type: "websocket", endpoint, url: "ws://localhost/ws", ...changes },
  });
  const tcp = { type: "tcp", host: "localhost", port: 9000 };

  test("takes backends over TCP and Unix sockets", async () => {
    const overTcp = await load({ ...backend(tcp), id: "relay", url: "ws://localhost" });
    expect([...overTcp.faults, ...overTcp.warnings]).toEqual([]);
    const { isWebServer, timeoutMs } = upstream;
    expect(loaded(overTcp.config)).toMatchObject({
      type: "websocket-reverseproxy",
      options: { max_message_size: 16_777_216, compression: null },
      backend: { endpoint: { ...tcp, isWebServer, timeoutMs }, url: "ws://localhost/ws" },
    });
    const overUnix = await load(backend({ type: "unix", path: "/run/backend.sock" }));
    expect([...overUnix.faults, ...overUnix.warnings]).toEqual([]);
    expect(loaded(overUnix.config)).toMatchObject({
      backend: { endpoint: { type: "unix", path: "/run/backend.sock" } },
    });
  });

  test("has a backend whose type does not count, as in Crossbar, and warns of another one", async () => {
    for (const type of ["rawsocket", "tcp", 7, null]) {
      const { config, faults, warnings } = await load(backend(tcp, { type }));
      expect(faults).toEqual([]);
      expect(warnings).toEqual([
        `${at}.backend.type: ignored: expected "websocket", found ${JSON.stringify(type)}`,
      ]);
      expect(loaded(config)).toMatchObject({ backend: { endpoint: tcp } });
    }
    const without = await load(backend(tcp, { type: undefined }));
    expect([...without.faults, ...without.warnings]).toEqual([]);
  });

  test("takes the options of a WebSocket, and warns of those of sessions", async () => {
    const options = { max_message_size: 1000, hello_timeout: 2000, told_by_close: ["shutdown"] };
    const { config, faults, warnings } = await load({ ...backend(tcp), options });
    expect(faults).toEqual([]);
    const sentence = "not honoured: messages are relayed, whatever their subprotocol";
    expect(warnings).toEqual([
      `${at}.options.hello_timeout: ${sentence}`,
      `${at}.options.told_by_close: ${sentence}`,
    ]);
    expect(loaded(config)).toMatchObject({ options: { max_message_size: 1000 } });
  });

  test("without a backend is refused", async () => {
    const { faults } = await load({ ...backend(tcp), backend: undefined });
    expect(faults).toEqual([`${at}.backend: required attribute is missing`]);
  });
});
