/** Requests for an upload path, octet by octet: deadlines, limits, and what is read and written when. */

import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { fakeTime } from "../../../support/fake-time.ts";
import type { ResumableFile } from "../../../support/resumable-client.ts";
import { SilentCaller } from "../../../support/silent-caller.ts";
import { turnEnd } from "../../../support/turn-end.ts";
import { uploadPath } from "../../../support/upload-path.ts";

const fileOf = (length = 25, query = {}): ResumableFile => ({
  name: "a.csv",
  octets: new Uint8Array(length).fill(0x61),
  chunkSize: 1000,
  query,
});

/** Most octets of a body where a file may have 300,000. */
const MOST = 300_000 + 1_048_576;

const FORM = { "Content-Type": "multipart/form-data; boundary=b" };

describe("a body", () => {
  test("has to go on within 30 seconds", async () => {
    const pass = fakeTime();
    const { post, incomplete } = uploadPath();
    const { events, socket, form, answer } = post(fileOf(), 1, 100);
    pass(29_999);
    events.received(form.subarray(100, 101));
    pass(29_999);
    expect(socket.text).toBe("");
    pass(1);
    expect(await answer()).toEqual([408, "Cannot read the body: it did not come in time.\n"]);
    expect(incomplete()).toEqual([]);
  });

  test("has to come within an hour, however steadily it comes", async () => {
    const pass = fakeTime();
    const { post, incomplete } = uploadPath();
    const { events, socket, form, answer } = post(fileOf(), 1, 100);
    for (let at = 100; at < 279; at += 1) {
      pass(20_000);
      events.received(form.subarray(at, at + 1));
    }
    pass(19_999);
    expect(socket.text).toBe("");
    pass(1);
    expect((await answer())[0]).toBe(408);
    expect(incomplete()).toEqual([]);
  });

  test("has no deadline once it has come, though its event waits for the router", async () => {
    const pass = fakeTime();
    const caller = new SilentCaller();
    const { post, logged } = uploadPath({}, caller);
    const { events, form, answer } = post(fileOf(25, { on_progress: "a.b" }), 1, 100);
    for (let at = 100; at < 279; at += 1) {
      pass(20_000);
      events.received(form.subarray(at, at + 1));
    }
    pass(16_000);
    events.received(form.subarray(279));
    await caller.until(1);
    pass(4999);
    expect(caller.asked[0]?.signal.aborted).toBe(false);
    pass(1);
    expect(await answer()).toEqual([200, ""]);
    expect(caller.asked).toHaveLength(1);
    const reason = "Cannot wait longer: there is no answer within 5000 ms";
    const facts = { topic: "a.b", realm: "realm1", authrole: "anonymous", reason };
    expect(logged).toEqual([["progress not published", facts]]);
  });

  test("that comes faster than the disk takes it is read no further meanwhile", async () => {
    const { post } = uploadPath();
    const file = { ...fileOf(200_000), chunkSize: 300_000 };
    const { socket, events, form, answer } = post(file, 1, 100_000);
    expect(socket.done).toEqual(["pause"]);
    await socket.until(({ done }) => done.includes("resume"));
    expect(socket.done).toEqual(["pause", "resume"]);
    events.received(form.subarray(100_000));
    expect(await answer()).toEqual([200, ""]);
    expect(socket.done.at(-1)).toBe("resume");
  });

  test("may have the octets of a file and 1 MiB more", async () => {
    const { ask } = uploadPath();
    const begin = (octets: number) =>
      ask("POST", { headers: FORM, framing: { kind: "length", octets } });
    expect(begin(MOST).socket.text).toBe("");
    const sentence = "Cannot take the file: it is longer than 300000 octets.\n";
    expect(await begin(MOST + 1).answer()).toEqual([413, sentence]);
  });

  test("in chunks is refused as soon as one is announced that makes it too long", async () => {
    const { ask } = uploadPath();
    const begin = () => ask("POST", { headers: FORM, framing: { kind: "chunked" } });
    const [fits, exceeds] = [begin(), begin()];
    for (const { events } of [fits, exceeds]) events.received(Buffer.from("a\r\n0123456789\r\n"));
    fits.events.received(Buffer.from(`${(MOST - 10).toString(16)}\r\n`));
    exceeds.events.received(Buffer.from(`${(MOST - 9).toString(16)}\r\n`));
    expect((await exceeds.answer())[0]).toBe(413);
    expect(fits.socket.text).toBe("");
  });

  test("with malformed chunks is refused", async () => {
    const { ask } = uploadPath();
    const { events, answer } = ask("POST", { headers: FORM, framing: { kind: "chunked" } });
    events.received(Buffer.from("x\r\n"));
    expect(await answer()).toEqual([400, "Cannot read the body: its chunks are malformed.\n"]);
  });

  test("that its client ends too early is refused, and nothing of it is left", async () => {
    const { post, incomplete, stored } = uploadPath();
    const { events, answer } = post(fileOf(), 1, -1);
    await stored(() => incomplete().length === 1);
    events.ended();
    expect(await answer()).toEqual([400, "Cannot read the body: it is cut off.\n"]);
    expect(incomplete()).toEqual([]);
  });

  test.each([
    ["100-continue", "HTTP/1.1 100 Continue\r\n\r\n"],
    ["100-Continue", "HTTP/1.1 100 Continue\r\n\r\n"],
    ["something else", ""],
  ])("that is announced with Expect: %s is asked for with %j", async (expected, interim) => {
    const { ask } = uploadPath();
    const headers = { ...FORM, Expect: expected };
    const { socket } = ask("POST", { headers, framing: { kind: "length", octets: 10 } });
    await turnEnd();
    expect(socket.text).toBe(interim);
  });

  test("is refused where its fields say so, before its chunk has come", async () => {
    const { post } = uploadPath({ file_types: [".txt"] });
    const { answer } = post(fileOf(), 1, -30);
    expect((await answer())[0]).toBe(415);
  });

  test("is refused where its chunk is longer than its fields say, before its end has come", async () => {
    const { post } = uploadPath();
    const { answer } = post(fileOf(25, { resumableTotalSize: "10" }), 1, -12);
    const sentence = "Cannot take the chunk: it has another length than it should.\n";
    expect(await answer()).toEqual([400, sentence]);
  });
});

