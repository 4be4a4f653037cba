/** Strict-Transport-Security (RFC 6797), as a client over TLS sees it in every kind of answer. */

import { describe, expect, test } from "bun:test";
import { connect as connectTls } from "node:tls";
import type { ListeningTcpConfig } from "#config/endpoint/endpoint-config.ts";
import type { UniversalTransportConfig, WebOptions } from "#config/transport/transport-config.ts";
import { hasOpenssl, selfSigned } from "../support/certificates.ts";
import { afterTest } from "../support/cleanups.ts";
import { jsonAt } from "../support/json-service.ts";
import { proxyTo, rawUpstream } from "../support/raw-upstream.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { anyPort, openTransport, webSocketTransport } from "../support/transports.ts";
import { OctetClient, upgradeRequest } from "../support/universal-transport.ts";

const folder = temporaryFolder();

/** Starts a transport with every kind of service; gives its port. */
async function start(options: WebOptions, upstream = 1): Promise<number> {
  const endpoint: ListeningTcpConfig = { ...anyPort, tls: selfSigned(folder, "server") };
  const config: UniversalTransportConfig = {
    type: "universal",
    id: "transport001",
    endpoint,
    rawsocket: null,
    paths: {
      value: jsonAt("1"),
      old: { type: "redirect", url: "/value" },
      ws: webSocketTransport(),
      api: proxyTo(upstream),
    },
    limits: {
      max_connections: 1,
      max_connections_per_address: null,
      max_messages_per_second: null,
      max_messages_burst: 0,
    },
    ...options,
  };
  return (await openTransport(config)).port;
}

function dialTls(port: number): OctetClient {
  const client = new OctetClient(
    connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false }),
  );
  afterTest(() => client.socket.destroy());
  return client;
}

/** Everything that the server sends for these octets until it closes. */
async function answer(port: number, octets: string | Buffer): Promise<string> {
  const client = dialTls(port);
  client.socket.write(octets);
  return await client.whole();
}

const get = (path: string) =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;

const strictIn = (text: string) => text.match(/^Strict-Transport-Security: .*$/gim);

describe.skipIf(!hasOpenssl)("hsts", () => {
  test.each([
    ["200", get("/value")],
    ["302", get("/old")],
    ["404", get("/none")],
    ["502", get("/api")],
    ["400", get("/ws").replace("\r\n\r\n", "\r\nUpgrade: websocket\r\n\r\n")],
    ["400", "GET /value HTTP/1.1\r\nConnection: close\r\n\r\n"],
    ["501", "BREW /value HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["431", `GET /value HTTP/1.1\r\nX: ${"x".repeat(17_000)}`],
  ])("is in an answer with %s", async (status, request) => {
    const text = await answer(await start({ hsts_max_age: 500 }), request);
    expect(text).toStartWith(`HTTP/1.1 ${status} `);
    expect(strictIn(text)).toEqual(["Strict-Transport-Security: max-age=500"]);
  });

  test("is in the refusal of one connection too many", async () => {
    const port = await start({ hsts_max_age: 0 });
    const open = dialTls(port);
    await (await open.send(upgradeRequest())).until("HTTP/1.1 101 ");
    const refused = await answer(port, upgradeRequest());
    expect(refused).toStartWith("HTTP/1.1 503 ");
    expect(strictIn(refused)).toEqual(["Strict-Transport-Security: max-age=0"]);
  });

  test("is in a proxied answer once, in place of the upstream server's", async () => {
    const upstream = await rawUpstream();
    const given = answer(await start({ hsts_max_age: 7 }, upstream.port), get("/api"));
    const server = await upstream.next();
    await server.until("\r\n\r\n");
    const own = "strict-transport-security: max-age=1";
    server.socket.write(`HTTP/1.1 200 OK\r\n${own}\r\nContent-Length: 2\r\n\r\nok`);
    const text = await given;
    expect(text).toEndWith("\r\n\r\nok");
    expect(strictIn(text)).toEqual(["Strict-Transport-Security: max-age=7"]);
  });

  test("is in no answer where it is not configured", async () => {
    const port = await start({});
    for (const path of ["/value", "/old", "/none"]) {
      expect(strictIn(await answer(port, get(path)))).toBeNull();
    }
  });
});
