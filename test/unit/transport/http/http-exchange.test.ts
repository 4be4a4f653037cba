import { expect, test } from "bun:test";
import type { BridgeServiceConfig } from "#config/node-config.ts";
import type { ConnectionSocket } from "#transport/endpoint/connection.ts";
import { HttpExchanges } from "#transport/http/http-exchange.ts";
import { HttpBridge } from "#transport/web/bridge/http-bridge.ts";
import { quietContext } from "../../../support/quiet-context.ts";

const config: BridgeServiceConfig = {
  type: "caller",
  realm: "realm1",
  role: "anonymous",
  options: {
    key: null,
    secret: null,
    require_tls: false,
    require_ip: null,
    post_body_limit: 0,
    timestamp_delta_limit: 0,
    call_timeout: 0,
  },
};
const wampCaller = { request: () => Promise.reject(new Error("nothing is called")) };

/** A socket that takes so many octets until it has drained. */
function fakeSocket(space: number) {
  let [free, taken] = [space, ""];
  const socket: ConnectionSocket = {
    write(octets, start = 0, length = octets.length) {
      const count = Math.min(free, length);
      taken += Buffer.from(octets.subarray(start, start + count)).toString("latin1");
      free -= count;
      return count;
    },
    shutdown() {},
    end() {},
    terminate() {},
    pause() {},
    resume() {},
  };
  const drain = () => {
    free = Number.POSITIVE_INFINITY;
  };
  return { socket, drain, taken: () => taken };
}

test("reads the next request after a short answer that the socket takes in parts", () => {
  const { socket, drain, taken } = fakeSocket(10);
  const pipelined: string[] = [];
  const request = new HttpExchanges().open({
    handler: new HttpBridge(config, { ...quietContext, wampCaller }),
    request: {
      method: "OPTIONS",
      url: new URL("http://localhost/"),
      headers: new Headers({ host: "localhost" }),
      isHttp10: false,
      address: null,
      isSecure: false,
    },
    log: quietContext.log,
    socket,
    octetsAfterHead: Buffer.from("GET"),
    readNextRequest: (octets) => pipelined.push(Buffer.from(octets).toString()),
  });
  expect(taken()).toBe("HTTP/1.1 2");
  expect(pipelined).toEqual([]);
  drain();
  request.drained();
  expect(taken()).toEndWith("\r\n\r\n");
  expect(pipelined).toEqual(["GET"]);
  request.closed();
});