describe("a request", () => {
  test("is answered as a text that is not kept", async () => {
    const { ask } = uploadPath();
    const query = `?${new URLSearchParams({
      resumableFilename: "a",
      resumableTotalSize: "5",
      resumableChunkSize: "5",
      resumableChunkNumber: "1",
      resumableTotalChunks: "1",
    })}`;
    const { socket, answer } = ask("GET", { query });
    expect(await answer()).toEqual([404, "This chunk is missing.\n"]);
    expect(socket.text).toContain("\r\nContent-Type: text/plain; charset=utf-8\r\n");
    expect(socket.text).toContain("\r\nContent-Security-Policy: default-src 'none'");
    expect(socket.text).toContain("\r\nX-Content-Type-Options: nosniff\r\n");
    expect(socket.text).toContain("\r\nCache-Control: no-store\r\n");
    const head = ask("HEAD", { query });
    expect(await head.answer()).toEqual([404, ""]);
    expect(head.socket.text).toContain("\r\nContent-Length: 23\r\n");
  });

  test("leaves what comes behind it to the next one", async () => {
    const { ask, post } = uploadPath();
    const get = ask("GET", { octets: Buffer.from("GET /next") });
    expect((await get.answer())[0]).toBe(400);
    const { events, form, pipelined, answer } = post(fileOf(), 1, 10);
    events.received(Buffer.concat([form.subarray(10), Buffer.from("GET /a")]));
    events.received(Buffer.from("fter"));
    expect(await answer()).toEqual([200, ""]);
    expect([get.pipelined, pipelined]).toEqual([["GET /next"], ["GET /after"]]);
  });

  test("has a slot until it is answered, of 128", async () => {
    const { ask, post } = uploadPath();
    const open = Array.from({ length: 128 }, () => post(fileOf(), 1, 10));
    const refused = ask("GET");
    expect(await refused.answer()).toEqual([
      503,
      "Cannot take the request: too many are waiting.\n",
    ]);
    expect(refused.socket.text).toContain("\r\nRetry-After: 1\r\n");
    open[0]?.events.closed(undefined);
    open[0]?.events.closed(undefined);
    expect((await ask("GET").answer())[0]).toBe(400);
    post(fileOf(), 1, 10);
    expect((await ask("GET").answer())[0]).toBe(503);
  });

  test("is answered with 503 when the node shuts down, and leaves nothing", async () => {
    const { upload, post, incomplete, stored } = uploadPath();
    const { socket, answer } = post(fileOf(), 1, -1);
    await stored(() => incomplete().length === 1);
    upload.close();
    expect(await answer()).toEqual([503, "Cannot take the request: the node shuts down.\n"]);
    expect(socket.text).toContain("\r\nRetry-After: 1\r\n");
    expect(incomplete()).toEqual([]);
  });

  test("whose client goes when its chunk has come is carried out all the same", async () => {
    const caller = new SilentCaller();
    const { post, uploaded, logged, stored } = uploadPath({}, caller);
    const { socket, events } = post(fileOf(25, { on_progress: "a.b" }), 1);
    await stored(() => uploaded().length === 1);
    events.closed(undefined);
    await caller.until(1);
    expect([uploaded(), socket.text, logged]).toEqual([["a.csv"], "", []]);
  });

  test("whose client goes before that leaves nothing, and no line in the log", async () => {
    const { post, incomplete, logged, stored } = uploadPath();
    const { events, socket } = post({ ...fileOf(200_000), chunkSize: 300_000 }, 1, 100_000);
    await stored(() => incomplete().length === 1);
    events.closed(undefined);
    await stored(() => incomplete().length === 0);
    expect([socket.text, logged]).toEqual(["", []]);
  });

  test("whose client goes before its fields are read leaves nothing", async () => {
    const { post, uploaded, incomplete } = uploadPath();
    post(fileOf(), 1).events.closed(undefined);
    expect(await post({ ...fileOf(), name: "b.csv" }, 1).answer()).toEqual([200, ""]);
    expect([uploaded(), incomplete()]).toEqual([["b.csv"], []]);
  });

  test("that begins an upload has stale ones removed", async () => {
    const pass = fakeTime();
    const { config, post, incomplete, stored } = uploadPath();
    // The search at the start is over by then.
    await post(fileOf(), 1).answer();
    const stale = join(config.temp_directory, "0".repeat(64));
    mkdirSync(stale);
    const old = Date.now() / 1000 - 25 * 3600;
    utimesSync(stale, old, old);
    pass(60_000);
    expect(await post({ ...fileOf(), chunkSize: 10 }, 2).answer()).toEqual([200, ""]);
    await stored(() => !incomplete().includes("0".repeat(64)));
    expect(incomplete()).toHaveLength(1);
  });

  test("at the path with a slash is answered, and below it not", async () => {
    const { ask } = uploadPath();
    expect((await ask("GET", { path: "/" }).answer())[0]).toBe(400);
    expect(await ask("GET", { path: "/a" }).answer()).toEqual([404, "There is nothing here.\n"]);
  });

  test("of a page of another site is refused where it stores something", async () => {
    const { ask } = uploadPath();
    const statusOf = async (method: string, site: string) =>
      (await ask(method, { headers: { "Sec-Fetch-Site": site } }).answer())[0];
    expect(await statusOf("POST", "cross-site")).toBe(403);
    for (const site of ["same-origin", "same-site", "none"]) {
      expect(await statusOf("POST", site)).toBe(415);
    }
    expect(await statusOf("GET", "cross-site")).toBe(400);
  });

  test("that fails is in the log, and its client is told nothing of the reason", async () => {
    const { config, post, incomplete, logged } = uploadPath();
    rmSync(config.directory, { recursive: true });
    const sentence = "Cannot store the chunk: something went wrong here.\n";
    expect(await post(fileOf(), 1).answer()).toEqual([500, sentence]);
    expect(logged).toEqual([["upload not stored", { reason: expect.stringContaining("no such") }]]);
    expect(incomplete()).toEqual([]);
  });
});

