import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import { openStatic } from "#transport/web/services/static.ts";
import { clientRequest } from "../../../support/client-request.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

/** A folder with these files, which were written just now; `served` is the folder of them that is served. */
function folderWith(files: Record<string, string | Buffer>, served = "") {
  const pass = fakeTime();
  const directory = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, ".."), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  const service = openStatic({
    type: "static",
    directory: join(directory, served),
    options: {
      enable_directory_listing: false,
      mime_types: {},
      cache_timeout: null,
      default_file: null,
      allow_cross_origin: false,
    },
  });
  const askLater = (path: string, headers: Record<string, string> = {}) =>
    service.handle(clientRequest(`/${path}`, headers), path);
  const ask = (path: string, headers: Record<string, string> = {}): HttpAnswer => {
    const answer = askLater(path, headers);
    if (answer instanceof Promise) throw new Error("Cannot ask: the answer comes later");
    return answer;
  };
  return { pass, ask, askLater, at: (name: string) => join(directory, name) };
}

/** Longer than a file has to be unchanged to be kept, after the real time in which the files of a test are written. */
const SETTLED_MS = 60_000;

/** The body of a file that is kept, which is another object than that of its first answer. */
const keptBody = (ask: (path: string) => HttpAnswer) => (name: string) => {
  ask(name);
  return ask(name).body;
};

const textOf = ({ body }: HttpAnswer) => Buffer.from(body as Uint8Array).toString();

test("a short file is read once, and answers conditions and ranges from memory", () => {
  const { ask, pass } = folderWith({ "a.txt": "0123456789" });
  pass(SETTLED_MS);
  const [first, second, third] = [ask("a.txt"), ask("a.txt"), ask("a.txt")];
  expect(second).toMatchObject({ status: 200, headers: first.headers, body: first.body });
  expect(third.body).toBe(second.body);
  expect(textOf(ask("a.txt", { range: "bytes=2-4" }))).toBe("234");
  const etag = first.headers["ETag"] as string;
  expect(ask("a.txt", { "if-none-match": etag }).status).toBe(304);
});

test("a folder is answered with the index that was kept for its own address", () => {
  const { ask, pass } = folderWith({ "b/index.html": "index" });
  pass(SETTLED_MS);
  expect(textOf(ask("b/index.html"))).toBe("index");
  expect(ask("b/").body).toBe(ask("b/index.html").body);
  expect(ask("b").status).toBe(302);
});

test("a file that changes is read again at once, whatever its size and age", () => {
  const { ask, at, pass } = folderWith({ "a.txt": "one", "b.txt": "other" });
  // It was written just now, so it is not kept: what follows in the same tick of the clock would not show.
  expect(textOf(ask("a.txt"))).toBe("one");
  expect(ask("a.txt").body).not.toBe(ask("a.txt").body);
  pass(SETTLED_MS);
  expect(textOf(ask("a.txt"))).toBe("one");
  expect(ask("a.txt").body).toBe(ask("a.txt").body);
  writeFileSync(at("a.txt"), "two");
  expect(textOf(ask("a.txt"))).toBe("two");
  renameSync(at("b.txt"), at("a.txt"));
  expect(textOf(ask("a.txt"))).toBe("other");
  rmSync(at("a.txt"));
  expect(ask("a.txt").status).toBe(404);
});

test("a folder that has become a link to a hidden one is found hidden within a second", () => {
  const { ask, at, pass } = folderWith({ "b/a.txt": "text" });
  pass(SETTLED_MS);
  expect(ask("b/a.txt").status).toBe(200);
  renameSync(at("b"), at(".b"));
  symlinkSync(".b", at("b"));
  pass(1000);
  expect(ask("b/a.txt").status).toBe(404);
});

test("files that were asked for first are forgotten when all take more than 4 MiB", () => {
  const names = Array.from({ length: 65 }, (_, index) => `${index}.txt`);
  const { ask, pass } = folderWith(
    Object.fromEntries(names.map((name) => [name, "x".repeat(65_536)])),
  );
  pass(SETTLED_MS);
  const bodies = names.map(keptBody(ask));
  expect(ask("64.txt").body).toBe(bodies[64] as Uint8Array);
  expect(ask("1.txt").body).toBe(bodies[1] as Uint8Array);
  expect(ask("0.txt").body).not.toBe(bodies[0] as Uint8Array);
});

test("at most 1,000 files are kept", () => {
  const names = Array.from({ length: 1001 }, (_, index) => `${index}.txt`);
  const { ask, pass } = folderWith(Object.fromEntries(names.map((name) => [name, name])));
  pass(SETTLED_MS);
  const bodies = names.map(keptBody(ask));
  expect(ask("1.txt").body).toBe(bodies[1] as Uint8Array);
  expect(ask("0.txt").body).not.toBe(bodies[0] as Uint8Array);
});

