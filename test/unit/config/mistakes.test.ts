/** Mistakes that operators make, and what `check` says of them. */

import { expect, test } from "bun:test";
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
