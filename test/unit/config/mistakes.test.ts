/** Mistakes that operators make, and what `check` says of them. */

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { blocksOf } from "../../support/documents.ts";
import { loadNode } from "../../support/loaded-node.ts";

const readmeNode = blocksOf("README.md").find(({ language }) => language === "json")?.text ?? "";

/** What is changed in the node of the README, which has no faults. */
type Change = (node: {
  workers: [
    { realms: { name: string; roles: { name: string }[] }[] },
    {
      connections: object;
      routes: Record<string, Record<string, string>>;
      transports: [{ paths: { ws: { auth: Record<string, unknown> } } }];
    },
  ];
}) => void;

async function said(change: Change, env: Record<string, string> = {}) {
  const node = JSON.parse(readmeNode);
  change(node);
  const { faults, warnings } = await loadNode(node, env);
  return { faults, warnings };
}

test("a route leads to a realm that the node's own router does not have", async () => {
  const { faults, warnings } = await said(({ workers: [, proxy] }) => {
    proxy.routes["realm2"] = { anonymous: "conn1" };
  });
  expect(faults).toEqual([]);
  expect(warnings).toEqual([
    '$.workers[1].routes.realm2: worker "worker001", to which it leads, has no realm "realm2"; add it to its realms',
  ]);
});

test("a route is for a role that the realm of the node's own router does not have", async () => {
  const { faults, warnings } = await said(({ workers: [, proxy] }) => {
    proxy.routes["realm1"] = { anonymous: "conn1", user: "conn1", "*": "conn1" };
  });
  expect(faults).toEqual([]);
  expect(warnings).toEqual([
    '$.workers[1].routes.realm1.user: realm "realm1" of worker "worker001", to which it leads, has no role "user"; add it to its roles',
  ]);
});

test("a route is for the role that every realm has", async () => {
  const { faults, warnings } = await said(({ workers: [, proxy] }) => {
    proxy.routes["realm1"] = { anonymous: "conn1", trusted: "conn1" };
  });
  expect([faults, warnings]).toEqual([[], []]);
});

test.each([
  ["ghost", 'no realm has role "ghost", so clients that get it cannot join'],
  ["anonymous", 'no realm has role "anonymous", so clients that get it may do nothing'],
  ["trusted", 'clients of role "trusted" may do everything on every realm'],
])("a router gives clients role %s, which its realm lacks", async (role, sentence) => {
  const { faults, warnings } = await said(({ workers: [router] }) => {
    Object.assign(router.realms[0] ?? {}, { roles: [{ name: "user", permissions: [] }] });
    const auth = { anonymous: { type: "static", role } };
    const endpoint = { type: "tcp", port: 8999 };
    Object.assign(router, { transports: [{ type: "websocket", endpoint, auth }] });
  });
  expect(faults).toEqual([]);
  expect(warnings).toContain(`$.workers[0].transports[0].auth.anonymous: ${sentence}`);
});

test("a role has no route", async () => {
  const { warnings } = await said(({ workers: [, proxy] }) => {
    proxy.routes["realm1"] = {};
  });
  expect(warnings).toEqual([
    '$.workers[1].transports[0].paths.ws.auth.anonymous: no route has role "anonymous", so clients that get it cannot join',
  ]);
});

test("a variable is written without braces, and would be the secret itself", async () => {
  const ticket = (written: string) => (node: Parameters<Change>[0]) => {
    const principals = { alice: { ticket: written, role: "anonymous" } };
    node.workers[1].transports[0].paths.ws.auth = { ticket: { type: "static", principals } };
  };
  const path = "$.workers[1].transports[0].paths.ws.auth.ticket.principals.alice.ticket";
  const { faults, warnings } = await said(ticket("$ALICE_TICKET"), { ALICE_TICKET: "secret1" });
  expect([faults, warnings]).toEqual([
    [],
    [
      `${path}: it begins with $ and is taken as it stands; a variable is written "\${VARIABLE}", with braces`,
    ],
  ]);
  expect(await said(ticket("$5 a day"))).toEqual({ faults: [], warnings: [] });
  const set = await said(ticket(`\${ALICE_TICKET}`), { ALICE_TICKET: "$ALICE" });
  expect(set).toEqual({ faults: [], warnings: [] });
});