test("a folder that is a link is found anew, as when a deployment moves the link", () => {
  const { ask, at, pass } = folderWith({ "one/a.txt": "one", "two/a.txt": "two" }, "current");
  pass(SETTLED_MS);
  expect(ask("a.txt").status).toBe(404);
  symlinkSync("one", at("current"));
  expect(textOf(ask("a.txt"))).toBe("one");
  symlinkSync("two", at("next"));
  renameSync(at("next"), at("current"));
  expect(textOf(ask("a.txt"))).toBe("two");
});

test("a file of the future has no time of its last change until that has come", () => {
  const { ask, at, pass } = folderWith({ "a.txt": "text" });
  const soon = new Date(Date.now() + 60_000);
  utimesSync(at("a.txt"), soon, soon);
  expect(ask("a.txt").headers).not.toHaveProperty("Last-Modified");
  pass(60_000);
  expect(ask("a.txt").headers).toHaveProperty("Last-Modified", soon.toUTCString());
});

const LINES = "a line of text\n".repeat(200);
const BROTLI = { "accept-encoding": "br" };
const memoryOf = ({ body }: HttpAnswer) => (body as Uint8Array).buffer;
const decoded = ({ body }: HttpAnswer) => brotliDecompressSync(body as Uint8Array).toString();

test("a compressed copy is of this version, though an earlier one has the same length and time", async () => {
  const { askLater, at, pass } = folderWith({ "a.txt": LINES });
  const made = new Date(0);
  utimesSync(at("a.txt"), made, made);
  pass(SETTLED_MS);
  expect(decoded(await askLater("a.txt", BROTLI))).toBe(LINES);
  writeFileSync(at("b.txt"), LINES.replace("line", "word"));
  utimesSync(at("b.txt"), made, made);
  renameSync(at("b.txt"), at("a.txt"));
  expect(decoded(await askLater("a.txt", BROTLI))).toBe(LINES.replace("line", "word"));
});

test("a compressed copy of a file that was written just now is not kept", async () => {
  const { askLater, pass } = folderWith({ "a.txt": LINES });
  for (const isKept of [false, true]) {
    const [first, second] = [await askLater("a.txt", BROTLI), await askLater("a.txt", BROTLI)];
    expect(memoryOf(second) === memoryOf(first)).toBe(isKept);
    pass(SETTLED_MS);
  }
});

test.each([
  ["longer", randomBytes(3000)],
  ["as long", randomBytes(2000)],
  ["missing", null],
])("a file that is %s once it is compressed is not sent in part", async (_, next) => {
  const before = randomBytes(2000);
  const { askLater, at, pass } = folderWith({ "a.txt": before });
  pass(SETTLED_MS);
  const answer = askLater("a.txt", BROTLI);
  // In one step: the file is being read at the same time.
  if (next === null) rmSync(at("a.txt"));
  else {
    writeFileSync(at("next"), next);
    renameSync(at("next"), at("a.txt"));
  }
  const { status, headers, body } = await answer;
  if (next === null) {
    expect(status).toBe(404);
    return;
  }
  expect([status, body]).toEqual([200, next]);
  expect((await askLater("a.txt")).headers["ETag"]).toBe(headers["ETag"]);
});

test("a file counts once, however many requests have it compressed at the same time", async () => {
  const texts = Array.from({ length: 9 }, () => randomBytes(32_768).toString("hex"));
  const { askLater, pass } = folderWith(
    Object.fromEntries(texts.map((text, index) => [`${index}.txt`, text])),
  );
  pass(SETTLED_MS);
  const bodies = [];
  for (const index of texts.keys()) {
    const asked = Array.from({ length: 30 }, () => askLater(`${index}.txt`, BROTLI));
    await Promise.all(asked);
    bodies.push((await askLater(`${index}.txt`, BROTLI)).body);
  }
  for (const [index, body] of bodies.entries()) {
    expect((await askLater(`${index}.txt`, BROTLI)).body).toBe(body);
  }
});

test("a copy that is not kept for ever counts for the client that it waits for", async () => {
  const { askLater } = folderWith({ "a.txt": LINES });
  expect((await askLater("a.txt", BROTLI)).isShared).toBeUndefined();
});

test("a short file of which there is less than the system says is not sent", () => {
  // Files of the system have the size of a page, and the text of one line.
  const service = openStatic({
    type: "static",
    directory: "/sys/devices/system/cpu",
    options: {
      enable_directory_listing: false,
      mime_types: {},
      cache_timeout: null,
      default_file: null,
      allow_cross_origin: false,
    },
  });
  expect(() => service.handle(clientRequest("/online", {}), "online")).toThrow(
    "Cannot read a file: it has become shorter",
  );
});

test("a copy that is older than its file, but for what clocks differ, is not sent", () => {
  const { ask, at } = folderWith({ "a.txt": "new", "a.txt.gz": "old" });
  const gzip = { "accept-encoding": "gzip" };
  utimesSync(at("a.txt"), 100, 100);
  for (const [time, text] of [
    [98, "old"],
    [97, "new"],
  ] as const) {
    utimesSync(at("a.txt.gz"), time, time);
    expect(textOf(ask("a.txt", gzip))).toBe(text);
  }
});
