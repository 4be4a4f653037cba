import { expect, test } from "bun:test";
import type { BridgeServiceConfig } from "#config/web-service/web-service-config.ts";
import { HttpExchanges } from "#transport/http/http-exchange.ts";
import type { BodyFraming } from "#transport/http/http-request.ts";
import { HttpBridge } from "#transport/web/bridge/http-bridge.ts";
import { quietContext } from "../../../support/quiet-context.ts";
import { ScriptedSocket } from "../../../support/scripted-socket.ts";

const config: BridgeServiceConfig = {
  type: "caller",
  realm: "realm1",
  role: "anonymous",
  options: {
    key: null,
    secret: null,
    require_tls: false,
    require_ip: null,
    post_body_limit: 100,
    timestamp_delta_limit: 0,
    call_timeout: 0,
    error_status_codes: false,
    idempotency_key_lifetime: 0,
  },
};
const wampCaller = {
  request: () => Promise.reject(new Error("nothing is called")),
  subscribe: () => Promise.reject(new Error("nothing is subscribed to")),
};

/** A request of this method with these headers, on a socket that takes ten octets. */
function begin(method: string, headers: Record<string, string>, framing: BodyFraming) {
  const socket = new ScriptedSocket();
  socket.takes = 10;
  const pipelined: string[] = [];
  const request = new HttpExchanges().open({
    handler: new HttpBridge(config, { ...quietContext, wampCaller }),
    request: {
      method,
      url: new URL("http://localhost/"),
      headers: new Headers({ host: "localhost", ...headers }),
      isHttp10: false,
      framing,
      peer: "unix:/socket",
      isSecure: false,
      strictTransport: "",
    },
    log: quietContext.log,
    socket,
    octetsAfterHead: Buffer.from(method === "OPTIONS" ? "GET" : ""),
    readNextRequest: (octets) => pipelined.push(Buffer.from(octets).toString()),
  });
  return { socket, request, pipelined };
}

test("reads the next request after a short answer that the socket takes in parts", () => {
  const { socket, request, pipelined } = begin("OPTIONS", {}, { kind: "length", octets: 0 });
  expect(socket.text).toBe("HTTP/1.1 2");
  expect(pipelined).toEqual([]);
  socket.takes = 1000;
  request.drained();
  expect(socket.text).toEndWith("\r\n\r\n");
  expect(pipelined).toEqual(["GET"]);
  request.closed();
});

test("sends 100 Continue whole before the answer, in however many parts", async () => {
  const { socket, request } = begin("POST", { expect: "100-continue" }, { kind: "chunked" });
  request.received(Buffer.from("x\r\n"));
  expect(socket.text).toBe("HTTP/1.1 1");
  socket.takes = 1000;
  request.drained();
  expect(socket.text).toStartWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad Request\r\n");
  request.closed();
});

test("a connection that closes while the answer is written is left alone", async () => {
  const { socket, request, pipelined } = begin(
    "POST",
    { connection: "close" },
    { kind: "length", octets: 1 },
  );
  socket.takes = Number.POSITIVE_INFINITY;
  const write = socket.write.bind(socket);
  socket.write = (...octets) => {
    request.closed();
    return write(...octets);
  };
  request.received(Buffer.from("x"));
  await socket.until(({ text }) => text !== "");
  expect(socket.text).toStartWith("HTTP/1.1 400 Bad Request\r\n");
  expect([socket.done, pipelined]).toEqual([[], []]);
});
