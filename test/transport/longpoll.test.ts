/** Path type `longpoll`: requests on real sockets, and the sessions behind them. */

import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { WebTransportConfig } from "#config/transport/transport-config.ts";
import type { LongPollOptions } from "#config/web-service/longpoll-config.ts";
import { startHandoverListener } from "#transport/handover-listener.ts";
import { LongPollPeer } from "#transport/web/longpoll/longpoll-peer.ts";
import type { LongPollState } from "#transport/web/longpoll/longpoll-states.ts";
import { LongPollTransports } from "#transport/web/longpoll/longpoll-transports.ts";
import type { Peer } from "#wamp/peer.ts";
import { afterTest } from "../support/cleanups.ts";
import { keptLog } from "../support/kept-log.ts";
import { PollClient, poll } from "../support/longpoll-client.ts";
import { longPollPath, longPollTransport } from "../support/longpoll-transports.ts";
import { quietContext } from "../support/quiet-context.ts";
import { post, rawHttp } from "../support/raw-http.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { titled } from "../support/titles.ts";
import { openTransport } from "../support/transports.ts";
import { dial } from "../support/universal-transport.ts";
import { utf8 } from "../support/utf8.ts";

/** The session behind a transport, as a test plays it. */
interface Session {
  peer: Peer;
  messages: string[];
  ends: string[];
  /** Resolves with the next message. */
  next(): Promise<string>;
  /** Resolves with the reason of the end. */
  ended: Promise<string>;
  drained: Promise<void>;
}

/** A transport with a long-poll path, and the sessions that began. */
async function start(
  options: Partial<LongPollOptions> = {},
  {
    config = longPollTransport(longPollPath(options)),
    context = quietContext,
    pausedAt,
  }: { config?: WebTransportConfig; context?: typeof quietContext; pausedAt?: string } = {},
) {
  const sessions: Session[] = [];
  const accept = (peer: Peer) => {
    const waiting: ((message: string) => void)[] = [];
    const ended = Promise.withResolvers<string>();
    const drained = Promise.withResolvers<void>();
    const session: Session = {
      peer,
      messages: [],
      ends: [],
      next: () => new Promise((resolve) => waiting.push(resolve)),
      ended: ended.promise,
      drained: drained.promise,
    };
    sessions.push(session);
    return {
      onMessage(octets: Uint8Array) {
        const message = Buffer.from(octets).toString();
        session.messages.push(message);
        if (message === pausedAt) peer.pause();
        waiting.shift()?.(message);
      },
      onDrain: drained.resolve,
      onClose(reason: string) {
        session.ends.push(reason);
        ended.resolve(reason);
      },
    };
  };
  const { port, listener } = await openTransport(config, accept, context);
  const session = () => sessions.at(-1) as Session;
  return { port, listener, sessions, session };
}

/** Resolves once a transport is in a state, which is looked at in each turn of the event loop. */
async function untilState(peer: Peer, state: LongPollState): Promise<void> {
  if (!(peer instanceof LongPollPeer)) throw new Error("the peer is wrapped");
  while (peer.state !== state) await new Promise((resolve) => setImmediate(resolve));
}

const send = ({ peer }: Session, ...messages: string[]) => {
  for (const message of messages) peer.send(utf8(message));
};