test("secrets of WAMP-CRA are derived already, where the secrets themselves are expected", async () => {
  const user = { salt: "salt123", iterations: 100, keylen: 32, role: "anonymous" };
  const users =
    (secret: string, more: object = {}) =>
    (node: Parameters<Change>[0]) => {
      const alice = { ...user, ...more, secret };
      node.workers[1].transports[0].paths.ws.auth = {
        wampcra: { type: "static", users: { alice } },
      };
    };
  const derived = Buffer.alloc(32, 7).toString("base64");
  const path = "$.workers[1].transports[0].paths.ws.auth.wampcra.users.alice.secret";
  const { faults, warnings } = await said(users(derived));
  expect([faults, warnings]).toEqual([
    [],
    [
      `${path}: this looks like the derived key; expected the secret itself, from which the node derives the key`,
    ],
  ]);
  expect(warnings.join()).not.toContain(derived);
  for (const [secret, more] of [
    ["secret1", {}],
    [derived, { keylen: 16 }],
    ["L3L1YUE8Txlw", { keylen: 9 }],
    [derived, { salt: undefined, iterations: undefined, keylen: undefined }],
  ] as const) {
    expect(await said(users(secret, more))).toEqual({ faults: [], warnings: [] });
  }
});

test.each([
  ["wamp-scram", "scram"],
  ["wamp-cra", "wampcra"],
  ["wamp-cryptosign", "cryptosign"],
])("authmethod %s is spelled as in the specification", async (written, known) => {
  const { faults } = await said(({ workers: [, proxy] }) => {
    proxy.transports[0].paths.ws.auth[written] = { type: "static", principals: {} };
  });
  expect(faults).toEqual([
    `$.workers[1].transports[0].paths.ws.auth["${written}"]: unknown attribute "${written}"; did you mean "${known}"?`,
  ]);
});

test("backends are written on a worker", async () => {
  const { faults, warnings } = await said(({ workers: [, proxy] }) => {
    Object.assign(proxy, { backends: [] });
  });
  expect(faults).toEqual([]);
  expect(warnings).toEqual([
    '$.workers[1].backends: not honoured: a worker has "connections" and "routes"; "backends" is for a path of type "websocket-proxy"',
  ]);
});

test("there is no worker, or none that is started", async () => {
  const warned = async (workers?: unknown) => (await loadNode({ version: 2, workers })).warnings;
  expect(await warned([])).toEqual(["$.workers: there is no worker, so that nothing runs"]);
  expect(await warned()).toEqual(["$.workers: there is no worker, so that nothing runs"]);
  const disabled = { type: "proxy", options: { disabled: true } };
  const nothing = "$.workers: every worker is disabled or left out, so that nothing runs";
  expect(await warned([disabled])).toEqual([nothing]);
  expect(await warned([{ ...disabled, transports: 5 }])).toEqual([nothing]);
  expect(await warned([disabled, { type: "hostmonitor" }])).toEqual([
    nothing,
    "$.workers[1].type: not honoured: the worker is left out",
  ]);
  expect(await warned([disabled, { type: "proxy" }])).toEqual([]);
  expect(await warned([{ type: "prox" }])).toEqual([]);
});

test("a certificate is asked of clients that are to join without", async () => {
  const fixtures = join(import.meta.dir, "../../fixtures/tls");
  const tls = {
    key: join(fixtures, "expired.key"),
    certificate: join(fixtures, "expired.pem"),
    ca_certificates: [join(fixtures, "expired.pem")],
  };
  const warned = async (auth: object) => {
    const { warnings } = await said(({ workers: [, proxy] }) => {
      Object.assign(proxy.transports[0], { endpoint: { type: "tcp", port: 8443, tls } });
      proxy.transports[0].paths.ws.auth = { ...auth };
    });
    return warnings.filter((warning) => warning.includes(".ca_certificates: "));
  };
  const anonymous = { anonymous: { type: "static", role: "anonymous" } };
  const byCertificate = { tls: { type: "static", principals: {} } };
  const sentence =
    "$.workers[1].transports[0].endpoint.tls.ca_certificates: clients without a certificate of one of these authorities cannot connect";
  expect(await warned(anonymous)).toEqual([sentence]);
  expect(await warned({ ...anonymous, ...byCertificate })).toEqual([sentence]);
  expect(await warned(byCertificate)).toEqual([]);
});

