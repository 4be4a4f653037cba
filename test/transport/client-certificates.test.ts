import { describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { connect as connectTls } from "node:tls";

import type { ListeningTcpConfig } from "#config/endpoint/endpoint-config.ts";
import type { TransportConfig } from "#config/transport/transport-config.ts";
import { type CertificateFiles, Certificates, hasOpenssl } from "../support/authorities.ts";
import { afterTest } from "../support/cleanups.ts";
import { anyPort } from "../support/transports.ts";
import {
  dial,
  echo,
  OctetClient,
  startEcho,
  universal,
  upgradeRequest,
} from "../support/universal-transport.ts";

/** Connects with TLS, with a certificate or without. */
function dialTls(port: number, certificate?: CertificateFiles): OctetClient {
  const options = { port, host: "127.0.0.1", rejectUnauthorized: false, ...certificate?.pem };
  const client = new OctetClient(connectTls(options));
  afterTest(() => client.socket.destroy());
  return client;
}

const RAWSOCKET = Buffer.from("7ff30000", "hex");

describe.skipIf(!hasOpenssl)("ca_certificates", () => {
  const certificates = new Certificates();
  const { certificate: authority } = certificates.authority("authority");
  certificates.authority("stranger");
  const server = certificates.signed("server", "authority");
  const known = certificates.signed("device7", "authority");
  const unknown = certificates.signed("forged", "stranger");
  const tls = {
    key: server.key,
    certificate: server.certificate,
    chain_certificates: [],
    ca_certificates: [authority],
  };
  const endpoint: ListeningTcpConfig = { ...anyPort, tls };
  const { rawsocket, paths } = universal();
  const common = { id: "transport001", endpoint };
  const configs = {
    universal: universal(endpoint),
    web: { ...common, type: "web", paths: paths ?? {} },
    websocket: { ...common, ...(paths?.["ws"] as object) },
    rawsocket: { ...common, type: "rawsocket", ...rawsocket },
  } as Record<TransportConfig["type"], TransportConfig>;

  for (const [type, config] of Object.entries(configs)) {
    test(`of a ${type} transport accept a client with a certificate of theirs`, async () => {
      const { port, nextDetails } = await startEcho(config);
      const details = nextDetails();
      const client = dialTls(port, known);
      if (type === "rawsocket") await client.send(RAWSOCKET);
      else await client.send(upgradeRequest());
      const x509 = new X509Certificate(known.pem.cert);
      expect(await details).toMatchObject({
        peer: `tcp4:127.0.0.1:${client.socket.localPort}`,
        isSecure: true,
        clientCertificate: {
          sha1: x509.fingerprint,
          sha256: x509.fingerprint256,
          subject: { O: "Acme", CN: "device7" },
        },
      });
    });

    test(`of a ${type} transport refuse a client without one, or with one of others`, async () => {
      const { port, peers } = await startEcho(config);
      for (const certificate of [undefined, unknown]) {
        const client = dialTls(port, certificate);
        client.socket.write(type === "rawsocket" ? RAWSOCKET : upgradeRequest());
        expect(await client.whole()).toBe("");
      }
      expect(peers).toEqual([]);
    });
  }

  test("are asked for whatever name a client gives, or none", async () => {
    const { key, certificate } = certificates.signed("named", "authority");
    const named = [{ hostnames: ["localhost"], key, certificate, chain_certificates: [] }];
    const { port, peers, nextDetails } = await startEcho(
      universal({ ...anyPort, tls: { ...tls, certificates: named } }),
    );
    for (const servername of ["localhost", "elsewhere", undefined]) {
      const options = { port, host: "127.0.0.1", rejectUnauthorized: false };
      const name = servername === undefined ? {} : { servername };
      for (const pem of [{}, unknown.pem]) {
        const client = new OctetClient(connectTls({ ...options, ...name, ...pem }));
        client.socket.write(upgradeRequest());
        expect(await client.whole()).toBe("");
      }
      expect(peers).toHaveLength(0);
    }
    const details = nextDetails();
    await dialTls(port, known).send(upgradeRequest());
    expect((await details).clientCertificate?.subject).toMatchObject({ CN: "device7" });
  });

  test("say nothing in plain text", async () => {
    const { port } = await startEcho(universal(endpoint));

    const client = dial(port);
    afterTest(() => client.socket.destroy());
    client.socket.write(upgradeRequest());
    expect(await client.whole()).not.toContain("HTTP");
  });

  test("do not make a handshake wait for ever", async () => {
    const { port } = await startEcho(universal(endpoint, { open_handshake_timeout: 60 }));
    const client = dial(port);
    expect(await client.whole()).toBe("");
  });

  test("do not cost a client the last words of its session", async () => {
    const started = await startEcho(universal(endpoint), (peer) => ({
      ...echo(peer),
      onMessage: () => peer.close(1000, "that is all"),
    }));
    afterTest(() => started.listener.close());
    const client = dialTls(started.port, known);
    const message = Buffer.of(0x82, 0x81, 0, 0, 0, 0, 0);
    await client.send(upgradeRequest(), message);
    expect(await client.whole()).toEndWith("that is all");
  });

  test("leave large messages whole", async () => {
    const { port } = await startEcho(universal(endpoint));
    const socket = new WebSocket(`wss://127.0.0.1:${port}/ws`, {
      protocols: ["wamp.2.cbor"],
      tls: { rejectUnauthorized: false, ...known.pem },
    });
    socket.binaryType = "arraybuffer";
    afterTest(() => socket.close());
    const sent = new Uint8Array(12_000_000).map((_, index) => index % 251);
    const got = await new Promise<Uint8Array>((resolve) => {
      socket.onmessage = ({ data }) => resolve(new Uint8Array(data));
      socket.onopen = () => socket.send(sent);
    });
    expect(Buffer.compare(got, sent)).toBe(0);
  });
});
