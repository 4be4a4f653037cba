/** Certificates of listening endpoints: which one is shown, and how it is renewed. */

import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ListeningTlsConfig } from "#config/endpoint/endpoint-config.ts";
import type { TransportConfig } from "#config/transport/transport-config.ts";
import { servedCertificates } from "#observe/served-certificates.ts";
import { watchFiles } from "#transport/endpoint/file-watch.ts";
import { connectPeer } from "#transport/router-connector.ts";
import {
  hasOpenssl,
  replaceCertificate,
  selfSigned,
  shown,
  signedByAuthority,
  trusting,
} from "../support/certificates.ts";
import { keptLog } from "../support/kept-log.ts";
import { quietContext } from "../support/quiet-context.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort } from "../support/temporary-node.ts";
import {
  anyPort,
  openTransport,
  rawSocketTransport,
  webSocketTransport,
} from "../support/transports.ts";
import { echo } from "../support/universal-transport.ts";

const folder = temporaryFolder();

const framings = ["websocket", "rawsocket"] as const;
type Framing = (typeof framings)[number];

function configOf(framing: Framing, tls: ListeningTlsConfig, port = 0): TransportConfig {
  const options = { max_message_size: 65_536, max_buffered: 65_536, stall_timeout: 0 };
  const changes = { endpoint: { ...anyPort, port, tls }, serializers: ["cbor" as const] };
  return framing === "rawsocket"
    ? rawSocketTransport(options, changes)
    : webSocketTransport(options, changes);
}

/** A transport that echoes; what it logged is kept. */
async function start(framing: Framing, tls: ListeningTlsConfig) {
  const { log, logged } = keptLog("error", "info");
  const context = { ...quietContext, log };
  return { ...(await openTransport(configOf(framing, tls), echo, context)), logged };
}

/** A client that says something and waits until it comes back; rejects when it cannot connect. */
async function open(framing: Framing, port: number, certificates: string[]) {
  let came = Promise.withResolvers<void>();
  const closed = { reason: null as string | null };
  const endpoint = {
    type: "tcp" as const,
    host: "127.0.0.1",
    port,
    timeoutMs: 10_000,
    tls: { ca_certificates: certificates },
  };
  const handler = {
    onMessage: () => came.resolve(),
    onDrain() {},
    onClose(reason: string) {
      closed.reason = reason;
      came.reject(new Error(reason));
    },
  };
  const peer = await connectPeer(
    framing === "rawsocket"
      ? { type: "rawsocket", endpoint, serializer: "cbor", max_message_size: 65_536 }
      : { type: "websocket", endpoint, url: "wss://localhost", serializers: ["cbor"] },
    { serializer: "cbor", maxBuffered: 65_536 },
    handler,
  );
  return {
    peer,
    closed,
    async echo() {
      came = Promise.withResolvers();
      peer.send(Uint8Array.of(0x80));
      await came.promise;
    },
  };
}

describe.skipIf(!hasOpenssl)("the certificate of an endpoint", () => {
  test("is chosen by the name that a client asks for", async () => {
    const first = selfSigned(folder, "first");
    const { port } = await start("websocket", {
      ...first,
      certificates: [
        { hostnames: ["a.example", "b.example"], ...selfSigned(folder, "second") },
        { hostnames: ["*.wild.example"], ...selfSigned(folder, "third") },
      ],
    });
    const named = async (...names: string[]) =>
      (await Promise.all(names.map((servername) => shown(port, { servername })))).map(
        ({ name }) => name,
      );
    expect(await named("a.example", "B.example", "x.wild.example")).toEqual([
      "second",
      "second",
      "third",
    ]);
    expect(await named("wild.example", "a.b.wild.example", "other.example")).toEqual([
      "first",
      "first",
      "first",
    ]);
    expect((await shown(port)).name).toBe("first");
  });

  test.each(framings)("is sent with those between it and an authority over %s", async (framing) => {
    const { root, leaf } = signedByAuthority(folder, `leaf-${framing}`);
    const { port } = await start(framing, leaf);
    const seen = await shown(port, { ...trusting(root), rejectUnauthorized: true });
    expect(seen.name).toBe(`leaf-${framing}`);
    const alone = await start(framing, { ...leaf, chain_certificates: [] });
    expect(
      shown(alone.port, { ...trusting(root), rejectUnauthorized: true }),
    ).rejects.toHaveProperty("code", "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  });

  test.each(framings)(
    "comes with TLS 1.2 and 1.3, and the ciphers wanted, over %s",
    async (kind) => {
      const certificate = selfSigned(folder, `versions-${kind}`);
      const cipher = "ECDHE-ECDSA-AES256-GCM-SHA384";
      const both = await start(kind, { ...certificate, ciphers: cipher });
      expect((await shown(both.port)).version).toBe("TLSv1.3");
      const old = { maxVersion: "TLSv1.2" };
      expect(await shown(both.port, old)).toMatchObject({ version: "TLSv1.2", cipher });
      const strict = await start(kind, { ...certificate, min_version: "1.3" });
      expect((await shown(strict.port)).version).toBe("TLSv1.3");
      await expect(shown(strict.port, old)).rejects.toThrow();
      const ancient = { minVersion: "TLSv1", maxVersion: "TLSv1.1" };
      await expect(shown(both.port, ancient)).rejects.toThrow();
    },
  );

  test("comes without static RSA, unless the ciphers name it", async () => {
    const rsa = selfSigned(folder, "rsa", { isRsa: true });
    const { port } = await start("rawsocket", rsa);
    const cipher = "AES128-GCM-SHA256";
    for (const ciphers of [cipher, "AES256-SHA"]) {
      await expect(shown(port, { maxVersion: "TLSv1.2", ciphers })).rejects.toThrow();
    }
    const ciphers = "ECDHE-RSA-AES128-GCM-SHA256";
    expect((await shown(port, { maxVersion: "TLSv1.2", ciphers })).cipher).toBe(ciphers);
    const wanted = await start("rawsocket", { ...rsa, ciphers: cipher });
    const old = await shown(wanted.port, { maxVersion: "TLSv1.2", ciphers: cipher });
    expect(old.cipher).toBe(cipher);
  });

  test("does not keep a connection that never ends its handshake", async () => {
    const { listener, port } = await start("rawsocket", selfSigned(folder, "slow"));
    const closed = Promise.withResolvers<void>();
    const data = () => {};
    const close = () => closed.resolve();
    const slow = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data, close } });
    slow.write(Uint8Array.of(0x16));
    // Whoever comes later and is served shows that the first one has been let in.
    await shown(port);
    await listener.close();
    await closed.promise;
  });

  test.each(framings)(
    "keeps a port to itself where the endpoint is not shared, over %s",
    async (kind) => {
      const certificate = selfSigned(folder, `port-${kind}`);
      const config = configOf(kind, certificate, freePort());
      await openTransport(config);
      await expect(openTransport(config)).rejects.toThrow(
        /^Cannot listen on "tcp 127.0.0.1:\d+": address already in use$/,
      );
    },
  );
});

