/** The admin endpoint of a node of the built binary: a router, and two proxies on one port. */

import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import { adminNode, connectionAt, samplesOf, sumOf } from "../support/admin-node.ts";
import { afterTest } from "../support/cleanups.ts";
import { untilEnded } from "../support/process-end.ts";
import { RawWebSocket } from "../support/raw-websocket.ts";
import { ScriptedClient } from "../support/scripted-client.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { BINARY, nodeForTest, workerPids } from "../support/temporary-node.ts";

/** A client that has joined `realm1`. */
async function joinRealm1(url: string): Promise<ScriptedClient> {
  const client = await ScriptedClient.open(url, "json");
  afterTest(() => client.socket.destroy());
  client.says([1, "realm1", { roles: { caller: {}, publisher: {} } }]);
  await client.next();
  return client;
}

/** An answer in JSON. */
async function json<T>(answer: Promise<Response>): Promise<T> {
  return (await (await answer).json()) as T;
}

/** What is needed of the answer of `/readyz`. */
interface Readiness {
  lacks: string[];
}

/** What is needed of the answer of `/connz`. */
interface SessionList {
  total: number;
  num_connections: number;
  missing: string[];
  connections: { cid: number; worker: string; authid?: string; start: string; stop: string }[];
}

/** Resolves with what `read` gives once it holds. */
async function until<T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
  }
}

describe("health", () => {
  test("a node whose workers run and reach their routers is alive and ready", async () => {
    const { ask } = await adminNode();
    for (const path of ["/healthz", "/live"]) {
      const answer = await ask(path);
      expect([answer.status, await answer.text()]).toEqual([200, "ok\n"]);
    }
    for (const path of ["/readyz", "/ready"]) {
      const answer = await ask(path);
      expect([answer.status, await answer.json()]).toEqual([
        200,
        { ready: true, lacks: [], marked_down: [] },
      ]);
    }
  });

  test("a worker that is killed makes the node unready until it runs again", async () => {
    const { node, ask } = await adminNode();
    const pid = workerPids(node.output())["router"] ?? 0;
    process.kill(pid, "SIGKILL");
    await untilEnded(pid);
    const lacking = await until(
      () => ask("/readyz"),
      ({ status }) => status === 503,
    );
    const { lacks } = (await lacking.json()) as Readiness;
    expect(lacks[0]).toMatch(/^worker "router" (is starting|is not running|does not answer)$/);
    await until(
      () => ask("/readyz"),
      ({ status }) => status === 200,
    );
  });

  test.each([
    ["any", ["conn1", "gone"], 200],
    ["any", ["gone"], 503],
    ["each", ["conn1", "gone"], 503],
    ["none", ["gone"], 200],
  ] as const)(
    "with routers %s and the connections %p the answer is %d",
    async (routers, to, status) => {
      const paths = { conn1: "router.sock", gone: "gone.sock" };
      const more = Object.fromEntries(to.map((id) => [`to_${id}`, connectionAt(paths[id])]));
      const { ask } = await adminNode({ admin: { ready: { routers } }, more });
      const answer = await ask("/readyz");
      expect(answer.status).toBe(status);
      const { lacks } = (await answer.json()) as Readiness;
      const sentence = `cannot reach "to_gone" for realm "realm2", role "anonymous"`;
      expect(lacks).toEqual(
        status === 200 ? [] : ["proxy1", "proxy2"].map((id) => `worker "${id}" ${sentence}`),
      );
    },
  );

  test("a node that shuts down is alive, and not ready", async () => {
    const { node, ask } = await adminNode();
    // A worker that does not end keeps the node from ending for a while.
    process.kill(workerPids(node.output())["proxy1"] ?? 0, "SIGSTOP");
    node.kill("SIGTERM");
    // Until the signal arrives, the worker does not answer.
    await until(
      () => json<Readiness>(ask("/readyz")),
      ({ lacks }) => lacks[0] === "the node shuts down",
    );
    expect([(await ask("/readyz")).status, (await ask("/healthz")).status]).toEqual([503, 200]);
  });
});

