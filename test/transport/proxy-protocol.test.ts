import { describe, expect, test } from "bun:test";
import { connect as connectTls } from "node:tls";

import type { ListeningTcpConfig } from "#config/endpoint/endpoint-config.ts";
import type { TransportConfig } from "#config/transport/transport-config.ts";
import { Certificates, hasOpenssl } from "../support/authorities.ts";
import { afterTest } from "../support/cleanups.ts";
import { anyPort } from "../support/transports.ts";
import {
  dial,
  OctetClient,
  startEcho,
  universal,
  upgradeRequest,
} from "../support/universal-transport.ts";

function client(port: number): OctetClient {
  const made = dial(port);
  made.socket.setNoDelay(true);
  return made;
}

const trusting: ListeningTcpConfig = { ...anyPort, trusted_proxies: ["127.0.0.0/8"] };
const strict: ListeningTcpConfig = { ...anyPort, trusted_proxies: ["192.0.2.0/24"] };
const RAWSOCKET = Buffer.from("7ff30000", "hex");
const PROXY_HEADER = "PROXY TCP4 203.0.113.9 198.51.100.7 56324 443\r\n";
const BINARY = Buffer.from("0d0a0d0a000d0a515549540a2111000ccb007109c6336407dc0401bb", "hex");

describe("proxy_protocol", () => {
  for (const [version, header] of Object.entries({ 1: Buffer.from(PROXY_HEADER), 2: BINARY })) {
    test(`takes the client's address from a header of version ${version}`, async () => {
      const { port, nextDetails } = await startEcho(universal(trusting));
      for (const hello of [RAWSOCKET, Buffer.from(upgradeRequest())]) {
        for (const pieces of [[Buffer.concat([header, hello])], [header, hello]]) {
          const details = nextDetails();
          await client(port).send(...pieces);
          expect((await details).peer).toBe("tcp4:203.0.113.9:56324");
        }
        const details = nextDetails();
        await client(port).send(...[...header].map((octet) => Buffer.of(octet)), hello);
        expect((await details).peer).toBe("tcp4:203.0.113.9:56324");
      }
    });
  }

  test("takes the balancer's own address when it speaks for itself", async () => {
    const { port, nextDetails } = await startEcho(universal(trusting));
    for (const header of ["PROXY UNKNOWN\r\n", `${BINARY.toString("latin1", 0, 12)} \0\0\0`]) {
      const details = nextDetails();
      const one = await client(port).send(header, RAWSOCKET);
      expect((await details).peer).toBe(`tcp4:127.0.0.1:${one.socket.localPort}`);
    }
  });

  test("closes on a balancer that sends no header, or none that can be read", async () => {
    const { port, peers } = await startEcho(universal(trusting));
    const nonsense = ["PROXY TCP4 1.2.3.4 5\r\n", `${BINARY.toString("latin1", 0, 12)}\x31\0\0\0`];
    for (const octets of [RAWSOCKET, upgradeRequest(), ...nonsense]) {
      expect(await (await client(port).send(octets)).whole()).toBe("");
    }
    expect(peers).toEqual([]);
  });

  test("takes others for clients, and their header for nothing that it knows", async () => {
    const { port, nextDetails, peers } = await startEcho(universal(strict));
    const details = nextDetails();
    const one = await client(port).send(RAWSOCKET);
    expect((await details).peer).toBe(`tcp4:127.0.0.1:${one.socket.localPort}`);
    for (const header of [PROXY_HEADER, BINARY]) {
      const forged = await client(port).send(header, upgradeRequest());
      expect(await forged.whole()).not.toContain("101");
    }
    expect(peers).toHaveLength(1);
  });

  test("serves transports of one protocol too", async () => {
    const { rawsocket, paths } = universal();
    const common = { id: "transport001", endpoint: trusting };
    const web = await startEcho({ ...common, type: "web", paths: paths ?? {} });
    const page = await client(web.port).send(
      `${PROXY_HEADER}GET / HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    );
    await page.until('{"here":true}');
    const raw = await startEcho({ ...common, type: "rawsocket", ...rawsocket } as TransportConfig);
    const details = raw.nextDetails();
    await client(raw.port).send(PROXY_HEADER, RAWSOCKET);
    expect((await details).peer).toBe("tcp4:203.0.113.9:56324");
  });
});

describe.skipIf(!hasOpenssl)("proxy_protocol before TLS", () => {
  const certificates = new Certificates();
  const { certificate: authority } = certificates.authority("authority");
  certificates.authority("stranger");
  const { key, certificate } = certificates.signed("server", "authority");
  const known = certificates.signed("device7", "authority");
  const unknown = certificates.signed("forged", "stranger");
  const plain = { key, certificate, chain_certificates: [] };
  const mutual = { ...plain, ca_certificates: [authority] };

  /** TLS behind a header on the same connection, or from its begin. */
  async function dialTls(port: number, header: string, pem: object = {}): Promise<OctetClient> {
    const { socket } = await client(port).send(header);
    socket.removeAllListeners("data");
    const secure = new OctetClient(connectTls({ socket, rejectUnauthorized: false, ...pem }));
    afterTest(() => secure.socket.destroy());
    return secure;
  }

  test("takes the client's address and certificate", async () => {
    const { port, nextDetails } = await startEcho(universal({ ...trusting, tls: mutual }));
    for (const hello of [RAWSOCKET, upgradeRequest()]) {
      const details = nextDetails();
      await (await dialTls(port, PROXY_HEADER, known.pem)).send(hello);
      expect(await details).toMatchObject({
        peer: "tcp4:203.0.113.9:56324",
        isSecure: true,
        clientCertificate: { subject: { CN: "device7" } },
      });
    }
  });

  test("refuses a client without a certificate, or with one of others", async () => {
    const { port, peers } = await startEcho(universal({ ...trusting, tls: mutual }));
    for (const pem of [{}, unknown.pem]) {
      const one = await dialTls(port, PROXY_HEADER, pem);
      one.socket.write(upgradeRequest());
      expect(await one.whole()).toBe("");
    }
    expect(peers).toEqual([]);
  });

  test("does not wait for ever for a handshake behind the header, or before any octet", async () => {
    const times = { open_handshake_timeout: 60 };
    const behind = await startEcho(universal({ ...trusting, tls: plain }, times));
    expect(await (await client(behind.port).send(PROXY_HEADER)).whole()).toBe("");
    const none = await startEcho(universal({ ...strict, tls: plain }, times));
    expect(await client(none.port).whole()).toBe("");
  });

  test("does TLS with clients that are no balancers", async () => {
    const { port, nextDetails } = await startEcho(universal({ ...strict, tls: plain }));
    const details = nextDetails();
    const one = await (await dialTls(port, "")).send(upgradeRequest());
    expect(await details).toMatchObject({ isSecure: true });
    await one.until("\r\n\r\n");
  });

  test("leaves large messages whole", async () => {
    const { port } = await startEcho(universal({ ...trusting, tls: plain }));
    const one = await dialTls(port, PROXY_HEADER);
    await one.send(RAWSOCKET);
    const size = 6_000_000;
    const head = Buffer.alloc(4);
    head.writeUInt32BE(size);
    const payload = new Uint8Array(size).map((_, index) => index % 251);
    await one.send(head, payload);
    while (one.text.length < size + 8)
      await new Promise((resolve) => one.socket.once("data", resolve));
    expect(Buffer.from(one.text, "latin1").subarray(8).equals(payload)).toBe(true);
  });
});
