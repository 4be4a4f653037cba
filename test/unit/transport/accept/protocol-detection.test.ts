import { describe, expect, test } from "bun:test";
import { type DetectionOptions, ProtocolDetection } from "#transport/accept/protocol-detection.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import { RefusedConnection } from "#transport/http/refused-connection.ts";
import type { ConnectionDetails } from "#wamp/peer.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { keptLog } from "../../../support/kept-log.ts";
import { ScriptedSocket } from "../../../support/scripted-socket.ts";

interface Settings {
  expectsProxyHeader?: boolean;
  needsCertificate?: boolean;
  /** TLS begins behind a header; `readsClientHello`: once the name in the ClientHello is known. */
  startsTls?: boolean;
  readsClientHello?: boolean;
  speaks?: ("rawsocket" | "mqtt" | "http")[];
}

/** A connection that has been accepted; `handed` is what became of it. */
function accepted(settings: Settings = {}) {
  const { log, logged } = keptLog("warn");
  const socket = new ScriptedSocket();
  const secured = new ScriptedSocket();
  const received: string[] = [];
  const tls: [first: string, serverName: string | null][] = [];
  const handed: { protocol: string; details: ConnectionDetails; socket: unknown }[] = [];
  let events: ConnectionEvents | undefined;
  const handler = (protocol: string) => (one: unknown, details: ConnectionDetails) => {
    handed.push({ protocol, details, socket: one });
    return {
      received: (chunk: Uint8Array) => void received.push(Buffer.from(chunk).toString("hex")),
      drained() {},
      ended() {},
      closed: () => void received.push("closed"),
    };
  };
  const { speaks = ["rawsocket", "http"], startsTls = false } = settings;
  const handlers: DetectionOptions["handlers"] = {
    rawSocket: speaks.includes("rawsocket") ? { accept: handler("rawsocket") } : null,
    mqtt: speaks.includes("mqtt") ? { accept: handler("mqtt") } : null,
    http: speaks.includes("http")
      ? {
          dispatch: handler("http"),
          refuse: (one, _details, _head, { status }) => new RefusedConnection(one, status),
        }
      : null,
  };
  const detection = new ProtocolDetection(
    {
      socket,
      details: { peer: "tcp4:10.0.0.1:99", isSecure: false, isUnixSocket: false },
      expectsProxyHeader: settings.expectsProxyHeader ?? false,
      needsCertificate: settings.needsCertificate ?? false,
      readsClientHello: settings.readsClientHello ?? false,
      startTls: startsTls
        ? (first, serverName) => {
            tls.push([Buffer.from(first).toString("latin1"), serverName]);
            return secured;
          }
        : null,
      handOver(taken) {
        events = taken;
      },
    },
    { transport: "transport1", handlers, handshakeMs: 5000, descriptorsPerClient: 1, log },
  );
  detection.begin();
  return {
    detection,
    socket,
    secured,
    received,
    tls,
    handed,
    reasons: () => logged.map(([, fields]) => fields?.["reason"]),
    isHandedOver: () => events !== undefined,
    send: (octets: string | Buffer) => detection.received(Buffer.from(octets as string, "latin1")),
  };
}

const RAWSOCKET = Buffer.from("7ff30000", "hex");
const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const HEADER = "PROXY TCP4 203.0.113.9 198.51.100.7 56324 443\r\n";

describe("the first octet", () => {
  test("7f hands the connection to RawSocket, with all that has come", () => {
    const { send, handed, received, socket, detection } = accepted();
    send(RAWSOCKET);
    expect(handed).toEqual([
      { protocol: "rawsocket", socket, details: expect.objectContaining({ isSecure: false }) },
    ]);
    expect(received).toEqual(["7ff30000"]);
    detection.closed();
  });

  test("a letter is that of a request, which is handed on once its head is whole", () => {
    const { send, handed } = accepted();
    for (const octet of REQUEST.slice(0, -1)) send(octet);
    expect(handed).toEqual([]);
    send("\n");
    expect(handed.map(({ protocol }) => protocol)).toEqual(["http"]);
  });

  test.each<[string, Settings, string | Buffer, string]>([
    ["is of no protocol", {}, "\0\0", "00"],
    ["is of TLS where there is none", {}, "\x16\x03", "16"],
    ["is of RawSocket where only HTTP is spoken", { speaks: ["http"] }, RAWSOCKET, "7f"],
    ["is of HTTP where only RawSocket is spoken", { speaks: ["rawsocket"] }, "G", "47"],
  ])("that %s cuts the connection off, and nothing more is read", (_, settings, octets, hex) => {
    const { send, handed, socket, reasons } = accepted(settings);
    send(octets);
    send(REQUEST);
    expect([handed, socket.done, socket.writes]).toEqual([[], ["terminate"], []]);
    expect(reasons()).toEqual([`no protocol here begins with the octet ${hex}`]);
  });
});