describe("metrics", () => {
  test("are those of all workers, though the proxies share a port", async () => {
    const { url, ask } = await adminNode();
    const clients = await Promise.all(Array.from({ length: 8 }, () => joinRealm1(url)));
    for (const client of clients) {
      client.says([48, 1, {}, "com.example.none"]);
      await client.next();
    }
    // Has each proxy reach its router, though all clients may have come to one of them.
    expect((await ask("/readyz")).status).toBe(200);
    const text = await (await ask("/metrics")).text();
    const labels = `realm="realm1",authrole="anonymous",transport="websocket",serializer="json"`;
    expect(sumOf(text, "crossproxy_sessions", new RegExp(`worker="proxy.",${labels}`))).toBe(8);
    expect(sumOf(text, "crossproxy_sessions", /worker="router"/)).toBe(8);
    expect(sumOf(text, "crossproxy_sessions_opened_total", /proxy/)).toBe(8);
    const calls = /worker="proxy.",direction="from_clients",type="call"/;
    expect(sumOf(text, "crossproxy_wamp_messages_total", calls)).toBe(8);
    expect(sumOf(text, "crossproxy_wamp_bytes_total", calls)).toBe(8 * 28);
    const errors = /worker="proxy.",direction="to_clients",type="error"/;
    expect(sumOf(text, "crossproxy_wamp_messages_total", errors)).toBe(8);
    expect(sumOf(text, "crossproxy_wamp_message_bytes_count", /proxy.*from_clients/)).toBe(8);
    expect(sumOf(text, "crossproxy_worker_up")).toBe(3);
    expect(sumOf(text, "crossproxy_router_up")).toBe(2);
    expect(text).not.toContain("secretive");
  });

  test("have the reason of every end", async () => {
    const { url, ask } = await adminNode();
    const [left, lost, faulty] = await Promise.all([
      joinRealm1(url),
      joinRealm1(url),
      joinRealm1(url),
    ]);
    left?.says([6, {}, "wamp.close.normal"]);
    lost?.socket.destroy();
    faulty?.says([2, 1, {}]);
    const name = "crossproxy_sessions_closed_total";
    const text = await until(
      async () => (await ask("/metrics")).text(),
      (printed) => sumOf(printed, name, /proxy/) === 3,
    );
    for (const reason of ["client_left", "client_lost", "protocol_violation"]) {
      expect([reason, sumOf(text, name, new RegExp(`proxy.*"${reason}"`))]).toEqual([reason, 1]);
    }
    const refused = /proxy.*reason="wamp.error.protocol_violation"/;
    expect(sumOf(text, "crossproxy_joins_refused_total", refused)).toBe(1);
    expect(sumOf(text, "crossproxy_server_disconnects_total", /proxy.*code="1002"/)).toBe(1);
  });

  test("have the time of pings", async () => {
    const options = { auto_ping_interval: 1000, auto_ping_timeout: 1000 };
    const { url, ask } = await adminNode({ options });
    const headers = { "Sec-WebSocket-Protocol": "wamp.2.json" };
    const socket = await RawWebSocket.open(url, headers);
    const { head, payload } = await socket.nextFrame();
    expect(head).toBe(0x89);
    socket.sendFrame(0x8a, payload);
    const name = "crossproxy_ping_pong_duration_seconds_count";
    await until(
      async () => (await ask("/metrics")).text(),
      (printed) => sumOf(printed, name) > 0,
    );
  });

  test("are answered in OpenMetrics to those that accept it", async () => {
    const { ask } = await adminNode();
    const accept = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.4";
    const open = await ask("/metrics", { headers: { Accept: accept } });
    expect(open.headers.get("content-type")).toStartWith("application/openmetrics-text");
    expect(await open.text()).toEndWith("# EOF\n");
    const plain = await ask("/metrics");
    expect(plain.headers.get("content-type")).toStartWith("text/plain; version=0.0.4");
  });

  test("of a worker that hangs are missing, and those of the others are there", async () => {
    const { node, ask } = await adminNode();
    const pid = workerPids(node.output())["proxy1"] ?? 0;
    process.kill(pid, "SIGSTOP");
    afterTest(() => process.kill(pid, "SIGCONT"));
    const text = await (await ask("/metrics")).text();
    expect(samplesOf(text, "crossproxy_worker_up")).toEqual([
      ['worker="router",type="router"', 1],
      ['worker="proxy1",type="proxy"', 0],
      ['worker="proxy2",type="proxy"', 1],
    ]);
    const workers = samplesOf(text, "crossproxy_connections").map(([labels]) => labels);
    expect(workers).toEqual(['worker="router"', 'worker="proxy2"']);
  });
});

