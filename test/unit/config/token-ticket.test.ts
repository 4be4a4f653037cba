/** `auth.ticket` of type `jwt`. */

import { describe, expect, test } from "bun:test";
import { loadNode, transportsOf } from "../../support/loaded-node.ts";
import { titled } from "../../support/titles.ts";

const url = "https://login.example/keys";
const jwt = { type: "jwt", issuer: "https://login.example", audience: "crossproxy", jwks_url: url };

const cookie = (changes: object) => ({ name: "token", ...changes });

/** Loads a router, or a proxy, with one transport that has this `ticket`. */
async function load(ticket: object, type: "router" | "proxy" = "router") {
  const role = (name: string) => ({ name, permissions: [{ uri: "*", allow: {} }] });
  const unix = { type: "unix", path: "router.sock" };
  const kinds = {
    router: { realms: [{ name: "realm1", roles: [role("user"), role("guest")] }] },
    proxy: {
      connections: { c: { transport: { type: "rawsocket", endpoint: unix } } },
      routes: { realm1: { user: "c", guest: "c" } },
    },
  };
  const transport = {
    type: "websocket",
    endpoint: { type: "tcp", port: 8080 },
    auth: { ticket: { ...jwt, ...ticket } },
  };
  const workers = [{ type, ...kinds[type], transports: [transport] }];
  const { config, faults, warnings } = await loadNode({ version: 2, workers });
  const below = (sentences: string[]) =>
    sentences.map((one) => one.replace("$.workers[0].transports[0].auth.ticket", "$"));
  return { transport: transportsOf(config)[0], faults: below(faults), warnings: below(warnings) };
}

describe.each(["router", "proxy"] as const)("on a %s, tickets that are tokens", (type) => {
  test("have their defaults", async () => {
    const { transport, faults, warnings } = await load({}, type);
    expect([...faults, ...warnings]).toEqual([]);
    expect(transport).toMatchObject({
      auth: {
        ticket: {
          type: "jwt",
          issuer: "https://login.example",
          audience: ["crossproxy"],
          keys: { type: "url", url, refresh_interval: 300_000, lifetime: 86_400_000 },
          algorithms: expect.arrayContaining(["ES256", "RS256", "EdDSA"]),
          clock_tolerance: 60,
          authid_claim: ["sub"],
          authrole_claim: ["role"],
          roles: null,
          scopes: [],
          "default-role": null,
          extra_claims: null,
        },
      },
    });
  });

  test("have every option", async () => {
    const secret = "a secret of 32 octets, no fewer.";
    const tokens = {
      algorithms: ["HS256"],
      clock_tolerance: 0,
      authid_claim: ["email"],
      authrole_claim: ["realm_access", "roles"],
      roles: ["user"],
      scopes: ["wamp"],
      cookie: {
        name: "__Host-token",
        allowed_origins: ["https://app.example:8443", "http://*.app.example:*", "app://localhost"],
      },
      "default-role": "guest",
      extra_claims: ["email", "groups"],
    };
    const written = { ...tokens, jwks_url: undefined, secret };
    const { transport, faults, warnings } = await load(written, type);
    expect([...faults, ...warnings]).toEqual([]);
    const keys = { type: "secret", secret };
    expect(transport).toMatchObject({ auth: { ticket: { ...tokens, keys } } });
  });

  const place = type === "router" ? "no realm has role" : "no route has role";
  test.each(
    titled<[object, string]>([
      [{ roles: ["user", "boss"] }, `$.roles[1]: ${place} "boss"`],
      [{ "default-role": "boss" }, `$["default-role"]: ${place} "boss"`],
    ]),
  )("with %s are warned of", async (_, ticket, sentence) => {
    const { faults, warnings } = await load(ticket, type);
    expect(faults).toEqual([]);
    expect(warnings).toEqual([`${sentence}, so clients that get it cannot join`]);
  });
});

test.each(
  titled<[object, string]>([
    [{ issuer: undefined }, "$.issuer: required attribute is missing"],
    [
      { jwks_url: undefined },
      '$: expected one of "jwks_url", "jwks_file" and "secret", found none',
    ],
    [{ algorithms: ["none"] }, "$.algorithms[0]: expected "],
    [{ extra_claims: [] }, "$.extra_claims: expected at least one claim, found none"],
    [{ cookie: "token" }, "$.cookie: expected object"],
    [{ cookie: cookie({}) }, "$.cookie.allowed_origins: required attribute is missing"],
    [{ cookie: cookie({ allowed_origins: [] }) }, "expected at least one origin, found none"],
    ...[
      "*",
      "https://*",
      "*://app.example",
      "https://app*",
      "https://*:443",
      "null",
      "app.example",
    ].map((origin): [object, string] => [
      { cookie: cookie({ allowed_origins: [origin] }) },
      `$.cookie.allowed_origins[0]: expected an origin such as "https://app.example"`,
    ]),
    [
      { cookie: cookie({ name: "a b", allowed_origins: ["https://app.example"] }) },
      "$.cookie.name: expected the name of a cookie",
    ],
    [{ principals: {} }, "$.principals: unknown attribute"],
  ]),
)("%s is a fault", async (_, ticket, sentence) => {
  const { faults } = await load(ticket);
  expect(faults).toEqual([expect.stringContaining(sentence)]);
});

test("a cookie is warned of where clients send none", async () => {
  const allowed_origins = ["https://app.example"];
  const transport = {
    type: "rawsocket",
    endpoint: { type: "tcp", port: 8080 },
    auth: { ticket: { ...jwt, roles: ["user"], cookie: { name: "token", allowed_origins } } },
  };
  const realms = [{ name: "realm1", roles: [{ name: "user", "allow-by-default": true }] }];
  const workers = [{ type: "router", realms, transports: [transport] }];
  const { faults, warnings } = await loadNode({ version: 2, workers });
  expect([...faults, ...warnings]).toEqual([
    "$.workers[0].transports[0].auth.ticket.cookie: has no effect: clients over RawSocket send no cookies",
  ]);
});