test.each([
  [400, "GET / HTTP/1.1\nHost: a\r\n\r\n"],
  [501, "BREW / HTTP/1.1\r\n"],
  [431, `GET / HTTP/1.1\r\nA: ${"x".repeat(16_384)}`],
])("a request that no server sees is answered with %d", (status, octets) => {
  const { send, handed, socket, isHandedOver, detection } = accepted();
  send(octets);
  expect(socket.text).toStartWith(`HTTP/1.1 ${status} `);
  expect([handed, socket.done, isHandedOver()]).toEqual([[], ["shutdown"], true]);
  detection.closed();
});

describe("a PROXY header", () => {
  test("gives the connection the client's address, however it comes", () => {
    for (const pieces of [[`${HEADER}\x7f\xf3\0\0`], [...HEADER, "\x7f\xf3\0\0"]]) {
      const { send, handed, received } = accepted({ expectsProxyHeader: true });
      for (const piece of pieces) send(piece);
      expect(handed[0]?.details.peer).toBe("tcp4:203.0.113.9:56324");
      expect(received).toEqual(["7ff30000"]);
    }
  });

  test("that is malformed or missing cuts the connection off", () => {
    for (const octets of ["PROXY TCP4 x\r\n", REQUEST]) {
      const { send, handed, socket, reasons } = accepted({ expectsProxyHeader: true });
      send(octets);
      expect([handed, socket.done]).toEqual([[], ["terminate"]]);
      expect(reasons()[0]).toStartWith("malformed PROXY header: ");
    }
  });

  test("comes before TLS, which gets what is behind it", () => {
    const { send, tls, handed, detection } = accepted({
      expectsProxyHeader: true,
      startsTls: true,
    });
    expect(tls).toEqual([]);
    send(`${HEADER}\x16\x03`);
    expect([tls, handed]).toEqual([[["\x16\x03", null]], []]);
    detection.closed();
  });
});

describe("TLS", () => {
  test("begins at once where no name is looked at, and its socket is handed on", () => {
    const { send, tls, handed, secured, detection } = accepted({ startsTls: true });
    expect(tls).toEqual([["", null]]);
    detection.tlsEstablished({ isSecure: true });
    send(RAWSOCKET);
    expect(handed[0]?.socket).toBe(secured);
    expect(handed[0]?.details.isSecure).toBe(true);
  });

  test("begins behind the ClientHello where names are looked at", () => {
    const { send, tls, detection } = accepted({ startsTls: true, readsClientHello: true });
    expect(tls).toEqual([]);
    send("no ClientHello");
    expect(tls).toEqual([["no ClientHello", null]]);
    detection.closed();
  });

  test("that fails cuts the connection off", () => {
    const { detection, secured, reasons } = accepted({ startsTls: true });
    detection.tlsFailed("no cipher fits");
    expect([secured.done, reasons()]).toEqual([
      ["terminate"],
      ["TLS handshake failed: no cipher fits"],
    ]);
  });

  test("hands no client on without a certificate where one is needed", () => {
    for (const octets of [RAWSOCKET, REQUEST]) {
      const { detection, send, handed, secured, reasons } = accepted({
        startsTls: true,
        needsCertificate: true,
      });
      detection.tlsEstablished({ isSecure: true });
      send(octets);
      expect([handed, secured.done]).toEqual([[], ["terminate"]]);
      expect(reasons()).toEqual(["no client certificate"]);
    }
  });

  test("hands a client on with its certificate", () => {
    const { detection, send, handed } = accepted({ startsTls: true, needsCertificate: true });
    const clientCertificate = { sha1: "AA", sha256: "BB", subject: { CN: "device7" } };
    detection.tlsEstablished({ clientCertificate });
    send(RAWSOCKET);
    expect(handed[0]?.details).toMatchObject({ clientCertificate });
  });
});

describe("a client that takes its time", () => {
  test.each<[string, Settings, string, number, string]>([
    ["for the first octet", {}, "", 5000, "no complete handshake within 5000 ms"],
    [
      "for its header",
      { expectsProxyHeader: true },
      "PROXY",
      10_000,
      "no PROXY header within 10000 ms",
    ],
    [
      "behind its header",
      { expectsProxyHeader: true },
      HEADER,
      5000,
      "no complete handshake within 5000 ms",
    ],
    [
      "for its ClientHello",
      { startsTls: true, readsClientHello: true },
      "\x16",
      5000,
      "no complete handshake within 5000 ms",
    ],
  ])("%s is cut off", (_, settings, octets, milliseconds, reason) => {
    const pass = fakeTime();
    const { send, socket, reasons } = accepted(settings);
    if (octets !== "") send(octets);
    pass(milliseconds - 1);
    expect(socket.done).toEqual([]);
    pass(1);
    expect([socket.done, reasons()]).toEqual([["terminate"], [reason]]);
  });

  test("for its request is answered with 408", () => {
    const pass = fakeTime();
    const { send, socket, detection } = accepted();
    send("GET / HT");
    pass(5000);
    expect(socket.text).toStartWith("HTTP/1.1 408 ");
    detection.closed();
  });

  test("is left alone once it is handed on, or closed", () => {
    const pass = fakeTime();
    const [handedOn, closed] = [accepted(), accepted()];
    handedOn.send(RAWSOCKET);
    closed.detection.closed();
    pass(1_000_000);
    expect([handedOn.socket.done, closed.socket.done]).toEqual([[], []]);
  });
});
