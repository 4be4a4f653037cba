import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { CookieConfig } from "#config/web-service/cookie-config.ts";
import { CookieTracker, openCookieStore } from "#transport/websocket/cookie-tracker.ts";
import type { Peer, TransportDetails } from "#wamp/peer.ts";
import { afterTest } from "../support/cleanups.ts";
import { quiet } from "../support/quiet-context.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { openTransport, webSocketTransport } from "../support/transports.ts";

const folder = temporaryFolder();

const plain: CookieConfig = {
  name: "cbtid",
  length: 24,
  max_age: 60,
  secure: false,
  http_strict: false,
  same_site: null,
  store: { type: "memory" },
};
const trackerOf = (config: CookieConfig) =>
  new CookieTracker(config, openCookieStore(config.store, quiet), quiet);

describe("a cookie", () => {
  test("is issued once, with its attributes", () => {
    const tracker = trackerOf({ ...plain, secure: true, http_strict: true, same_site: "Lax" });
    const { id, setCookie } = tracker.track(null, 0);
    expect(id).toMatch(/^[\w-]{24}$/);
    expect(setCookie).toBe(`cbtid=${id}; Max-Age=60; Secure; HttpOnly; SameSite=Lax`);
    expect(tracker.track(`a=b; cbtid=${id}`, 59_999)).toEqual({ id, setCookie: null });
  });

  test("is not good for longer than its max_age", () => {
    const tracker = trackerOf(plain);
    const { id } = tracker.track(null, 0);
    const late = tracker.track(`cbtid=${id}`, 60_000);
    expect(late.id).not.toBe(id);
    expect(late.setCookie).toBe(`cbtid=${late.id}; Max-Age=60`);
  });

  test("that was not issued here is replaced, never taken over", () => {
    const tracker = trackerOf(plain);
    const forged = "A".repeat(24);
    for (const header of [`cbtid=${forged}`, "cbtid=", "cbtid", "=;;", `other=${forged}`]) {
      expect(tracker.track(header, 0).setCookie).toStartWith("cbtid=");
    }
    const { id } = tracker.track(null, 0);
    expect(tracker.track(`cbtid=${forged}; cbtid=${id}`, 0).id).toBe(id);
  });
});

test("requests for cookies without end log no client out", () => {
  const tracker = trackerOf(plain);
  const now = Date.now();
  const idle = tracker.track(null, now);
  const mine = tracker.cookieOf(tracker.track(null, now));
  mine.remember({ authid: "alice" });
  for (let count = 0; count < 100_000; count++) tracker.track(null, now);
  expect(mine.recall()).toEqual({ authid: "alice" });
  expect(tracker.track(`cbtid=${idle.id}`, now).id).not.toBe(idle.id);
});