describe("open", () => {
  test.each(
    titled<[string[], string]>([
      [["wamp.2.json"], "wamp.2.json"],
      [["wamp.2.ubjson", "wamp.2.msgpack.batched", "wamp.2.json"], "wamp.2.msgpack.batched"],
      [["wamp.2.cbor"], "wamp.2.cbor"],
    ]),
  )("of %s chooses one", async (_, protocols, chosen) => {
    const { port, session } = await start();
    const { id, protocol } = await PollClient.open(port, protocols);
    expect([protocol, id]).toEqual([chosen, expect.stringMatching(/^[0-9a-f]{56}$/)]);
    const [, , serializer] = chosen.split(".");
    expect(session().peer.details).toMatchObject({ type: "longpoll", serializer });
  });

  test.each([
    ["a body that is no JSON", "{", 400, "its body is not JSON"],
    ["a body that is not UTF-8", Buffer.from("7b22ff227d", "hex"), 400, "its body is not JSON"],
    ["a list", "[]", 400, "its body is no JSON object"],
    ["no protocols", "{}", 400, '"protocols" is missing, or no list'],
    ["protocols of others", '{"protocols":["wamp.2.x",1,"a,wamp.2.json"]}', 400, "wamp.2.msgpack"],
    ["a body that is too long", " ".repeat(65_537), 413, "it is too long"],
  ])("refuses %s", async (_, body, status, words) => {
    const { port, sessions } = await start();
    const answer = await poll(port, "/lp/open", body);
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(words)]);
    expect(sessions).toEqual([]);
  });

  test("gives every transport another id, and none beyond the limit", async () => {
    const { port, session } = await start({ max_transports: 2 });
    const first = await PollClient.open(port);
    const second = await PollClient.open(port);
    expect(first.id).not.toBe(second.id);
    const refused = await poll(port, "/lp/open", '{"protocols":["wamp.2.json"]}');
    expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "1"]);
    await second.post("close");
    expect(await session().ended).toBe("closed by the client");
    await PollClient.open(port);
  });

  test("counts for the limits of the transport", async () => {
    const limits = {
      max_connections: null,
      max_connections_per_address: 1,
      max_messages_per_second: null,
      max_messages_burst: 0,
    };
    const { port } = await start({}, { config: longPollTransport(longPollPath(), { limits }) });
    const client = await PollClient.open(port);
    expect((await poll(port, "/lp/open", '{"protocols":["wamp.2.json"]}')).status).toBe(503);
    await client.post("close");
    await PollClient.open(port);
  });

  test("names the client that a trusted proxy names", async () => {
    const config = longPollTransport(longPollPath(), { trusted_proxies: ["127.0.0.1"] });
    const { port, session } = await start({}, { config });
    const headers = { "X-Forwarded-For": "192.0.2.7" };
    await poll(port, "/lp/open", '{"protocols":["wamp.2.json"]}', { headers });
    expect(session().peer.details.peer).toBe("tcp4:192.0.2.7:0");
  });
});

describe("receive", () => {
  test("waits for a message, and gets one at a time", async () => {
    const { port, session } = await start();
    const client = await PollClient.open(port);
    const waiting = client.post("receive");
    send(session(), "[36,1]", "[36,2]");
    const first = await waiting;
    expect([first.status, first.text, first.headers["content-type"]]).toEqual([
      200,
      "[36,1]",
      "application/json; charset=utf-8",
    ]);
    expect((await client.post("receive")).text).toBe("[36,2]");
  });

  test.each([
    ["json", "[36,1]\x18[36,2]\x18", "application/json; charset=utf-8"],
    ["msgpack", "\0\0\0\x06[36,1]\0\0\0\x06[36,2]", "application/x-msgpack"],
    ["cbor", "\0\0\0\x06[36,1]\0\0\0\x06[36,2]", "application/cbor"],
  ])("gets all that waits in one batch of %s", async (serializer, batch, type) => {
    const { port, session } = await start();
    const client = await PollClient.open(port, [`wamp.2.${serializer}.batched`]);
    send(session(), "[36,1]", "[36,2]");
    const { text, headers } = await client.post("receive");
    expect([text, headers["content-type"]]).toEqual([batch, type]);
  });

  test("is answered with 204 where no message comes for a while", async () => {
    const { port } = await start({ request_timeout: 20 });
    const client = await PollClient.open(port);
    const { status, text } = await client.post("receive");
    expect([status, text]).toEqual([204, ""]);
  });

  test("takes the place of one that waits", async () => {
    const { port, session } = await start();
    const client = await PollClient.open(port);
    const before = client.post("receive");
    const next = before.then(() => {});
    const after = client.post("receive");
    await next;
    send(session(), "[36,1]");
    expect([(await before).status, (await after).text]).toEqual([409, "[36,1]"]);
  });

  test("loses no message with a client that has gone", async () => {
    const { port, session } = await start();
    const client = await PollClient.open(port);
    const gone = dial(port);
    await gone.send(post(`/lp/${client.id}/receive`, ""));
    await untilState(session().peer, "polled");
    gone.socket.end();
    await gone.closed;
    send(session(), "[36,1]");
    expect((await client.post("receive")).text).toBe("[36,1]");
  });

  test("leaves its connection open for the next request", async () => {
    const { port, session } = await start();
    const client = await PollClient.open(port);
    send(session(), "[36,1]", "[36,2]");
    const path = `/lp/${client.id}/receive`;
    const open = post(path, "", { Connection: "keep-alive" });
    const answers = await rawHttp(port, open, post(path, ""));
    expect(answers.map(({ body }) => body)).toEqual(["[36,1]", "[36,2]"]);
  });
});

