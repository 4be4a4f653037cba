/** The tables of the node's page. */

import { describe, expect, test } from "bun:test";
import type { NodeStatistics } from "#observe/statistics.ts";
import { pageUpdateOf, printPage } from "#transport/web/node-page/page-document.ts";
import { PAGE_TABLES, printRows } from "#transport/web/node-page/page-tables.ts";
import {
  nodeFigures,
  noSessions,
  workerFigures,
  workerStatistics,
} from "../../../support/node-figures.ts";

/** The cells of a table, its rows separated by semicolons. */
function cellsOf(id: string, statistics: NodeStatistics): string {
  const table = PAGE_TABLES.find((one) => one.id === id);
  if (table === undefined) throw new Error(`there is no table ${id}`);
  return table
    .rows(statistics)
    .map((row) => {
      expect(row).toHaveLength(table.columns.length);
      return row.join(" | ");
    })
    .join("; ");
}

const busy = workerStatistics({
  restarts: 2,
  figures: workerFigures({
    fromClients: {
      messages: { total: 10, perSecond: 2.5 },
      octets: { total: 4096, perSecond: 2048 },
    },
    waitingOctets: 100,
    slowClients: 4,
    routers: [{ connection: "conn1", health: "down", sessions: 3, routers: 1, markedDown: 1 }],
    sessions: {
      ...noSessions,
      open: 9,
      joined: 7,
      roles: [
        { realm: "realm1", role: "user", sessions: 4 },
        { realm: null, role: null, sessions: 1 },
      ],
      rolesLeftOut: 2,
      sessionsLeftOut: 2,
      joins: 12,
      refusals: [{ reason: "wamp.error.no_such_realm", count: 3 }],
      stalledRouters: 1,
      messagesLeftOut: 5,
      messagesLate: 6,
    },
  }),
  transports: [
    {
      id: "web",
      type: "web",
      endpoint: "tcp",
      port: 8080,
      tls: true,
      paths: [
        { path: "/ws", type: "websocket" },
        { path: "/", type: "nodeinfo" },
      ],
    },
    { id: "raw", type: "rawsocket", endpoint: "unix", port: null, tls: false, paths: [] },
  ],
});
const node = nodeFigures({ workers: [busy] });

test.each([
  [
    "workers",
    "proxy1 | proxy | running | 2 | 0 s ago | 1 min | 12.5 % | 50 MiB | 2.5/s (2 KiB/s) | 0/s (0 B/s) | 100 B",
  ],
  [
    "sessions",
    "proxy1 | realm1 | user | 4; proxy1 | not known | not known | 1; proxy1 | 2 more pairs | – | 2; proxy1 | not joined | – | 2",
  ],
  ["routers", "proxy1 | conn1 | down | 3 | by hand"],
  ["joins", "proxy1 | 12 | 3 | 4 | 1 | 5 | 6"],
  ["refusals", "proxy1 | wamp.error.no_such_realm | 3"],
  [
    "transports",
    "proxy1 | web | web | port 8080, TLS | /ws | websocket; proxy1 | web | web | port 8080, TLS | / | nodeinfo; proxy1 | raw | rawsocket | Unix socket | – | –",
  ],
])("%s", (id, expected) => {
  expect(cellsOf(id, node)).toBe(expected);
});

test("warnings", () => {
  const at = "2026-01-02T03:04:05.678Z";
  const [event, fields] = ["worker died", { id: "proxy2", restart_ms: 100 }];
  const warnings = [
    { at, level: "warn" as const, worker: null, event, fields },
    { at, level: "error" as const, worker: "proxy1", event, fields: {} },
  ];
  expect(cellsOf("warnings", nodeFigures({ warnings }))).toBe(
    "2026-01-02 03:04:05 | controller | warn | worker died | id=proxy2 restart_ms=100; 2026-01-02 03:04:05 | proxy1 | error | worker died | –",
  );
});

