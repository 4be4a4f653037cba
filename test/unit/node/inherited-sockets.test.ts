import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { NativeWorkerConfig } from "#config/node/worker-config.ts";
import {
  activatedDescriptors,
  type InheritedDescriptor,
  InheritedSockets,
} from "#node/inherited-sockets.ts";
import { afterTest } from "../../support/cleanups.ts";
import { keptLog } from "../../support/kept-log.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const FOLDER = temporaryFolder();

/** A listening socket that a node may inherit. */
function opened(where: { hostname: string; unix?: never } | { unix: string }) {
  const options = "unix" in where ? where : { ...where, port: 0 };
  const server = Bun.listen({ ...options, socket: { data() {} } } as Bun.TCPSocketListenOptions);
  afterTest(() => server.stop(true));
  return { port: Number(server.port), descriptor: "fd" in server ? Number(server.fd) : -1 };
}

const activated = ({ descriptor }: { descriptor: number }): InheritedDescriptor => ({
  descriptor,
  origin: null,
  name: "web",
});

const tcp = (port: number, more: object = {}): ListeningEndpointConfig => ({
  type: "tcp",
  port,
  interface: "127.0.0.1",
  shared: false,
  ...more,
});

/** A worker with such transports, which are named `t0`, `t1` and so on. */
function worker(id: string, ...endpoints: ListeningEndpointConfig[]): NativeWorkerConfig {
  const transports = endpoints.map((endpoint, index) => ({ id: `t${index}`, endpoint }));
  return { type: "router", id, transports } as unknown as NativeWorkerConfig;
}

function sockets(...descriptors: InheritedDescriptor[]) {
  const { log, logged } = keptLog("warn");
  return { inherited: new InheritedSockets(descriptors, FOLDER, log), log, logged };
}

describe.if(process.platform === "linux")("a socket of a service manager", () => {
  test.each([
    ["of its address", "127.0.0.1", {}, true],
    ["of another address", "127.0.0.1", { interface: "127.0.0.2" }, false],
    ["of all addresses", "127.0.0.1", { interface: "0.0.0.0" }, false],
    ["of all addresses, for one of all of IPv6", "::", { interface: "0.0.0.0" }, true],
    ["of IPv6 in another spelling", "::1", { interface: "0:0:0:0:0:0:0:1" }, true],
  ])("is for a transport %s: %#", (_, hostname, more, isFor) => {
    const socket = opened({ hostname });
    const endpoint = tcp(socket.port, more);
    const { inherited } = sockets(activated(socket));
    expect(inherited.hasFor(endpoint)).toBe(isFor);
    const { port, descriptor } = socket;
    const claimed = { transport: "t0", descriptor, port, isOwn: false };
    expect(inherited.claim(worker("w", endpoint))).toEqual(isFor ? [claimed] : []);
  });

  test("is for a port range that has its port", () => {
    const socket = opened({ hostname: "127.0.0.1" });
    const { inherited } = sockets(activated(socket));
    const { port } = socket;
    expect(inherited.hasFor(tcp(port - 1, { portrange: [port - 1, port + 1] }))).toBe(true);
    expect(inherited.hasFor(tcp(port + 1, { portrange: [port + 1, port + 2] }))).toBe(false);
  });

  test("is for a Unix socket of its path", () => {
    const path = join(FOLDER, "a.sock");
    const { inherited } = sockets(activated(opened({ unix: path })));
    expect(inherited.hasFor({ type: "unix", path, permission: 0o600 })).toBe(true);
    expect(inherited.hasFor({ type: "unix", path: `${path}2`, permission: 0o600 })).toBe(false);
  });

  test("is for one worker, and again when it restarts; for several where they share the port", () => {
    const socket = opened({ hostname: "127.0.0.1" });
    const { inherited } = sockets(activated(socket));
    const place = { worker: "a", transport: "t0" };
    expect(inherited.isActivated(place)).toBe(false);
    for (const one of [worker("a", tcp(socket.port)), worker("a", tcp(socket.port))]) {
      const claimed = inherited.claim(one);
      expect(claimed).toHaveLength(1);
      inherited.release(claimed);
    }
    expect(inherited.isActivated(place)).toBe(true);
    expect(inherited.claim(worker("b", tcp(socket.port)))).toEqual([]);
    expect(inherited.claim(worker("b", tcp(socket.port, { shared: true })))).toHaveLength(1);
  });

  test("without a transport is warned of, and so is a descriptor that does not listen", () => {
    const { inherited, log, logged } = sockets(activated(opened({ hostname: "127.0.0.1" })), {
      descriptor: 0,
      origin: null,
      name: "input",
    });
    inherited.reportUnused(log);
    expect(logged.map(([event]) => event)).toEqual([
      "inherited descriptor not used: it is no stream socket that listens",
      "inherited socket not used: no transport listens there",
    ]);
  });
});

describe.if(process.platform === "linux")("a socket of the node before", () => {
  test("is for the transport that had it, of several that it would do for, and only once", () => {
    const [one, other] = [opened({ hostname: "127.0.0.1" }), opened({ hostname: "127.0.0.1" })];
    const of = (socket: { descriptor: number }, id: string): InheritedDescriptor => ({
      ...activated(socket),
      origin: { worker: id, transport: "t0" },
    });
    const { inherited } = sockets(of(one, "a"), of(other, "b"));
    const range = tcp(1, { portrange: [1, 65535] });
    const claimed = inherited.claim(worker("b", range));
    expect(claimed).toMatchObject([
      { descriptor: other.descriptor, port: other.port, isOwn: true },
    ]);
    expect(inherited.claim(worker("c", range))).toMatchObject([{ descriptor: one.descriptor }]);
    expect(inherited.claim(worker("d", range))).toEqual([]);
    expect(inherited.activated).toEqual([]);
  });
});

test("variables of a service manager are taken once, and only by the process that they name", () => {
  const own = {
    LISTEN_FDS: "2",
    LISTEN_PID: String(process.pid),
    LISTEN_FDNAMES: "web",
    PATH: "/",
  };
  expect(activatedDescriptors(own)).toEqual([
    { descriptor: 3, origin: null, name: "web" },
    { descriptor: 4, origin: null, name: "unknown" },
  ]);
  expect(own as object).toEqual({ PATH: "/" });
  const foreign = { LISTEN_FDS: "2", LISTEN_PID: "1" };
  expect(activatedDescriptors(foreign)).toEqual([]);
  expect(foreign as object).toEqual({});
});