describe("send", () => {
  test("hands messages over in the order of the requests", async () => {
    const { port, session } = await start();
    const client = await PollClient.open(port);
    const head = `POST /lp/${client.id}/send HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n`;
    const first = await dial(port).send(`${head}[1`);
    // The worker has read the first one when it answers this.
    await poll(port, "/lp", "", { method: "GET" });
    const second = client.post("send", "[2]");
    await poll(port, "/lp", "", { method: "GET" });
    expect(session().messages).toEqual([]);
    await first.send("0]");
    expect(await first.until("204")).toContain("HTTP/1.1 204 No Content");
    expect((await second).status).toBe(204);
    expect(session().messages).toEqual(["[10]", "[2]"]);
  });

  test.each(["destroy", "resetAndDestroy"] as const)(
    "goes on with the next one after %s",
    async (leave) => {
      const { port, session } = await start();
      const client = await PollClient.open(port);
      const head = `POST /lp/${client.id}/send HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n`;
      const first = await dial(port).send(`${head}[1`);
      await poll(port, "/lp", "", { method: "GET" });
      const second = client.post("send", "[2]");
      first.socket[leave]();
      expect((await second).status).toBe(204);
      expect(session().messages).toEqual(["[2]"]);
    },
  );

  test("hands over the messages of a batch", async () => {
    const { port, session } = await start();
    const client = await PollClient.open(port, ["wamp.2.json.batched"]);
    expect((await client.post("send", "[1]\x18[2]\x18")).status).toBe(204);
    expect(session().messages).toEqual(["[1]", "[2]"]);
  });

  test("waits while the session reads nothing", async () => {
    const { port, session } = await start({}, { pausedAt: "[1]" });
    const client = await PollClient.open(port);
    const order: string[] = [];
    const arrived = session().next();
    const first = client.post("send", "[1]").then(() => order.push("first"));
    await arrived;
    const second = client.post("send", "[2]").then(() => order.push("second"));
    // They would have been answered by then.
    for (let request = 0; request < 3; request += 1) await poll(port, "/lp", "", { method: "GET" });
    expect([session().messages, order]).toEqual([["[1]"], []]);
    session().peer.resume();
    await Promise.all([first, second]);
    expect([session().messages, order]).toEqual([
      ["[1]", "[2]"],
      ["first", "second"],
    ]);
  });

  test("is answered when the session ends meanwhile", async () => {
    const { port, session } = await start({}, { pausedAt: "[1]" });
    const client = await PollClient.open(port);
    const arrived = session().next();
    const first = client.post("send", "[1]");
    await arrived;
    const second = client.post("send", "[2]");
    await poll(port, "/lp", "", { method: "GET" });
    session().peer.close(1001, "over");
    expect((await first).status).toBe(204);
    const { status, text } = await second;
    expect([status, text]).toEqual([410, "The session has ended: over.\n"]);
    expect(session().messages).toEqual(["[1]"]);
  });

  test("takes a body in chunks, also where the client waits for 100", async () => {
    const { port, session } = await start();
    const client = await PollClient.open(port);
    const lines = [
      `POST /lp/${client.id}/send HTTP/1.1`,
      "Host: h",
      "Transfer-Encoding: chunked",
      "Expect: 100-continue",
      "Connection: close",
    ];
    const sender = await dial(port).send(`${lines.join("\r\n")}\r\n\r\n`);
    await sender.until("100 Continue");
    await sender.send("3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n");
    expect(await sender.whole()).toContain("HTTP/1.1 204");
    expect(session().messages).toEqual(["[1,2]"]);
  });

  test.each([
    ["octets that are no UTF-8", Buffer.from("5bff5d", "hex"), 400, "not UTF-8"],
    ["a message that is too long", `[${"1".repeat(99)}]`, 413, "the longest message here has 100"],
    ["one that is far too long", `[${"1".repeat(999)}]`, 413, "too long"],
  ])("answers %s, and ends the session", async (_, body, status, words) => {
    const { port, session } = await start({ max_message_size: 100 });
    const client = await PollClient.open(port);
    const answer = await client.post("send", body);
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(words)]);
    const { status: after } = await client.post("receive");
    expect([after, session().messages]).toEqual([410, []]);
    await session().ended;
    expect((await client.post("receive")).status).toBe(404);
  });

  test("refuses a body that does not come in time", async () => {
    const { log, logged } = keptLog("warn");
    const { port, session } = await start(
      { message_timeout: 20 },
      { context: { ...quietContext, log } },
    );
    const client = await PollClient.open(port);
    const [answer] = await rawHttp(
      port,
      post(`/lp/${client.id}/send`, "", { "Content-Length": "5" }),
    );
    expect(answer?.status).toBe(408);
    const reason = "a message was not complete within 20 ms";
    expect(logged).toEqual([["client given up", { peer: session().peer.details.peer, reason }]]);
  });
});