describe("lists of sessions", () => {
  test("have those of all workers, in pages", async () => {
    const { url, ask } = await adminNode();
    await Promise.all(Array.from({ length: 6 }, () => joinRealm1(url)));
    const all = await json<SessionList>(ask("/connz?limit=100"));
    // Each session of a proxy is one of the router, too.
    expect([all.total, all.num_connections, all.missing]).toEqual([12, 12, []]);
    const pages: SessionList["connections"] = [];
    for (let offset = 0; offset < 12; offset += 5) {
      const page = await json<SessionList>(ask(`/connz?limit=5&offset=${offset}`));
      pages.push(...page.connections);
    }
    const nameOf = ({ worker, cid }: { worker: string; cid: number }) => `${worker} ${cid}`;
    expect(pages.map(nameOf)).toEqual(all.connections.map(nameOf));
    const { total, connections } = await json<SessionList>(ask("/connz?worker=router&offset=4"));
    expect([total, connections.length]).toEqual([6, 2]);
    expect(connections[0]).toMatchObject({
      worker: "router",
      state: "joined",
      realm: "realm1",
      authrole: "anonymous",
      authmethod: "anonymous",
    });
  });

  test("have authids only where they are asked for", async () => {
    const { url, ask } = await adminNode();
    await joinRealm1(url);
    expect(await (await ask("/connz")).text()).not.toContain("secretive");
    const { connections } = await json<SessionList>(ask("/connz?auth=1"));
    expect(connections.map(({ authid }) => authid)).toEqual(["secretive", "secretive"]);
  });

  test("have those that are over, with the reason of their end", async () => {
    const { url, ask } = await adminNode();
    const client = await ScriptedClient.open(url, "json");
    afterTest(() => client.socket.destroy());
    client.says([1, "nowhere", { roles: { caller: {} } }]);
    await client.rest();
    const list = await json<SessionList>(ask("/connz?state=closed&sort=stop"));
    const [closed] = list.connections;
    expect(closed).toMatchObject({
      state: "closed",
      realm: null,
      reason: "no_such_realm",
      transport: "websocket",
      serializer: "json",
    });
    expect(Date.parse(closed?.stop ?? "")).toBeGreaterThanOrEqual(Date.parse(closed?.start ?? ""));
  });

  test("say which workers did not answer", async () => {
    const { node, ask } = await adminNode();
    const pid = workerPids(node.output())["proxy2"] ?? 0;
    process.kill(pid, "SIGSTOP");
    afterTest(() => process.kill(pid, "SIGCONT"));
    expect(await (await ask("/connz")).json()).toMatchObject({ missing: ["proxy2"], total: 0 });
  });

  test("are refused with parameters that are not understood", async () => {
    const { ask } = await adminNode();
    for (const [query, sentence] of [
      ["limit=1001", 'Cannot take limit "1001": expected an integer from 0 to 1000'],
      ["limit=-1", 'Cannot take limit "-1": expected an integer from 0 to 1000'],
      ["sort=stop", 'Cannot sort open sessions by "stop": they have none'],
      ["state=any", 'Cannot take state "any": expected open, closed, all'],
      ["subs=1", 'Cannot list sessions: unknown parameter "subs"'],
      ["worker=x", 'Cannot list sessions of worker "x": there is none with this id'],
      [
        "offset=9999&limit=2",
        'Cannot list sessions beyond 10000 of all workers: name one with "worker"',
      ],
    ]) {
      const answer = await ask(`/connz?${query}`);
      expect([query, answer.status, await answer.text()]).toEqual([query, 400, `${sentence}\n`]);
    }
  });
});

describe("the level of the log", () => {
  test("is changed in all workers, and in those that are started later", async () => {
    const { node, url, ask } = await adminNode();
    expect(await (await ask("/loglevel")).json()).toEqual({ level: "info" });
    const changed = await ask("/loglevel?level=debug", { method: "POST" });
    expect(await changed.json()).toEqual({ level: "debug" });
    (await joinRealm1(url)).socket.destroy();
    await node.untilOutput(/client connection closed/);
    await ask("/loglevel?level=none", { method: "POST" });
    // Each worker answers behind the order before.
    await ask("/metrics");
    const pid = workerPids(node.output())["proxy1"] ?? 0;
    process.kill(pid, "SIGKILL");
    await untilEnded(pid);
    await until(
      () => ask("/readyz"),
      ({ status }) => status === 200,
    );
    await Promise.all(Array.from({ length: 8 }, () => joinRealm1(url)));
    const output = node.output();
    // Those of the first client, on its proxy and on the router.
    expect(output.match(/session joined/g)).toHaveLength(2);
    expect(output).not.toMatch(/worker died/);
  });

  test("that does not exist is refused", async () => {
    const { ask } = await adminNode();
    const answer = await ask("/loglevel?level=loud", { method: "POST" });
    expect([answer.status, await answer.text()]).toEqual([
      400,
      'Cannot set the log level to "loud": expected none, error, warn, info, debug, trace\n',
    ]);
    expect(await (await ask("/loglevel")).json()).toEqual({ level: "info" });
  });
});

