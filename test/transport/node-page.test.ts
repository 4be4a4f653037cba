/** Path type `nodeinfo`: the page of the node over HTTP, as HTML, JSON and events. */

import { describe, expect, test } from "bun:test";
import { Failure } from "#base/failure.ts";
import type { NodeInfoServiceConfig } from "#config/web-service/web-service-config.ts";
import type { NodeStatistics, StatisticsSource } from "#observe/statistics.ts";
import { openEvents } from "../support/event-source.ts";
import { nodeFigures } from "../support/node-figures.ts";
import { openNodePage } from "../support/node-page-service.ts";
import { expectNodeStatistics } from "../support/node-statistics-schema.ts";
import { quietContext } from "../support/quiet-context.ts";
import { rawHttp } from "../support/raw-http.ts";
import { anyPort, openTransport } from "../support/transports.ts";
import { dial } from "../support/universal-transport.ts";

/** Figures that a test sends by hand. */
function source() {
  const watchers = new Set<(statistics: NodeStatistics) => void>();
  const statistics: StatisticsSource = {
    read: () => Promise.resolve(nodeFigures()),
    watch(onChange) {
      watchers.add(onChange);
      onChange(nodeFigures());
      return () => watchers.delete(onChange);
    },
  };
  const change = (node: string) => {
    for (const watcher of watchers) watcher(nodeFigures({ node }));
  };
  return { statistics, watchers, change };
}

/** A transport with the page at a path; gives its port. */
async function serve(
  changes: Partial<NodeInfoServiceConfig> = {},
  statistics: StatisticsSource = source().statistics,
  at = "info",
) {
  const paths = { [at]: { ...openNodePage, ...changes } };
  const config = { type: "web" as const, id: "web", endpoint: anyPort, paths };
  const { listener, port } = await openTransport(config, undefined, {
    ...quietContext,
    statistics,
  });
  return { listener, port, url: `http://127.0.0.1:${port}/info` };
}

/** An EventSource comes again only after a stream. */
async function expectPostponed(url: string): Promise<void> {
  const events = await openEvents(url);
  await events.ended;
  const text = "retry: 10000\n: there are too many viewers\n\n";
  expect([events.status, events.text()]).toEqual([200, text]);
}

/** Asks for events until there is one. */
async function untilServed(url: string): Promise<void> {
  const event = (await openEvents(url)).next();
  await event.catch(() => untilServed(url));
}

describe("the page of a node", () => {
  test("is HTML that nobody keeps", async () => {
    const { url } = await serve();
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const page = await answer.text();
    expect(page).toContain("<h1>Node &lt;node&gt;</h1>");
    expect(page).toContain("<dt>Answered by</dt><dd>worker</dd>");
  });

  test.each([
    ["?format=json", "*/*"],
    ["", "application/json"],
    ["?format=json&x=1", "text/html"],
  ])("is JSON where %j or Accept %j asks for it", async (query, accept) => {
    const { url } = await serve();
    const answer = await fetch(url + query, { headers: { Accept: accept } });
    expect(answer.headers.get("content-type")).toBe("application/json");
    const statistics = await answer.json();
    expectNodeStatistics(statistics);
    expect(statistics).toEqual({ ...nodeFigures(), answeredBy: "worker" });
  });

  test.each([
    ["GET", "/info/", 200],
    ["HEAD", "/info", 200],
    ["OPTIONS", "/info", 204],
    ["POST", "/info", 405],
    ["GET", "/info?format=xml", 400],
    ["GET", "/info/health", 404],
    ["GET", "/info/metrics", 404],
  ])("answers %s %s with %d", async (method, path, status) => {
    const { port } = await serve();
    expect((await fetch(`http://127.0.0.1:${port}${path}`, { method })).status).toBe(status);
  });

  test.each([
    ["/", 200],
    ["/health", 404],
    ["/metrics", 404],
    ["/favicon.ico", 404],
    ["//", 404],
  ])("at the root answers %s with %d", async (path, status) => {
    const { port } = await serve({}, undefined, "/");
    for (const accept of ["*/*", "application/json", "text/event-stream;q=0.9, text/html"]) {
      // By hand, because fetch makes one slash of two.
      const fields = `Host: h\r\nAccept: ${accept}\r\nConnection: close`;
      const [answer] = await rawHttp(port, `GET ${path} HTTP/1.1\r\n${fields}\r\n\r\n`);
      expect([accept, answer?.status]).toEqual([accept, status]);
    }
  });

  test("is not there while the controller does not answer", async () => {
    const failing = new Failure("Cannot read the figures", { source: "internal" });
    const read = () => Promise.reject(failing);
    const { url } = await serve({}, { read, watch: () => () => {} });
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "2"]);
  });

  test("is refused to other addresses, and to those that do not show the token", async () => {
    const elsewhere = await serve({ require_ip: ["192.0.2.0/24"] });
    const guarded = await serve({ require_ip: ["127.0.0.0/8"], token: "s3cret" });
    for (const accept of ["text/html", "application/json", "text/event-stream"]) {
      const headers = { accept };
      const statuses = [
        (await fetch(elsewhere.url, { headers })).status,
        (await fetch(guarded.url, { headers })).status,
      ];
      expect([accept, ...statuses]).toEqual([accept, 403, 401]);
    }
    const Authorization = "Bearer s3cret";
    expect((await fetch(guarded.url, { headers: { Authorization } })).status).toBe(200);
  });
});

