import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import type { ConnectingTransportConfig } from "#config/connection/connection-config.ts";
import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { TransportConfig } from "#config/transport/transport-config.ts";
import { connectPeer } from "#transport/router-connector.ts";
import type { Peer, PeerHandler } from "#wamp/peer.ts";
import { hasOpenssl, selfSigned } from "../support/certificates.ts";
import { afterTest } from "../support/cleanups.ts";
import { openNodePage } from "../support/node-page-service.ts";
import { quietContext } from "../support/quiet-context.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { anyPort, openTransport, rawSocketTransport } from "../support/transports.ts";

const folder = temporaryFolder();

type Kind = "web" | "rawsocket";
const kinds: Kind[] = ["web", "rawsocket"];
const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ family }) => family === "IPv6"),
);
const idle: PeerHandler = { onMessage() {}, onDrain() {}, onClose() {} };

/** Starts a transport that does next to nothing; gives its URL. */
async function start(kind: Kind, endpoint: ListeningEndpointConfig, context = quietContext) {
  const paths = { info: openNodePage };
  const config: TransportConfig =
    kind === "web"
      ? { type: "web", id: "transport", endpoint, paths }
      : rawSocketTransport({ max_message_size: 512 }, { endpoint });
  const { url } = await openTransport(config, () => idle, context);
  return url;
}

const tcp = (more: object): ListeningEndpointConfig => ({ ...anyPort, ...more });

/** A program on a port whose next port is free. */
function occupyPort(): number {
  for (;;) {
    const listen = (port: number) =>
      Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } });
    const first = listen(0);
    try {
      listen(first.port + 1).stop(true);
      afterTest(() => first.stop(true));
      return first.port;
    } catch {
      first.stop(true);
    }
  }
}

/** Whether a TCP connection can be opened. */
async function isReachable(hostname: string, port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname, port, socket: { data() {} } });
    socket.terminate();
    return true;
  } catch {
    return false;
  }
}

const portOf = (url: string) => Number(/:(\d+)(?:\/|$)/.exec(url)?.[1]);

describe.each(kinds)("a listening endpoint of type %s", (kind) => {
  test("takes the first port of its range that is free", async () => {
    const taken = occupyPort();
    const range = tcp({ port: taken, portrange: [taken, taken + 1] });
    const url = await start(kind, range);
    expect(portOf(url)).toBe(taken + 1);
    await expect(start(kind, range)).rejects.toThrow(
      `Cannot listen on "tcp 127.0.0.1:${taken}-${taken + 1}": address already in use`,
    );
  });

  test.skipIf(!hasOpenssl)("takes a free port of its range with TLS, too", async () => {
    const taken = occupyPort();
    const tls = selfSigned(folder, `range-${kind}`);
    const url = await start(kind, tcp({ port: taken, portrange: [taken, taken + 1], tls }));
    expect(portOf(url)).toBe(taken + 1);
  });

  test("looks no further where the port is not the reason", async () => {
    const endpoint = tcp({ interface: "192.0.2.1", port: 4000, portrange: [4000, 65_535] });
    await expect(start(kind, endpoint)).rejects.toThrow("this machine has no such address");
  });

  test.skipIf(!hasIpv6)("of version 6 takes no connection over IPv4", async () => {
    const port = portOf(await start(kind, tcp({ interface: "::", version: 6 })));
    expect(await isReachable("::1", port)).toBe(true);
    expect(await isReachable("127.0.0.1", port)).toBe(false);
  });

  test("says nothing of a client that has reset its connection before it was accepted", async () => {
    const said: string[] = [];
    const note = (sentence: string) => void said.push(sentence);
    const log = { ...quietContext.log, warn: note, error: note };
    const port = portOf(await start(kind, tcp({}), { ...quietContext, log }));
    // Nothing is accepted here for as long as the other process runs.
    const reset = `require("node:net").connect(${port}, "127.0.0.1", function () { this.resetAndDestroy(); })`;
    expect(Bun.spawnSync([process.execPath, "-e", reset]).exitCode).toBe(0);
    // By the time that the next one is answered the first has been accepted.
    const { promise, resolve } = Promise.withResolvers<void>();
    const next = connect(port, "127.0.0.1", () => {
      next.write(
        kind === "web" ? "GET / HTTP/1.1\r\nHost: a\r\n\r\n" : Buffer.from("7ff10000", "hex"),
      );
    });
    next.once("data", () => resolve());
    await promise;
    next.destroy();
    expect(said).toEqual([]);
  });

  test("lets as many connections wait as its backlog says", async () => {
    const port = portOf(await start(kind, tcp({ backlog: 77 })));
    const hex = port.toString(16).toUpperCase().padStart(4, "0");
    const path = join(folder, `${kind}-backlog.sock`);
    await start(kind, { type: "unix", path, permission: 0o600, backlog: 78 });
    const inUse = (filter: string[]) => Bun.spawnSync(["ss", "-lnH", ...filter]).stdout.toString();
    expect(hex).toHaveLength(4);
    expect(inUse(["-t", `sport = :${port}`]).split(/\s+/)[2]).toBe("77");
    expect(inUse(["-x", `src = ${path}`]).split(/\s+/)[3]).toBe("78");
  });

  test("gives a Unix socket its permission", async () => {
    for (const permission of [0o600, 0o660, 0o666]) {
      const path = join(folder, `${kind}-${permission}.sock`);
      await start(kind, { type: "unix", path, permission });
      expect(statSync(path).mode & 0o777).toBe(permission);
    }
  });
});