describe.skipIf(!hasOpenssl).each(framings)("a renewal over %s", (framing) => {
  test("shows the new certificate to new clients, and says so once", async () => {
    const current = selfSigned(folder, `now-${framing}`);
    const { listener, port, logged } = await start(framing, current);
    listener.renewCertificates();
    expect(logged).toEqual([]);
    replaceCertificate(current, selfSigned(folder, `later-${framing}`));
    listener.renewCertificates();
    expect((await shown(port)).name).toBe(`later-${framing}`);
    const fields = { endpoint: "tcp 127.0.0.1:0", valid_to: expect.stringContaining("GMT") };
    expect(logged).toEqual([["certificate renewed", fields]]);
  });

  test("with a broken file leaves everything as it was, with one line", async () => {
    const current = selfSigned(folder, `sound-${framing}`);
    const { listener, port, logged } = await start(framing, current);
    const session = await open(framing, port, [current.certificate]);
    writeFileSync(current.key, "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n");
    listener.renewCertificates();
    expect((await shown(port)).name).toBe(`sound-${framing}`);
    await session.echo();
    const error = `Cannot read private key "${current.key}": it is no private key in PEM, or of an unknown kind`;
    const fields = { endpoint: "tcp 127.0.0.1:0", error };
    expect(logged).toEqual([["certificate not renewed", fields]]);
    session.peer.close(1000, "done");
  });

  test("ends no session, and hardly refuses a connection", async () => {
    const current = selfSigned(folder, `busy-${framing}`);
    const others = [0, 1].map((index) => selfSigned(folder, `busy-${framing}-${index}`));
    const trusted = [...others, selfSigned(folder, `busy-${framing}-2`)];
    replaceCertificate(current, trusted[2] ?? current);
    const certificates = trusted.map(({ certificate }) => certificate);
    const { listener, port, logged } = await start(framing, current);

    const sessions: Awaited<ReturnType<typeof open>>[] = [];
    const refusals: string[] = [];
    let isOver = false;
    const connectOn = async () => {
      while (!isOver) {
        await open(framing, port, certificates).then(
          (session) => sessions.push(session),
          (failure) => refusals.push(String(failure)),
        );
      }
    };
    const openers = Array.from({ length: 8 }, connectOn);
    const opened = async (count: number) => {
      while (sessions.length < count) await new Promise((resolve) => setImmediate(resolve));
    };
    for (let renewals = 0; renewals < 10; renewals++) {
      await opened(sessions.length + 40);
      replaceCertificate(current, others[renewals % 2] ?? current);
      listener.renewCertificates();
    }
    await opened(sessions.length + 40);
    isOver = true;
    await Promise.all(openers);

    expect(logged.filter(([event]) => event === "certificate renewed")).toHaveLength(10);
    expect(sessions.filter(({ closed }) => closed.reason !== null)).toEqual([]);
    // What Bun no longer needs of the stopped servers goes, and takes no session along.
    Bun.gc(true);
    await Promise.all(sessions.map((session) => session.echo()));
    // Only what a server had not accepted yet when it was stopped is lost: one for each opener at most.
    expect(refusals.length).toBeLessThanOrEqual(10 * openers.length);

    const ended = sessions.map(({ peer }) => peer.close(1000, "done"));
    expect(ended).toHaveLength(sessions.length);
  }, 60_000);
});

test("until when the shown certificates are valid is known until the port is closed", async () => {
  const before = [...servedCertificates.values()].flat().length;
  const { listener } = await start("websocket", selfSigned(folder, "served"));
  const served = [...servedCertificates.values()].flat().at(-1);
  expect(served?.name).toBe("served");
  expect(served?.notAfter).toBeGreaterThan(Date.now() / 1000);
  await listener.close();
  expect([...servedCertificates.values()].flat()).toHaveLength(before);
});

test("a file that is replaced is noticed", async () => {
  const file = join(folder, "watched.pem");
  writeFileSync(file, "one");
  const noticed = Promise.withResolvers<void>();
  const end = watchFiles([file, join(folder, "missing.pem")], noticed.resolve, 1);
  const keepAlive = setInterval(() => {}, 1000);
  writeFileSync(file, "another");
  await noticed.promise;
  clearInterval(keepAlive);
  end();
});