describe("a client that does not receive", () => {
  test("counts as behind from a number of messages on, and as caught up later", async () => {
    const { port, session } = await start({ queue_limit_messages: 4 });
    const client = await PollClient.open(port);
    const { peer } = session();
    const taken = Array.from({ length: 5 }, (_, index) => peer.send(utf8(`[36,${index}]`)));
    expect(taken).toEqual([true, true, true, true, false]);
    for (let left = 5; left > 1; left -= 1) await client.next();
    await session().drained;
  });

  test("counts as behind from a number of octets on", async () => {
    const { port, session } = await start({ max_buffered: 100, queue_limit_messages: 0 });
    await PollClient.open(port);
    const { peer } = session();
    const half = utf8(`[${"1".repeat(48)}]`);
    expect([peer.send(half), peer.send(half), peer.send(half)]).toEqual([true, true, false]);
    expect(peer.bufferedOctets).toBe(150);
  });

  test("is lost after session_timeout", async () => {
    const { port, session } = await start({ session_timeout: 20 });
    const client = await PollClient.open(port);
    expect(await session().ended).toBe("no request within 20 ms");
    expect((await client.post("send", "[1]")).status).toBe(404);
  });
});

describe("other requests", () => {
  test.each([
    ["GET", "/lp", 200, undefined],
    ["HEAD", "/lp/", 200, undefined],
    ["POST", "/lp", 405, "POST, OPTIONS"],
    ["GET", "/lp/open", 405, "POST, OPTIONS"],
    ["PUT", "/lp/open", 405, "POST, OPTIONS"],
    ["OPTIONS", "/lp/open", 204, "POST, OPTIONS"],
    ["POST", "/lp/other", 404, undefined],
    ["POST", "/lp/1/receive", 404, undefined],
    ["POST", `/lp/${"0".repeat(56)}/close`, 404, undefined],
    ["POST", `/lp/${"0".repeat(56)}/other`, 404, undefined],
  ])("%s %s: %i", async (method, path, status, allow) => {
    const { port } = await start();
    const answer = await poll(port, path, "", { method });
    expect([answer.status, answer.headers["allow"]]).toEqual([status, allow]);
  });

  test("an id is of no use at another path", async () => {
    const paths = { lp: longPollPath(), other: longPollPath({}, { place: "8080/other" }) };
    const context = { ...quietContext, longPolls: new LongPollTransports(null) };
    const { port } = await start({}, { config: { ...longPollTransport(), paths }, context });
    const client = await PollClient.open(port);
    expect((await poll(port, `/other/${client.id}/close`)).status).toBe(404);
    expect((await client.post("close")).status).toBe(204);
  });
});

