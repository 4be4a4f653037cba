/** TLS towards routers: whom a connection trusts, what it shows of itself, and how it fails. */

import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConnectingTransportConfig } from "#config/connection/connection-config.ts";
import type { CertificateConfig, ConnectingTlsConfig } from "#config/endpoint/endpoint-config.ts";
import { connectPeer } from "#transport/router-connector.ts";
import { hasOpenssl, selfSigned, trusting } from "../support/certificates.ts";
import { afterTest } from "../support/cleanups.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

const framings = ["websocket", "rawsocket"] as const;
type Framing = (typeof framings)[number];

/** The ports of the routers that were asked for a handshake. */
const asked = new Set<number>();

/** A router that answers the handshake; `client` signs the certificates it accepts. Gives its port. */
function router(framing: Framing, files: CertificateConfig, client?: CertificateConfig): number {
  const tls = {
    key: Bun.file(files.key),
    cert: Bun.file(files.certificate),
    ...(client && { requestCert: true, rejectUnauthorized: true, ...trusting(client) }),
  };
  const place = { hostname: "127.0.0.1", port: 0, tls };
  if (framing === "rawsocket") {
    const data = (socket: Bun.Socket) => {
      asked.add(server.port);
      socket.write(Uint8Array.of(0x7f, 0xf3, 0, 0));
    };
    const server = Bun.listen({ ...place, socket: { data } });
    afterTest(() => server.stop(true));
    return server.port;
  }
  const server = Bun.serve({
    ...place,
    fetch(request, upgrader) {
      asked.add(server.port ?? 0);
      const headers = { "Sec-WebSocket-Protocol": "wamp.2.cbor" };
      return upgrader.upgrade(request, { headers, data: undefined }) ? undefined : new Response();
    },
    websocket: { message() {} },
  });
  afterTest(() => server.stop(true));
  return server.port ?? 0;
}

/** Connects, and gives how the connection is described; rejects with the sentence why not. */
async function connect(framing: Framing, port: number, tls: ConnectingTlsConfig) {
  const endpoint = { type: "tcp" as const, host: "127.0.0.1", port, timeoutMs: 2000, tls };
  const config: ConnectingTransportConfig =
    framing === "rawsocket"
      ? { type: "rawsocket", endpoint, serializer: "cbor", max_message_size: 65_536 }
      : { type: "websocket", endpoint, url: "wss://elsewhere.example/", serializers: ["cbor"] };
  const handler = { onMessage() {}, onDrain() {}, onClose() {} };
  const wanted = { serializer: "cbor", maxBuffered: 65_536 } as const;
  const peer = await connectPeer(config, wanted, handler);
  afterTest(() => peer.close(1000, "done"));
  return peer.details;
}

/** The sentence with which a connection fails, without the port. */
async function failure(...words: Parameters<typeof connect>): Promise<string> {
  const thrown = await connect(...words).then(
    () => "connected",
    (error: Error) => error.message,
  );
  return thrown.replace(/^Cannot connect to router at "tcp 127.0.0.1:\d+": /, "");
}

describe.skipIf(!hasOpenssl).each(framings)("TLS towards a router over %s", (framing) => {
  test("trusts the configured authorities, for the configured address or name", async () => {
    const machine = selfSigned(folder, "machine");
    const trusted = { ca_certificates: [machine.certificate] };
    const port = router(framing, machine);
    expect(await connect(framing, port, trusted)).toMatchObject({ isSecure: true });
    expect(asked.has(port)).toBe(true);
    const named = selfSigned(folder, "named", { names: "DNS:router.example" });
    const hostname = "router.example";
    const withName = { hostname, ca_certificates: [named.certificate] };
    const details = await connect(framing, router(framing, named), withName);
    expect(details.isSecure).toBe(true);
  });

  test("fails with one sentence about the certificate", async () => {
    const machine = selfSigned(folder, "untrusted");
    const port = router(framing, machine);
    expect(await failure(framing, port, {})).toBe("its certificate is not trusted");
    const other = selfSigned(folder, "other", { names: "DNS:other.example" });
    const trusted = { ca_certificates: [other.certificate] };
    const otherPort = router(framing, other);
    const wrongName = "its certificate is for another name";
    expect(await failure(framing, otherPort, trusted)).toBe(wrongName);
    const hostname = "router.example";
    expect(await failure(framing, otherPort, { ...trusted, hostname })).toBe(wrongName);
    expect(asked.has(port) || asked.has(otherPort)).toBe(false);
  });

  test("does not believe an environment that switches certificates off", async () => {
    const port = router(framing, selfSigned(folder, "environment"));
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    afterTest(() => delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"]);
    expect(await failure(framing, port, {})).toBe("its certificate is not trusted");
  });

  test("says that there is no TLS, or that a file is gone", async () => {
    const plain = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { open: (socket) => void socket.write("hello\n"), data() {} },
    });
    afterTest(() => plain.stop(true));
    expect(await failure(framing, plain.port, {})).toBe("it does not speak TLS");
    const missing = { ca_certificates: [join(folder, "none.pem")] };
    expect(await failure(framing, plain.port, missing)).toMatch(
      /^cannot read "\S+": no such file$/,
    );
  });

  test("shows its own certificate to a router that asks for one", async () => {
    const machine = selfSigned(folder, "asking");
    const own = selfSigned(folder, "own");
    const port = router(framing, machine, own);
    const trusted = { ca_certificates: [machine.certificate] };
    expect(await connect(framing, port, { ...trusted, own })).toMatchObject({ isSecure: true });
    const refused = "it asks for a certificate of ours";
    expect(await failure(framing, port, trusted)).toBe(refused);
    writeFileSync(own.key, "");
    expect(await failure(framing, port, { ...trusted, own })).toContain("no private key in PEM");
  });
});