describe("a file of cookies", () => {
  const inFile = (name: string) => ({
    ...plain,
    store: { type: "file" as const, filename: join(folder, name) },
  });

  test("is shared by all workers, and readable by no other user", () => {
    const config = inFile("shared");
    const [one, other] = [trackerOf(config), trackerOf(config)];
    const now = Date.now();
    const first = one.track(null, now).id;
    expect(other.track(`cbtid=${first}`, now)).toEqual({ id: first, setCookie: null });
    const second = other.track(null, now).id;
    expect(one.track(`cbtid=${second}`, now).id).toBe(second);
    expect(trackerOf(config).track(`cbtid=${second}`, now).id).toBe(second);
    expect(statSync(config.store.filename).mode & 0o777).toBe(0o600);
    expect(readFileSync(config.store.filename, "utf8").split("\n")).toEqual([
      JSON.stringify({ id: first, expires: now + 60_000 }),
      JSON.stringify({ id: second, expires: now + 60_000 }),
      "",
    ]);
  });

  test("is cleared of old cookies when a worker starts, while others go on", () => {
    const config = inFile("cleared");
    const now = Date.now();
    const running = trackerOf(config);
    for (let n = 0; n < 9; n++) running.track(null, now - 120_000);
    const kept = running.track(null, now).id;
    const started = trackerOf(config);
    expect(readFileSync(config.store.filename, "utf8")).toBe(
      `${JSON.stringify({ id: kept, expires: now + 60_000 })}\n`,
    );
    const later = started.track(null, now).id;
    expect(running.track(`cbtid=${later}`, now).id).toBe(later);
  });

  test("stays short while workers run, however many are asked for", () => {
    const config = inFile("flooded");
    const now = Date.now();
    const running = trackerOf(config);
    const kept = running.track(null, now).id;
    const old = `${JSON.stringify({ id: "x".repeat(24), expires: now - 1 })}\n`;
    appendFileSync(config.store.filename, old.repeat(200_001));
    for (let count = 0; count < 1024; count += 1) running.track(null, now);
    expect(statSync(config.store.filename).size).toBeLessThan(200_000);
    expect(trackerOf(config).track(`cbtid=${kept}`, now).id).toBe(kept);
  });

  test("is made unreadable to other users", () => {
    const config = inFile("open");
    writeFileSync(config.store.filename, "", { mode: 0o666 });
    const told: string[] = [];
    openCookieStore(config.store, { ...quiet, warn: (event) => told.push(event) });
    expect(statSync(config.store.filename).mode & 0o777).toBe(0o600);
    expect(told).toEqual(["cookie file was open to others"]);
  });

  // Only root can make a file of another user's.
  test.skipIf(process.getuid?.() !== 0)("is not one that another can write, whenever made", () => {
    const config = inFile("foreign");
    const sentence = "it belongs to another user (65534)";
    const running = trackerOf(config);
    writeFileSync(config.store.filename, "", { mode: 0o600 });
    chownSync(config.store.filename, 65_534, 65_534);
    expect(() => trackerOf(config)).toThrow(sentence);
    const mine = running.cookieOf(running.track(null, Date.now()));
    mine.remember({ authid: "alice" });
    expect(readFileSync(config.store.filename, "utf8")).toBe("");
    const link = inFile("link");
    writeFileSync(join(folder, "mine"), "", { mode: 0o600 });
    symlinkSync(join(folder, "mine"), link.store.filename);
    lchownSync(link.store.filename, 65_534, 65_534);
    expect(() => trackerOf(link)).toThrow(sentence);
  });

  test("is no pipe, which would be waited for", () => {
    const config = inFile("pipe");
    Bun.spawnSync(["mkfifo", config.store.filename]);
    expect(() => trackerOf(config)).toThrow("it is no file");
  });

  test("survives lines that are none", () => {
    const config = inFile("damaged");
    const now = Date.now();
    writeFileSync(config.store.filename, 'nonsense\n{"id":7}\nnull\n');
    const { id } = trackerOf(config).track(null, now);
    appendFileSync(config.store.filename, '{"id":"half');
    expect(trackerOf(config).track(`cbtid=${id}`, now).id).toBe(id);
  });

  test("tells every worker of joins and logouts, and of nothing once it cannot be read", () => {
    const config = inFile("logins");
    const now = Date.now();
    const [one, other] = [trackerOf(config), trackerOf(config)];
    const tracked = one.track(null, now);
    const [here, there] = [one.cookieOf(tracked), other.cookieOf(tracked)];
    expect(there.recall()).toBeUndefined();
    here.remember({ authid: "alice" });
    here.remember({ authid: "alice" });
    expect(there.recall()).toEqual({ authid: "alice" });
    expect(trackerOf(config).cookieOf(tracked).recall()).toEqual({ authid: "alice" });
    expect(readFileSync(config.store.filename, "utf8").split("\n")).toHaveLength(3);
    there.forget();
    expect(here.recall()).toBeUndefined();
    there.remember({ authid: "bob" });
    expect(here.recall()).toEqual({ authid: "bob" });
    rmSync(config.store.filename);
    mkdirSync(config.store.filename);
    expect(here.recall()).toBeUndefined();
  });

  test("stays short while clients join again and again, and loses nothing", () => {
    const config = inFile("busy");
    const [one, other] = [trackerOf(config), trackerOf(config)];
    const mine = one.cookieOf(one.track(null, Date.now()));
    const theirs = other.cookieOf(other.track(null, Date.now()));
    for (let n = 0; n < 3000; n++) {
      mine.remember({ authid: "alice", n });
      if (n % 7 === 0) theirs.remember({ authid: "bob", n });
    }
    expect(mine.recall()).toEqual({ authid: "alice", n: 2999 });
    expect(theirs.recall()).toEqual({ authid: "bob", n: 2996 });
    expect(readFileSync(config.store.filename, "utf8").split("\n").length).toBeLessThan(1100);
    expect(statSync(config.store.filename).mode & 0o777).toBe(0o600);
    const started = trackerOf(config);
    const kept = readFileSync(config.store.filename, "utf8").split("\n").slice(0, -1);
    expect(kept).toHaveLength(2);
    for (const line of kept) {
      const { id } = JSON.parse(line) as { id: string };
      expect(started.cookieOf({ id, setCookie: null }).recall()).toBeDefined();
    }
  });

  test("that cannot be read keeps the transport from starting", () => {
    const store = { type: "file" as const, filename: folder };
    expect(() => openCookieStore(store, quiet)).toThrow(`Cannot keep cookies in "${folder}": `);
  });
});

test("a WebSocket handshake issues the cookie, and its peer carries the value", async () => {
  const seen: TransportDetails[] = [];
  const accept = ({ details }: Peer) => {
    seen.push(details);
    return { onMessage() {}, onDrain() {}, onClose() {} };
  };
  const config = webSocketTransport({}, { cookie: plain });
  const { port } = await openTransport(config, accept);
  const readHandshake = async (...headers: string[]) => {
    const socket = connect({ port, host: "127.0.0.1" });
    afterTest(() => socket.destroy());
    const lines = [
      "GET / HTTP/1.1",
      "Host: a",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Protocol: wamp.2.json",
      ...headers,
      "\r\n",
    ];
    socket.write(lines.join("\r\n"));
    const answer = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
    expect(answer.toString()).toStartWith("HTTP/1.1 101 ");
    return /^set-cookie: (.*)\r$/im.exec(answer.toString())?.[1];
  };
  const issued = await readHandshake();
  expect(issued).toBe(`cbtid=${seen[0]?.cookieId}; Max-Age=60`);
  expect(await readHandshake(`Cookie: cbtid=${seen[0]?.cookieId}`)).toBeUndefined();
  expect(seen[1]?.cookieId).toBe(seen[0]?.cookieId);
});