describe("pages", () => {
  const asks = (origin: string) => ({ headers: { Origin: origin } });
  const granted = ({ headers }: { headers: Record<string, unknown> }) => [
    headers["access-control-allow-origin"],
    headers["access-control-allow-credentials"],
  ];
  const cookie = {
    name: "cbtid",
    length: 24,
    max_age: 100,
    secure: false,
    http_strict: true,
    same_site: null,
    store: { type: "memory" as const },
  };

  test.each([
    ["of any origin, which sends no cookie", {}, undefined, ["https://a.example", "true"]],
    ["of any origin, without the cookie", {}, cookie, ["*", undefined]],
    [
      "of a listed origin, with the cookie",
      { allowed_origins: ["https://a.example"] },
      cookie,
      ["https://a.example", "true"],
    ],
  ])("%s", async (_, options, issued, expected) => {
    const path = longPollPath(options, issued && { cookie: issued });
    const { port } = await start({}, { config: longPollTransport(path) });
    const headers = {
      Origin: "https://a.example",
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "content-type",
    };
    const before = await poll(port, "/lp/open", "", { method: "OPTIONS", headers });
    expect([before.status, granted(before)]).toEqual([204, expected]);
    expect(before.headers["access-control-allow-methods"]).toBe("POST, OPTIONS");
    expect(before.headers["access-control-allow-headers"]).toBe("content-type");
    const open = await poll(
      port,
      "/lp/open",
      '{"protocols":["wamp.2.json"]}',
      asks("https://a.example"),
    );
    expect([open.status, granted(open)]).toEqual([200, expected]);
    expect(open.headers["set-cookie"] === undefined).toBe(issued === undefined);
  });

  test("of another origin are refused", async () => {
    const { port, sessions } = await start({ allowed_origins: ["https://a.example"] });
    const body = '{"protocols":["wamp.2.json"]}';
    const answer = await poll(port, "/lp/open", body, asks("https://b.example"));
    expect([answer.status, granted(answer), sessions]).toEqual([403, [undefined, undefined], []]);
  });

  test("with a cookie are recognized", async () => {
    const path = longPollPath({}, { cookie });
    const { port, sessions } = await start({}, { config: longPollTransport(path) });
    const body = '{"protocols":["wamp.2.json"]}';
    const first = await poll(port, "/lp/open", body);
    const [issued = ""] = first.headers["set-cookie"] ?? [];
    expect(issued).toMatch(/^cbtid=[\w-]{24}; Max-Age=100; HttpOnly$/);
    const again = await poll(port, "/lp/open", body, {
      headers: { Cookie: issued.split(";")[0] ?? "" },
    });
    expect(again.headers["set-cookie"]).toBeUndefined();
    const [one, other] = sessions;
    expect(one?.peer.details.cookieId).toBe(other?.peer.details.cookieId ?? "none");
  });
});