describe("a connecting endpoint", () => {
  const wanted = { serializer: "json", maxBuffered: 2 ** 20 } as const;

  function rawsocketTo(endpoint: object): Promise<Peer> {
    const config = { type: "rawsocket", serializer: "json", max_message_size: 512 } as const;
    const whole = { ...config, endpoint: { type: "tcp", timeoutMs: 2000, ...endpoint } };
    return connectPeer(whole as ConnectingTransportConfig, wanted, idle);
  }

  test("is resolved to an address of its version", async () => {
    const port = portOf(await start("rawsocket", tcp({})));
    const peer = await rawsocketTo({ host: "localhost", port, version: 4 });
    afterTest(() => peer.close(1000, "done"));
    expect(peer.details.peer).toBe(`tcp4:127.0.0.1:${port}`);
  });

  test.skipIf(!hasOpenssl)("is held to its host's name when it was resolved", async () => {
    const tls = selfSigned(folder, "named", { names: "DNS:localhost" });
    const port = portOf(await start("rawsocket", tcp({ tls })));
    const endpoint = { host: "localhost", port, version: 4 };
    const ca_certificates = [tls.certificate];
    const peer = await rawsocketTo({ ...endpoint, tls: { ca_certificates } });
    afterTest(() => peer.close(1000, "done"));
    const other = rawsocketTo({ ...endpoint, tls: { ca_certificates, hostname: "other.example" } });
    await expect(other).rejects.toThrow("Cannot connect to router");
  });

  test.skipIf(!hasIpv6)("of version 6 connects over IPv6", async () => {
    const port = portOf(await start("rawsocket", tcp({ interface: "::1" })));
    const peer = await rawsocketTo({ host: "::1", port, version: 6 });
    afterTest(() => peer.close(1000, "done"));
    expect(peer.details.peer).toBe(`tcp6:[::1]:${port}`);
  });

  test("fails with a sentence when the host has no such address", async () => {
    const sentence = (version: number) =>
      `Cannot connect to router at "tcp none.invalid:9": the host has no address of IPv${version}`;
    const endpoint = { host: "none.invalid", port: 9 };
    await expect(rawsocketTo({ ...endpoint, version: 6 })).rejects.toThrow(sentence(6));
    const websocket: ConnectingTransportConfig = {
      type: "websocket",
      url: "ws://none.invalid",
      serializers: ["json"],
      endpoint: { type: "tcp", timeoutMs: 2000, ...endpoint, version: 4 },
    };
    await expect(connectPeer(websocket, wanted, idle)).rejects.toThrow(sentence(4));
  });
});