test("a worker without figures has a row among the workers alone", () => {
  const silent = workerStatistics({ state: "starting", ageSeconds: null, figures: null });
  const statistics = nodeFigures({ workers: [silent] });
  expect(cellsOf("workers", statistics)).toBe(
    `proxy1 | proxy | starting | 0 | – | ${Array.from({ length: 6 }, () => "–").join(" | ")}`,
  );
  for (const id of ["sessions", "routers", "joins", "refusals"]) {
    expect(cellsOf(id, statistics)).toBe("");
  }
});

test("a table without rows says so", () => {
  for (const table of PAGE_TABLES) {
    expect(printRows(table, nodeFigures({ workers: [] }))).toMatch(
      new RegExp(`^<tr><td colspan="${table.columns.length}">No [a-z ]+[.]</td></tr>$`),
    );
  }
});

test("names out of configurations and from clients are text", () => {
  const evil = "<script>alert(1)</script>";
  const sessions = { ...noSessions, roles: [{ realm: evil, role: evil, sessions: 1 }] };
  const worker = workerStatistics({ id: evil, figures: workerFigures({ sessions }) });
  const page = printPage(nodeFigures({ node: evil, workers: [worker] }), evil);
  expect(page).not.toContain("<script>alert");
  expect(page).toContain("&lt;script&gt;alert");
});

describe("the page", () => {
  const page = printPage(node, "proxy1");

  test("has one style sheet and one script, and asks no server for anything", () => {
    expect(page.match(/<style>/g)).toHaveLength(1);
    expect(page.match(/<script>/g)).toHaveLength(1);
    expect(page.match(/<\/script>/g)).toHaveLength(1);
    expect(page).not.toMatch(/(src|href)="(?!data:,"|\?format=json")|@import|url\(/);
    expect(page).toContain("uPlot");
  });

  test("has a language, a title, landmarks and headings in order", () => {
    expect(page).toContain('<html lang="en">');
    expect(page).toContain("<title>&lt;node&gt; – node of crossproxy</title>");
    for (const landmark of ["header", "main", "footer"]) expect(page).toContain(`<${landmark}>`);
    expect([...page.matchAll(/<h(\d)/g)].map(([, level]) => level).join("")).toBe(
      "12233222222" + "2",
    );
    const labels = [...page.matchAll(/<section id="([^"]+)" aria-labelledby="([^"]+)"/g)];
    for (const [, , label] of labels) expect(page).toContain(`id="${label}"`);
    expect(labels).toHaveLength(PAGE_TABLES.length + 2);
  });

  test("has tables whose heads are marked as such", () => {
    expect(page.match(/<table>/g)).toHaveLength(PAGE_TABLES.length);
    expect(page).not.toMatch(/<th>/);
    expect(page).toContain('<th scope="col">Realm</th>');
    expect(page).toContain(
      '<th scope="row">proxy1</th><td>proxy</td><td class="good">running</td>',
    );
  });

  test("has ids of which no two are alike", () => {
    const ids = [...page.replace(/<script>.*<\/script>/s, "").matchAll(/ id="([^"]+)"/g)];
    const names = ids.map(([, id]) => id);
    expect(new Set(names).size).toBe(names.length);
  });
});

test("each event has the rows of all tables, and the rates of both directions", () => {
  const silent = workerStatistics({ id: "proxy2", state: "silent" });
  const guest = workerStatistics({ id: "guest", type: "guest", figures: null });
  const update = pageUpdateOf(nodeFigures({ workers: [busy, silent, guest] }), "proxy1");
  expect(Object.keys(update.parts)).toEqual([
    "facts",
    ...PAGE_TABLES.map(({ id }) => `${id}-rows`),
  ]);
  expect(update.rates).toEqual([
    { worker: "proxy1", messages: 2.5, octets: 2048 },
    { worker: "proxy2", messages: null, octets: null },
  ]);
  const page = printPage(node, "proxy1");
  for (const id of Object.keys(update.parts)) expect(page).toContain(` id="${id}"`);
});