describe("workers that share a port", () => {
  /** A worker with the sockets of this folder; all have the same path in the same place. */
  async function worker(folder: string, options: Partial<LongPollOptions> = {}) {
    const longPolls = new LongPollTransports(folder);
    const { log, logged } = keptLog("warn");
    const context = { ...quietContext, log, longPolls };
    const handover = await startHandoverListener(longPolls, context);
    let closed: Promise<void> | undefined;
    const close = () => (closed ??= handover?.close() ?? Promise.resolve());
    afterTest(close);
    return { ...(await start(options, { context })), close, logged, longPolls };
  }

  const newFolder = () => join(temporaryFolder(), "run");

  test("answer requests for the transports of each other", async () => {
    const folder = newFolder();
    const [one, other] = [await worker(folder), await worker(folder)];
    const client = await PollClient.open([one.port, other.port]);
    const waiting = client.post("receive");
    expect((await client.post("send", "[1]")).status).toBe(204);
    expect((await client.post("send", "[2]")).status).toBe(204);
    expect([one.session().messages, other.sessions]).toEqual([["[1]", "[2]"], []]);
    send(one.session(), "[36,1]");
    expect((await waiting).text).toBe("[36,1]");
    expect((await client.post("close")).status).toBe(204);
    expect(await one.session().ended).toBe("closed by the client");
    expect((await client.post("receive")).status).toBe(404);
    expect((await client.post("receive")).status).toBe(404);
  });

  test("pass on long bodies, long messages and the headers for pages", async () => {
    const folder = newFolder();
    const [one, other] = [await worker(folder), await worker(folder)];
    const client = await PollClient.open([one.port, other.port]);
    const long = `[${"1".repeat(300_000)}]`;
    expect((await client.post("send", long)).status).toBe(204);
    expect(one.session().messages).toEqual([long]);
    await client.post("receive", "", { signal: AbortSignal.timeout(1) }).catch(() => {});
    send(one.session(), long);
    const headers = { Origin: "https://a.example" };
    const answer = await client.post("receive", "", { headers });
    expect([answer.status, answer.text]).toEqual([200, long]);
    expect(answer.headers["access-control-allow-origin"]).toBe("https://a.example");
  });

  test("lose no message with a client that has gone", async () => {
    const folder = newFolder();
    const [one, other] = [await worker(folder), await worker(folder)];
    const client = await PollClient.open(one.port);
    const gone = await dial(other.port).send(post(`/lp/${client.id}/receive`, ""));
    await untilState(one.session().peer, "polled");
    gone.socket.destroy();
    await untilState(one.session().peer, "idle");
    send(one.session(), "[36,1]");
    expect((await client.post("receive")).text).toBe("[36,1]");
  });

  test("confirm that a client has taken its messages", async () => {
    const folder = newFolder();
    const [one, other] = [await worker(folder), await worker(folder)];
    const { id } = await PollClient.open(one.port);
    for (const message of ["[36,1]", "[36,2]", "[36,3]"]) {
      send(one.session(), message);
      expect((await poll(other.port, `/lp/${id}/receive`)).text).toBe(message);
    }
    expect((await poll(one.port, `/lp/${id}/close`)).status).toBe(204);
    expect(await one.session().ended).toBe("closed by the client");
  });

  test("end a session whose messages were lost on the way", async () => {
    const { port, session, longPolls } = await worker(newFolder());
    const { id } = await PollClient.open(port);
    send(session(), "[36,1]");
    // As another worker whose client goes before it has taken the answer.
    const answer = await poll(longPolls.ownSocket ?? "", `/${id}/receive`, "", {
      headers: { Connection: "keep-alive" },
    });
    expect(answer.text).toBe("[36,1]");
    expect(await session().ended).toBe("an answer was cut off");
  });

  test("say that the worker of a transport is gone", async () => {
    const folder = newFolder();
    const [one, other] = [await worker(folder), await worker(folder)];
    const client = await PollClient.open([one.port, other.port]);
    await one.close();
    const answer = await client.post("receive");
    expect([answer.status, answer.text]).toEqual([
      404,
      "There is no open transport with this id.\n",
    ]);
  });

  test("say that the worker of a transport was killed", async () => {
    const folder = newFolder();
    const other = await worker(folder);
    const killed = new LongPollTransports(folder);
    // The file of a socket that nothing listens on any more.
    const file = killed.ownSocket ?? "";
    const script = `Bun.listen({unix: ${JSON.stringify(file)}, socket: {data() {}}}); process.kill(process.pid, "SIGKILL")`;
    await Bun.spawn([process.execPath, "-e", script]).exited;
    expect(existsSync(file)).toBe(true);
    const { id } = await PollClient.open(other.port);
    const answer = await poll(other.port, `/lp/${killed.worker}${id.slice(16)}/receive`);
    expect([answer.status, answer.text]).toEqual([
      502,
      "The worker of this transport cannot be reached.\n",
    ]);
    expect(other.logged.map(([event]) => event)).toEqual(["request not answered by upstream"]);
  });

  test("have sockets for the user of the node alone, and remove them", async () => {
    const folder = newFolder();
    const [one, other] = [await worker(folder), await worker(folder)];
    const modes = readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777);
    expect([statSync(folder).mode & 0o777, ...modes]).toEqual([0o700, 0o600, 0o600]);
    await one.close();
    expect(readdirSync(folder)).toHaveLength(1);
    await other.close();
    expect(existsSync(folder)).toBe(false);
  });

  test("use no folder that is open to others", async () => {
    const folder = temporaryFolder();
    Bun.spawnSync(["chmod", "755", folder]);
    const { logged, port } = await worker(folder);
    const reason = `Cannot use folder "${folder}": others may use it too`;
    expect(logged).toEqual([["requests of shared ports are not handed over", { reason }]]);
    const client = await PollClient.open(port);
    expect((await client.post("close")).status).toBe(204);
  });
});

describe("the end of the worker", () => {
  test("answers receives with what waits, or the reason", async () => {
    const { port, listener, sessions } = await start();
    const [one, other] = [await PollClient.open(port), await PollClient.open(port)];
    const waiting = [one.post("receive"), other.post("receive")];
    await Promise.all(sessions.map(({ peer }) => untilState(peer, "polled")));
    const [first] = sessions;
    if (first) send(first, '[6,{},"wamp.close.system_shutdown"]');
    await listener.close();
    const [told, ended] = await Promise.all(waiting);
    expect(told?.text).toBe('[6,{},"wamp.close.system_shutdown"]');
    expect([ended?.status, ended?.text]).toEqual([
      410,
      "The session has ended: the node shuts down.\n",
    ]);
  });
});
