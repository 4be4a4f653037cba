/** Which answers an Idempotency-Key keeps: those of requests that may have reached a router. */

import { expect, test } from "bun:test";
import { Failure } from "#base/failure.ts";
import type { BridgeServiceConfig } from "#config/web-service/web-service-config.ts";
import { HttpBridge } from "#transport/web/bridge/http-bridge.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { LostAnswer, type WampAnswer } from "#wamp/wamp-caller.ts";
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
    post_body_limit: 100,
    timestamp_delta_limit: 0,
    call_timeout: 10_000,
    error_status_codes: false,
    idempotency_key_lifetime: 60_000,
  },
};
const body = Buffer.from('{"procedure":"a.b"}');
const request = {
  method: "POST",
  url: new URL("http://localhost/"),
  headers: new Headers({ "Idempotency-Key": '"k"' }),
  isHttp10: false,
  framing: { kind: "length", octets: body.length } as const,
  peer: "unix:/socket",
  isSecure: false,
  strictTransport: "",
};
const cause = { source: "router" } as const;
const result: WampAnswer = { kind: "result", payload: { serializer: "json", items: [] } };

test.each([
  ["no router is reached", new Failure("away", cause), [503, 200]],
  ["its arguments cannot be sent", new UnrepresentableValue("too big"), [400, 200]],
  ["the router is lost during the call", new LostAnswer("lost", cause), [503, 503]],
  ["the program has a fault", new Error("a fault"), [500, 500]],
])("a request that fails because %s", async (_, thrown, statuses) => {
  const outcomes: (() => Promise<WampAnswer>)[] = [
    () => Promise.reject(thrown),
    () => Promise.resolve(result),
  ];
  const wampCaller = {
    request: () => outcomes.shift()?.() ?? Promise.reject(new Error("called too often")),
    subscribe: () => Promise.reject(new Error("nothing is subscribed to")),
  };
  const bridge = new HttpBridge(config, { ...quietContext, wampCaller });
  const { signal } = new AbortController();
  const ask = async () => (await bridge.perform(request, body, () => signal)).status;
  expect([await ask(), await ask()]).toEqual(statuses);
});