describe("a form", () => {
  const part = (name: string, value: string) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const send = async (...parts: (string | Buffer)[]) => {
    const { ask } = uploadPath({ max_file_size: 10 });
    const octets = Buffer.concat([...parts, "--b--\r\n"].map((one) => Buffer.from(one)));
    const framing = { kind: "length", octets: octets.length } as const;
    return await ask("POST", { headers: FORM, framing, octets }).answer();
  };
  const fields = {
    resumableFilename: "\ufeffa.csv",
    resumableTotalSize: "5",
    resumableChunkSize: "5",
    resumableChunkNumber: "1",
    resumableTotalChunks: "1",
  };
  const all = Object.entries(fields).map(([name, value]) => part(name, value));
  const twice = [400, "Cannot take the chunk: a field is there twice.\n"];
  test.each([
    ["all fields and a content", [...all, part("file", "12345")], [200, ""]],
    [
      "less of a content than its fields say",
      [...all, part("file", "1234")],
      [400, "Cannot take the chunk: it has another length than it should.\n"],
    ],
    ["no content", all, [400, 'Cannot take the chunk: "file" is missing.\n']],
    ["a field twice", [...all, part("a", "b"), part("a", "b")], twice],
    ["two contents", [...all, part("file", "12345"), part("file", "12345")], twice],
    [
      "octets that are no UTF-8",
      [Buffer.from(part("a", "\xff"), "latin1")],
      [400, "Cannot take the chunk: one of its fields is not UTF-8.\n"],
    ],
    [
      "a part without a name",
      [part("a", "b").replace(/; name="a"/, "")],
      [400, "Cannot read the form: it has a part without a name.\n"],
    ],
  ])("with %s is answered so", async (_what, sent, answer) => {
    expect(await send(...sent)).toEqual(answer as [number, string]);
  });

  test("has its fields as they are, with the mark of a byte order too", async () => {
    const { ask, uploaded } = uploadPath();
    const octets = Buffer.from(`${[...all, part("file", "12345")].join("")}--b--\r\n`);
    const framing = { kind: "length", octets: octets.length } as const;
    expect((await ask("POST", { headers: FORM, framing, octets }).answer())[0]).toBe(200);
    expect(uploaded()).toEqual(["\ufeffa.csv"]);
  });

  test("that ends within a part is malformed", async () => {
    const { ask } = uploadPath();
    const octets = Buffer.from(part("file", "abc"));
    const framing = { kind: "length", octets: octets.length } as const;
    const cut = "Cannot read the form: it is malformed or cut off.\n";
    expect(await ask("POST", { headers: FORM, framing, octets }).answer()).toEqual([400, cut]);
  });

  test.each([
    ["multipart/form-data", 400],
    ["MULTIPART/FORM-DATA ; Boundary=b", 400],
    ["multipart/form-data-other; boundary=b", 415],
    ["application/x-www-form-urlencoded", 415],
  ])("is what its type says: %s", async (type, status) => {
    const { ask } = uploadPath();
    const octets = Buffer.from("--b--\r\n");
    const framing = { kind: "length", octets: octets.length } as const;
    const { answer } = ask("POST", { headers: { "Content-Type": type }, framing, octets });
    expect((await answer())[0]).toBe(status);
  });

  const missing = [400, 'Cannot take the chunk: "resumableFilename" is missing.\n'];
  const parts = (count: number) => Array.from({ length: count }, (_, at) => part(`f${at}`, "x"));

  test("may have 64 parts", async () => {
    expect(await send(...parts(64))).toEqual([400, missing[1] as string]);
    expect(await send(...parts(65))).toEqual([
      400,
      "Cannot read the form: it has too many parts.\n",
    ]);
  });

  test("that is refused at its end leaves no file, though its content is not read yet", async () => {
    const { ask, post, incomplete } = uploadPath();
    const octets = Buffer.from([...parts(40), part("file", "x"), ...parts(40)].join(""));
    const framing = { kind: "length", octets: octets.length } as const;
    const { answer } = ask("POST", { headers: FORM, framing, octets });
    expect((await answer())[0]).toBe(400);
    // The whole way of another one is longer than what is left of this one's.
    expect((await post(fileOf(), 1).answer())[0]).toBe(200);
    expect(incomplete()).toEqual([]);
  });

  test("may have fields of 64 KiB", async () => {
    expect(await send(part("a", "x".repeat(65_536)))).toEqual([400, missing[1] as string]);
    expect(await send(part("a", "x".repeat(65_537)))).toEqual([
      413,
      "Cannot take the chunk: one of its fields is too long.\n",
    ]);
  });

  test("whose content comes first has no more of it than a file may have", async () => {
    expect(await send(part("file", "x".repeat(10)))).toEqual([400, missing[1] as string]);
    expect(await send(part("file", "x".repeat(11)))).toEqual([
      400,
      "Cannot take the chunk: it has another length than it should.\n",
    ]);
  });
});
