import { describe, expect, test } from "bun:test";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { BodyFraming } from "#transport/http/http-request.ts";
import {
  badHandshake,
  checkHandshake,
  checkWampHandshake,
  isWebSocketKey,
} from "#transport/websocket/handshake-check.ts";
import { webSocketDefaults } from "../../../support/default-options.ts";
import { webSocketTransport } from "../../../support/transports.ts";

const opening = {
  Host: "example.com:8080",
  Connection: "keep-alive, Upgrade",
  Upgrade: "WebSocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

const NO_BODY: BodyFraming = { kind: "length", octets: 0 };

/** A request for a handshake with these headers changed; undefined: left out. */
function request(changes: Record<string, string | undefined> = {}, method = "GET") {
  const headers = Object.entries({ ...opening, ...changes }).filter(
    ([, value]) => value !== undefined,
  );
  return { method, headers: new Headers(headers as [string, string][]), framing: NO_BODY };
}

/** An answer with headers that are found by any spelling, and its body as text. */
function read({ status, headers, body }: HttpAnswer) {
  return {
    status,
    headers: new Headers(headers),
    text: Buffer.from(body as Uint8Array).toString(),
  };
}

/** The answer that is no upgrade. */
function refusal(
  one: Parameters<typeof checkHandshake>[0],
  options: Partial<typeof webSocketDefaults> = {},
) {
  const answer = checkHandshake(one, { ...webSocketDefaults, ...options }, () => "<p>page");
  return answer && read(answer);
}

test("a handshake that is in order is no answer but an upgrade", () => {
  expect(refusal(request())).toBeNull();
});

describe("a handshake is refused", () => {
  test.each<[string, Record<string, string | undefined>, number]>([
    ["without Connection: Upgrade", { Connection: "keep-alive" }, 400],
    ["without a Connection header", { Connection: undefined }, 400],
    ["with a no-break space in Upgrade", { Upgrade: "websocket\xa0" }, 200],
    ["in another version", { "Sec-WebSocket-Version": "8" }, 426],
    ["in several versions", { "Sec-WebSocket-Version": "13, 8" }, 426],
    ["without a version", { "Sec-WebSocket-Version": undefined }, 426],
    ["without a key", { "Sec-WebSocket-Key": undefined }, 400],
    ["with a short key", { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25j" }, 400],
    ["with two keys", { "Sec-WebSocket-Key": `${opening["Sec-WebSocket-Key"]}, a` }, 400],
  ])("%s", (_, changes, status) => {
    expect(refusal(request(changes))?.status).toBe(status);
  });

  test.each<[string, Partial<typeof webSocketDefaults>, string]>([
    ["of another origin", { allowed_origins: ["https://good.example"] }, "https://bad.example"],
    ["of a page without origin", { allow_null_origin: false }, "null"],
  ])("%s, with 403", (_, options, Origin) => {
    expect(refusal(request({ Origin }), options)?.status).toBe(403);
    expect(refusal(request(), options)).toBeNull();
  });

  test("by another method than GET", () => {
    const answer = refusal(request({}, "POST"));
    expect([answer?.status, answer?.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });

  test("in HTTP/1.0", () => {
    expect(badHandshake().status).toBe(400);
  });

  test.each<BodyFraming>([{ kind: "length", octets: 1 }, { kind: "chunked" }])(
    "with a body: %j",
    (framing) => {
      expect(refusal({ ...request(), framing })?.status).toBe(400);
    },
  );

  test("with the version that is spoken", () => {
    const { headers } = refusal(request({ "Sec-WebSocket-Version": "7" })) ?? {
      headers: new Headers(),
    };
    expect(headers.get("sec-websocket-version")).toBe("13");
    expect([headers.get("upgrade"), headers.get("connection")]).toEqual(["websocket", "Upgrade"]);
  });
});

test.each<[string, number | null, boolean]>([
  ["example.com", null, true],
  ["example.com:1", null, true],
  ["[::1]:8080", null, true],
  ["example.com:8443", 8443, true],
  ["[::1]:8443", 8443, true],
  ["example.com:8444", 8443, false],
  ["example.com", 8443, false],
  ["example.com:", 8443, false],
  ["example.com", 443, true],
  ["example.com", 80, true],
  ["example.com:81", 80, false],
])("Host %s with external_port %p is taken: %p", (Host, external_port, isTaken) => {
  expect(refusal(request({ Host }), { external_port }) === null).toBe(isTaken);
});

describe("a request that is no handshake", () => {
  const plain = { Upgrade: undefined, Connection: undefined };

  test.each(["GET", "HEAD"])("gets the page by %s", async (method) => {
    const answer = refusal(request(plain, method));
    expect(answer?.status).toBe(200);
    expect(answer?.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(answer?.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("gets 426 where there is no page", () => {
    const answer = refusal(request(plain), { enable_webstatus: false });
    expect([answer?.status, answer?.headers.get("upgrade")]).toEqual([426, "websocket"]);
  });

  test.each(["POST", "PUT", "DELETE"])("gets 405 by %s", (method) => {
    expect(refusal(request(plain, method))?.status).toBe(405);
  });

  test("names another protocol to upgrade to", () => {
    expect(refusal(request({ Upgrade: "h2c" }))?.status).toBe(200);
  });
});

describe("the subprotocol", () => {
  const decide = (offered: string | undefined, isRequired = true) =>
    checkWampHandshake(
      request({ "Sec-WebSocket-Protocol": offered }),
      webSocketTransport(
        { require_websocket_subprotocol: isRequired },
        { serializers: ["json", "cbor"] },
      ),
    );

  test("is the client's first that is spoken here", () => {
    expect(decide("wamp.2.msgpack, wamp.2.cbor.batched, wamp.2.json")).toEqual({
      kind: "upgrade",
      chosen: { serializer: "cbor", isBatched: true, protocol: "wamp.2.cbor.batched" },
    });
  });

  test.each([[undefined], [""], ["wamp.2.msgpack"], ["wamp.1"]])(
    "is required: %p is answered with what there is",
    (offered) => {
      const decision = decide(offered);
      if (decision.kind !== "answer") throw new Error("it was taken");
      const { status, text } = read(decision.answer);
      expect(status).toBe(400);
      expect(text).toContain("wamp.2.json, wamp.2.json.batched, wamp.2.cbor, wamp.2.cbor.batched");
    },
  );

  test("is JSON without an offer, where none is required", () => {
    const chosen = { serializer: "json", isBatched: false, protocol: "" } as const;
    expect(decide(undefined, false)).toEqual({ kind: "upgrade", chosen });
  });

  test("is looked at behind everything else", () => {
    const config = webSocketTransport();
    const decision = checkWampHandshake(request({ Connection: undefined }), config);
    if (decision.kind !== "answer") throw new Error("it was taken");
    expect(decision.answer.status).toBe(400);
  });
});

const key = opening["Sec-WebSocket-Key"];

test.each([
  [key, true],
  ["AAAAAAAAAAAAAAAAAAAAAA==", true],
  [null, false],
  ["", false],
  ["AAAAAAAAAAAAAAAAAAAAAAA=", false],
  ["AAAAAAAAAAAAAAAAAAAAA===", false],
  ["AAAAAAAAAAAAAAAAAAAA-_==", false],
  [`${key}\r\nX: y`, false],
  [`${key}, ${key}`, false],
])("%j is the base64 of 16 octets: %p", (written, isKey) => {
  expect(isWebSocketKey(written)).toBe(isKey);
});