describe("events", () => {
  test("follow the figures as JSON, for all viewers", async () => {
    const { statistics, change } = source();
    const { url } = await serve({}, statistics);
    const viewers = [await openEvents(url), await openEvents(url)];
    for (const viewer of viewers) {
      expect(viewer.headers.get("content-type")).toBe("text/event-stream");
      const first = await viewer.next();
      expectNodeStatistics(first);
      expect(first).toEqual({ ...nodeFigures(), answeredBy: "worker" });
    }
    change("later");
    for (const viewer of viewers) expect(await viewer.next()).toMatchObject({ node: "later" });
    expect(viewers[0]?.text()).toStartWith("retry: 2000\n\ndata: {");
  });

  test("are parts of the page where the script asks for them", async () => {
    const { url } = await serve();
    const viewer = await openEvents(`${url}?format=html`);
    expect(await viewer.next()).toMatchObject({
      parts: { "workers-rows": expect.stringContaining("<tr>") },
      rates: [{ worker: "proxy1", messages: 0, octets: 0 }],
    });
  });

  test("are watched for while there is a viewer", async () => {
    const { statistics, watchers } = source();
    const { url } = await serve({}, statistics);
    const viewers = [await openEvents(url), await openEvents(url)];
    for (const viewer of viewers) await viewer.next();
    expect(watchers.size).toBe(1);
    for (const viewer of viewers) viewer.close();
    const unwatched = await openEvents(url);
    await unwatched.next();
    unwatched.close();
    while (watchers.size > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  test("end when the transport closes", async () => {
    const { listener, url } = await serve();
    const viewer = await openEvents(url);
    await viewer.next();
    await listener.close();
    await viewer.ended;
  });

  test("have a hundred viewers at most, and others are told to come again", async () => {
    const { url } = await serve();
    const viewers = await Promise.all(Array.from({ length: 100 }, () => openEvents(url)));
    expect(new Set(viewers.map(({ status }) => status))).toEqual(new Set([200]));
    await expectPostponed(url);
    viewers[0]?.close();
    await untilServed(url);
  });

  test("count for the connections of their transport as long as they last", async () => {
    const limits = {
      max_connections: 1,
      max_connections_per_address: null,
      max_messages_per_second: null,
      max_messages_burst: 1,
    };
    const paths = { info: openNodePage };
    const config = { type: "web" as const, id: "web", endpoint: anyPort, paths, limits };
    const { statistics } = source();
    const { port } = await openTransport(config, undefined, { ...quietContext, statistics });
    const url = `http://127.0.0.1:${port}/info`;
    const viewer = await openEvents(url);
    await viewer.next();
    await expectPostponed(url);
    viewer.close();
    await untilServed(url);
  });

  test("are missed by a viewer that does not read, which then gets the latest", async () => {
    const { statistics, change, watchers } = source();
    const { port } = await serve({}, statistics);
    const client = dial(port);
    client.socket.pause();
    await client.send("GET /info HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\n\r\n");
    while (watchers.size === 0) await new Promise((resolve) => setImmediate(resolve));
    const long = "x".repeat(2 ** 20);
    for (let event = 0; event < 50; event++) change(`${long}${event}`);
    client.socket.resume();
    let last = 0;
    while (!client.text.includes('"latest"')) {
      change("latest");
      await new Promise((resolve) => setImmediate(resolve));
      last = client.text.length;
    }
    expect(last).toBeLessThan(30 * 2 ** 20);
  });

  test.each([
    ["a format that there is not", "GET /info?format=xml", 400],
    ["another method", "POST /info", 405],
    ["a path below", "GET /info/below", 404],
  ])("are not sent for %s", async (_, line, status) => {
    const { port } = await serve();
    const fields = "Host: h\r\nAccept: text/event-stream\r\nConnection: close";
    const [answer] = await rawHttp(port, `${line} HTTP/1.1\r\n${fields}\r\n\r\n`);
    expect(answer?.status).toBe(status);
  });
});