describe("an authenticator", () => {
  const dynamic = {
    type: "dynamic",
    authenticator: "com.example.authenticate",
    "authenticator-realm": "realm1",
    "authenticator-role": "caller",
  };
  const permission = (uri: string, match: string, action: string) => ({
    uri,
    match,
    allow: { [action]: true },
  });
  const calls = permission("com.example.", "prefix", "call");
  const registers = permission("com..authenticate", "wildcard", "register");
  const roles = (...permissions: object[][]) =>
    [["anonymous"], ["caller"], ["provider"]].flatMap(([name], index) =>
      permissions[index] === undefined ? [] : [{ name, permissions: permissions[index] }],
    );
  const path = "$.workers[1].transports[0].paths.ws.auth.ticket.authenticator";

  async function warned(list: object[], change: Change = () => {}, auth: object = dynamic) {
    const { faults, warnings } = await said((node) => {
      const [router, proxy] = node.workers;
      Object.assign(router.realms[0] ?? {}, { roles: list });
      proxy.routes["realm1"] = { anonymous: "conn1", caller: "conn1" };
      proxy.transports[0].paths.ws.auth = { ticket: auth };
      change(node);
    });
    expect(faults).toEqual([]);
    return warnings;
  }

  test("may be called and registered", async () => {
    expect(await warned(roles([], [calls], [registers]))).toEqual([]);
    const authorizer = { name: "provider", authorizer: "com.example.authorize" };
    const warnings = await warned([...roles([], [calls]), authorizer]);
    expect(warnings.filter((warning) => warning.startsWith(path))).toEqual([]);
  });

  test("may be registered by no role", async () => {
    const other = permission("com.example.authenticate.x", "exact", "register");
    expect(await warned(roles([calls], [calls], [other]))).toEqual([
      `${path}: no role of realm "realm1" of worker "worker001" may register it; add a permission`,
    ]);
  });

  test("may be called and registered by the role that may do everything", async () => {
    const routed: Change = ({ workers: [, proxy] }) => {
      proxy.routes["realm1"] = { anonymous: "conn1", trusted: "conn1" };
    };
    const called = { ...dynamic, "authenticator-role": undefined };
    expect(await warned(roles([], [], [registers]), routed, called)).toEqual([]);
    const given = { ...called, "default-role": "trusted" };
    expect(await warned(roles([]), routed, given)).toEqual([]);
  });

  test("may not be called by the role that calls it", async () => {
    expect(await warned(roles([calls], [], [registers]))).toEqual([
      `${path}: role "caller" of realm "realm1" of worker "worker001" may not call it; add a permission`,
    ]);
  });

  test("is behind a route for any realm or role, which the router does not have", async () => {
    const any: Change = ({ workers: [, proxy] }) => {
      proxy.routes = { "*": { "*": "conn1" } };
    };
    expect(await warned(roles([], [calls], [registers]), any)).toEqual([]);
    expect(
      await warned(roles([], [calls], [registers]), any, {
        ...dynamic,
        "authenticator-realm": "x",
      }),
    ).toEqual([`${path}: worker "worker001", to which its route leads, has no realm "x"`]);
    expect(await warned(roles([registers]), any)).toEqual([
      `${path}: realm "realm1" of worker "worker001", to which its route leads, has no role "caller"`,
    ]);
  });

  test("is on a router over TCP on this machine; of other machines nothing is known", async () => {
    const over = (host: string) => (node: Parameters<Change>[0]) => {
      const auth = { "cryptosign-proxy": { type: "static", principals: {} } };
      const endpoint = { type: "tcp", port: 8999 };
      Object.assign(node, { controller: { id: "node1" } });
      Object.assign(node.workers[0], { transports: [{ type: "rawsocket", endpoint, auth }] });
      const transport = { type: "rawsocket", endpoint: { ...endpoint, host } };
      node.workers[1].connections = {
        conn1: { transport, auth: { "cryptosign-proxy": {} } },
      };
    };
    expect(await warned(roles([], []), over("localhost"))).toEqual([
      `${path}: role "caller" of realm "realm1" of worker "worker001" may not call it; add a permission`,
    ]);
    expect(await warned(roles([], []), over("router.example"))).toEqual([]);
  });

  test("of a router itself may be registered by no role", async () => {
    const { warnings } = await said(({ workers: [router] }) => {
      Object.assign(router.realms[0] ?? {}, { roles: roles([calls]) });
      const endpoint = { type: "tcp", port: 9000 };
      const auth = {
        ticket: { ...dynamic, "authenticator-realm": undefined, "authenticator-role": undefined },
      };
      Object.assign(router, { transports: [{ type: "rawsocket", endpoint, auth }] });
    });
    expect(warnings).toEqual([
      '$.workers[0].transports[0].auth.ticket.authenticator: no role of any realm of worker "worker001" may register it; add a permission',
    ]);
  });
});