describe("the node", () => {
  test("takes its configuration again, or says what is wrong with it", async () => {
    const { node, ask } = await adminNode();
    const file = join(node.folder, "node.json");
    const reload = async (query = "") => {
      const answer = await ask(`/reload${query}`, { method: "POST" });
      return [answer.status, await answer.text()];
    };
    expect(await reload()).toEqual([200, expect.stringContaining("has not changed")]);
    expect((await reload("?force=yes"))[0]).toBe(400);
    await Bun.write(file, "{");
    const [status, text] = await reload();
    expect([status, text]).toEqual([422, expect.stringContaining("the node goes on as it is")]);
  });

  test("lets its clients go, and ends", async () => {
    const { node, url, ask } = await adminNode();
    const client = await joinRealm1(url);
    expect((await ask("/drain", { method: "POST" })).status).toBe(202);
    const [, , reason] = (await client.next()) ?? [];
    expect(reason).toBe("wamp.close.system_shutdown");
    expect(await node.exited).toBe(0);
  });
});

describe("requests that are refused", () => {
  test("are those of other sites, other methods and other paths", async () => {
    const { ask } = await adminNode();
    for (const [method, path, headers, status, text] of [
      ["GET", "/nothing", {}, 404, "Cannot find this path\n"],
      ["POST", "/metrics", {}, 405, "Cannot answer POST: expected GET, HEAD\n"],
      ["PUT", "/loglevel", {}, 405, "Cannot answer PUT: expected GET, HEAD, POST\n"],
      ["POST", "/loglevel?level=debug", { Origin: "http://evil.example" }, 403, /another site/],
      ["POST", "/loglevel?level=debug", { Origin: "null" }, 403, /another site/],
      ["POST", "/loglevel?level=debug", { "Sec-Fetch-Site": "cross-site" }, 403, /another site/],
      ["POST", "/loglevel?level=debug", { "Sec-Fetch-Site": "same-site" }, 403, /another site/],
      ["GET", "/metrics", { Host: "evil.example" }, 403, /neither an address nor localhost/],
    ] as const) {
      const answer = await ask(path, { method, headers });
      expect([path, headers, answer.status]).toEqual([path, headers, status]);
      expect(await answer.text()).toMatch(text);
    }
    expect(await (await ask("/loglevel")).json()).toEqual({ level: "info" });
  });

  test("a page of this site and a program may change the level", async () => {
    const { ask } = await adminNode();
    const { url } = await ask("/healthz");
    const origin = new URL(url).origin;
    const headers = { Origin: origin, "Sec-Fetch-Site": "same-origin" };
    const answer = await ask("/loglevel?level=warn", { method: "POST", headers });
    expect(answer.status).toBe(200);
  });

  test("HEAD is answered without a body", async () => {
    const { ask } = await adminNode();
    const answer = await ask("/healthz", { method: "HEAD" });
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
  });

  test("without the token all but health checks are refused", async () => {
    const { ask } = await adminNode({ admin: { token: "s3cret" } });
    for (const path of ["/healthz", "/readyz"]) expect((await ask(path)).status).toBe(200);
    const refused = await ask("/metrics");
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([
      401,
      'Bearer realm="crossproxy"',
    ]);
    const wrong = { headers: { Authorization: "Bearer wrong" } };
    expect((await ask("/connz", wrong)).status).toBe(401);
    const right = { headers: { Authorization: "Bearer s3cret" } };
    expect((await ask("/metrics", right)).status).toBe(200);
  });
});

describe("the endpoint", () => {
  const guest = { type: "guest", executable: "sleep", arguments: ["60"] };
  const nodeAt = (endpoint: object) => ({
    version: 2,
    controller: { admin: { endpoint } },
    workers: [guest],
  });

  test("is a Unix socket, which is removed at the end", async () => {
    const folder = temporaryFolder({ "node.json": nodeAt({ type: "unix", path: "admin.sock" }) });
    const node = await nodeForTest(folder);
    const unix = join(folder, "admin.sock");
    expect((await fetch("http://localhost/healthz", { unix })).status).toBe(200);
    expect(
      await Bun.file(unix)
        .stat()
        .then(({ mode }) => mode & 0o777),
    ).toBe(0o600);
    expect(await node.stop()).toBe(0);
    expect(await Bun.file(unix).exists()).toBe(false);
  });

  test("on a port that is in use, also a shared one, keeps the node from starting", async () => {
    const fetch = () => new Response("");
    const holder = Bun.serve({ hostname: "127.0.0.1", port: 0, reusePort: true, fetch });
    afterTest(() => holder.stop(true));
    const { port } = holder;
    const folder = temporaryFolder({ "node.json": nodeAt({ type: "tcp", port }) });
    const node = Bun.spawn([BINARY, "node.json"], { cwd: folder, stderr: "pipe" });
    expect(await node.exited).toBe(1);
    const stderr = await node.stderr.text();
    expect(stderr).toStartWith(`Cannot listen on "127.0.0.1:${port}" for controller.admin:`);
  });
});
