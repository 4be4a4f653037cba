/** Files that come in chunks, through the built binary, at two workers that share a port. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  watch,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { rawHttp } from "../support/raw-http.ts";
import {
  chunkFields,
  type ResumableFile,
  sendChunk,
  testChunk,
  upload,
} from "../support/resumable-client.ts";
import { scriptedCallee } from "../support/scripted-callee.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  freePorts,
  startNode,
  startNodeWithin,
  type TemporaryNode,
} from "../support/temporary-node.ts";
import { titled } from "../support/titles.ts";
import { FORM_FIELDS } from "../support/upload-path.ts";
import { webAt, webProxy, webRouter } from "../support/web-workers.ts";

const [port = 0, routerPort = 0] = freePorts(2);
const url = `http://127.0.0.1:${port}/upload`;

const form_fields = { ...FORM_FIELDS, mime_type: "resumableType" };
const options = { max_file_size: 300_000, file_types: [".csv", ""], file_permissions: "0640" };
const service = (temp: string, more: object = {}) => ({
  type: "upload",
  realm: "realm1",
  role: "anonymous",
  directory: "uploaded",
  temp_directory: temp,
  form_fields,
  options,
  ...more,
});
const paths = {
  upload: service("temp"),
  any: service("any", { options: {} }),
  other: service("temp", { directory: "other" }),
  nowhere: service("temp", { directory: "missing" }),
};
const withSocket = {
  ...paths,
  ws: { type: "websocket", auth: { anonymous: { type: "static", role: "anonymous" } } },
};
const proxy = webProxy(webAt(port, withSocket, { shared: true }));
const router = webRouter(webAt(routerPort, withSocket, { shared: false }));

let node: TemporaryNode;
let folder: string;
let digit = 0;

beforeAll(async () => {
  folder = temporaryFolder({ "node.json": { version: 2, workers: [router, proxy, proxy] } });
  for (const name of ["uploaded", "temp", "other"]) mkdirSync(join(folder, name));
  node = await startNode(folder);
}, 30_000);
afterAll(() => node.stop());

/** Octets that no other file of the tests has. */
function octetsOf(length: number): Uint8Array<ArrayBuffer> {
  digit += 1;
  const octets = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) octets[at] = (at * 7 + (at >> 8) + digit) & 0xff;
  return octets;
}
const fileOf = (name: string, length = 25, chunkSize = 10, query = {}): ResumableFile => ({
  name,
  octets: octetsOf(length),
  chunkSize,
  query,
});
const uploaded = (name: string) => {
  const file = join(folder, "uploaded", name);
  return existsSync(file) ? new Uint8Array(readFileSync(file)) : null;
};
const temporary = () => readdirSync(join(folder, "temp")).sort();
async function untilTemporary(count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => temporary().length === count && resolve();
  const watcher = watch(join(folder, "temp"), look);
  look();
  await promise;
  watcher.close();
}

describe("an upload", () => {
  test.each([
    ["of one chunk", 5, [200]],
    ["of two, of which the last is longer", 25, [200, 200]],
    ["of whole chunks", 30, [200, 200, 200]],
    ["of many", 205, Array(20).fill(200)],
    ["without octets", 0, [200]],
  ])("%s is put together", async (title, length, statuses) => {
    const file = fileOf(`${title}.csv`, length as number);
    expect(await upload(url, file)).toEqual(statuses as number[]);
    expect(uploaded(file.name)).toEqual(file.octets);
    expect(statSync(join(folder, "uploaded", file.name)).mode & 0o777).toBe(0o640);
    expect(temporary()).toEqual([]);
  });

  test("takes chunks in any order, at all workers at once", async () => {
    for (let round = 0; round < 20; round += 1) {
      const file = fileOf(`order${round}.csv`, 67);
      const chunks = [6, 2, 5, 1, 4, 3].map((number) => sendChunk(url, file, number));
      const statuses = (await Promise.all(chunks)).map(({ status }) => status);
      expect(statuses).toEqual(Array(6).fill(200));
      expect(uploaded(file.name)).toEqual(file.octets);
      expect(temporary()).toEqual([]);
    }
  }, 20_000);

  test("takes a chunk that is sent twice", async () => {
    const file = fileOf("twice.csv");
    expect((await sendChunk(url, file, 1)).status).toBe(200);
    expect((await sendChunk(url, file, 1)).status).toBe(200);
    expect(uploaded(file.name)).toBeNull();
    expect((await sendChunk(url, file, 2)).status).toBe(200);
    expect(uploaded(file.name)).toEqual(file.octets);
  });

  test("goes on after the node was started again", async () => {
    const file = fileOf("resumed.csv", 35);
    expect((await sendChunk(url, file, 2)).status).toBe(200);
    await node.stop();
    node = await startNode(folder);
    const tested = [1, 2, 3].map((number) => testChunk(url, file, number));
    expect(await Promise.all(tested)).toEqual([404, 200, 404]);
    expect(await upload(url, file)).toEqual([200, 200]);
    expect(uploaded(file.name)).toEqual(file.octets);
  }, 20_000);

  test("replaces a file that a program reads by another one, which leaves it what it reads", async () => {
    const file = fileOf("read.csv");
    await upload(url, file);
    const open = openSync(join(folder, "uploaded", file.name), "r");
    const other = fileOf(file.name, 44);
    await upload(url, other);
    expect(new Uint8Array(readFileSync(open))).toEqual(file.octets);
    closeSync(open);
    expect(uploaded(file.name)).toEqual(other.octets);
  });

  test("replaces a link instead of following it", async () => {
    const outside = join(folder, "outside.csv");
    writeFileSync(outside, "outside");
    symlinkSync(outside, join(folder, "uploaded", "link.csv"));
    const file = fileOf("link.csv");
    await upload(url, file);
    expect(lstatSync(join(folder, "uploaded", "link.csv")).isSymbolicLink()).toBe(false);
    expect(readFileSync(outside, "utf8")).toBe("outside");
    expect(uploaded(file.name)).toEqual(file.octets);
  });

  test("is put into the directory of its path, whatever another path has of it", async () => {
    const at = `http://127.0.0.1:${port}/other`;
    const file = fileOf("both.csv");
    await sendChunk(url, file, 1);
    expect(await testChunk(at, file, 1)).toBe(404);
    await sendChunk(at, file, 2);
    expect(uploaded("both.csv")).toBeNull();
    await sendChunk(url, file, 2);
    expect(uploaded("both.csv")).toEqual(file.octets);
    await sendChunk(at, file, 1);
    expect(new Uint8Array(readFileSync(join(folder, "other", "both.csv")))).toEqual(file.octets);
  });

  test("keeps files with the same name and size apart where clients send identifiers", async () => {
    const [one, two] = ["a", "b"].map((client) => fileOf("same.csv", 25, 10, { client }));
    if (one === undefined || two === undefined) throw new Error("no files");
    await sendChunk(url, one, 1);
    await sendChunk(url, two, 1);
    await sendChunk(url, one, 2);
    expect(uploaded("same.csv")).toEqual(one.octets);
    await sendChunk(url, two, 2);
    expect(uploaded("same.csv")).toEqual(two.octets);
  });

  test("of another client is not mixed with, and can be gone on with a minute later", async () => {
    const file = fileOf("owned.csv");
    await sendChunk(url, file, 1);
    const [name = ""] = temporary();
    const link = join(folder, "temp", name, "client");
    rmSync(link);
    symlinkSync("192.0.2.7", link);
    const refused = await sendChunk(url, file, 2);
    expect(refused.status).toBe(409);
    const past = Date.now() / 1000 - 61;
    lutimesSync(link, past, past);
    expect((await sendChunk(url, file, 2)).status).toBe(200);
    expect(uploaded(file.name)).toEqual(file.octets);
  });

  test("is put together by its last chunk, sent again, where that failed", async () => {
    const file = fileOf("blocked.csv");
    mkdirSync(join(folder, "uploaded", "blocked.csv"));
    await sendChunk(url, file, 1);
    const { status, text } = await sendChunk(url, file, 2);
    expect([status, text]).toEqual([409, "Cannot take the file: a directory has this name.\n"]);
    expect(temporary()).toHaveLength(1);
    rmSync(join(folder, "uploaded", "blocked.csv"), { recursive: true });
    expect(await testChunk(url, file, 2)).toBe(404);
    expect(await upload(url, file)).toEqual([200]);
    expect(uploaded(file.name)).toEqual(file.octets);
    expect(temporary()).toEqual([]);
  });

  test("streams a chunk that is longer than what is read at once", async () => {
    const file = fileOf("long.csv", 300_000, 1_000_000);
    expect((await sendChunk(url, file, 1)).status).toBe(200);
    expect(uploaded(file.name)).toEqual(file.octets);
  });

  test("works on a router worker, with files of any type", async () => {
    const file = fileOf("Grüße 👋.tar.gz");
    expect(await upload(`http://127.0.0.1:${routerPort}/any`, file)).toEqual([200, 200]);
    expect(uploaded(file.name)).toEqual(file.octets);
  });
});

describe("progress", () => {
  let listener: Awaited<ReturnType<typeof scriptedCallee>>;
  beforeAll(async () => {
    const topics = ["com.example.progress"];
    listener = await scriptedCallee(`ws://127.0.0.1:${port}/ws`, "json", {}, topics);
  });
  afterAll(() => listener.leave());
  const on_progress = "com.example.progress";

  test("is published as Crossbar does", async () => {
    const extra = { chunk_extra: '{"a": 1152921504606846977}', finish_extra: "[true]" };
    const file = fileOf("progress.csv", 25, 10, { on_progress, ...extra });
    await upload(url, file);
    const common = {
      id: file.name,
      name: file.name,
      total: 25,
      chunk_extra: { a: 2n ** 60n + 1n },
    };
    const events = [
      { ...common, chunk: 1, remaining: 25, status: "started", progress: 0 },
      { ...common, chunk: 1, remaining: 15, status: "progress", progress: 0.4 },
      { ...common, chunk: 2, remaining: 0, status: "progress", progress: 1 },
      { ...common, chunk: 2, remaining: 0, status: "finished", progress: 1, finish_extra: [true] },
    ];
    for (const event of events) expect((await listener.next())[4]).toEqual([event]);
  });

  test("of a file of one chunk has a begin and an end", async () => {
    await upload(url, fileOf("short.csv", 5, 10, { on_progress }));
    for (const status of ["started", "finished"]) {
      expect((await listener.next())[4]).toMatchObject([{ status, total: 5, chunk_extra: {} }]);
    }
  });

  test("goes to one session alone where the client names it", async () => {
    await upload(url, fileOf("one.csv", 5, 10, { on_progress, session: "4711" }));
    await upload(url, fileOf("two.csv", 5, 10, { on_progress }));
    expect((await listener.next())[4]).toMatchObject([{ name: "two.csv" }]);
    await listener.next();
  });

  test("that may not be published is logged, and the file is taken", async () => {
    const file = fileOf("denied.csv", 5, 10, { on_progress: "com.example.secret" });
    expect(await upload(url, file)).toEqual([200]);
    expect(uploaded(file.name)).toEqual(file.octets);
    await node.untilOutput(/progress not published.*com\.example\.secret/);
  });
});

describe("a chunk is refused", () => {
  const outside = ["..", "../a.csv", "/a.csv", "a\\b.csv", "..\\a.csv", "a/../b.csv"];
  const unusable = ["", ".", "a\0.csv", "a\n.csv", "nul", "CON.csv", `${"a".repeat(252)}.csv`];
  test.each(titled([...outside, ...unusable].map((name) => [name])))(
    "with the name %s",
    async (_title, name) => {
      const before = readdirSync(join(folder, "uploaded")).sort();
      const file = fileOf("x.csv", 5, 10, { resumableFilename: name });
      expect(await testChunk(url, file, 1)).toBe(400);
      expect((await sendChunk(url, file, 1)).status).toBe(400);
      expect(readdirSync(join(folder, "uploaded")).sort()).toEqual(before);
      expect(temporary()).toEqual([]);
    },
  );

  test.each(
    titled(
      [
        [{ resumableTotalSize: "300001" }, 413, "longer than 300000 octets"],
        [{ resumableFilename: "a.exe" }, 415, "files with this suffix are not taken"],
        [{ resumableFilename: "a.CSV" }, 415, "files with this suffix are not taken"],
        [{ resumableTotalSize: "-1" }, 400, '"resumableTotalSize" is no number'],
        [{ resumableTotalSize: "1e1" }, 400, '"resumableTotalSize" is no number'],
        [{ resumableChunkNumber: "0" }, 400, "its numbers contradict each other"],
        [{ resumableChunkNumber: "2" }, 400, "its numbers contradict each other"],
        [{ resumableTotalChunks: "0" }, 400, "its numbers contradict each other"],
        [{ resumableTotalChunks: "2" }, 400, "its numbers contradict each other"],
        [{ resumableTotalChunks: "10001" }, 413, "it has more than 10000 chunks"],
        [{ resumableTotalSize: "4" }, 400, "it has another length than it should"],
        [{ resumableTotalSize: "6" }, 400, "it has another length than it should"],
        [{ on_progress: "a b" }, 400, '"on_progress" is no URI'],
        [{ on_progress: "a.b", session: "1.5" }, 400, '"session" is no session'],
        [{ on_progress: "a.b", chunk_extra: "{" }, 400, '"chunk_extra" is no JSON'],
        [{ finish_extra: "a".repeat(70_000) }, 413, "one of its fields is too long"],
      ],
      1,
    ),
  )("with %s", async (_title, query, status, sentence) => {
    const file = fileOf("x.csv", 5, 10, query as Record<string, string>);
    const answer = await sendChunk(url, file, 1);
    expect([answer.status, answer.text]).toEqual([
      status as number,
      expect.stringContaining(sentence as string),
    ]);
    expect(uploaded("x.csv")).toBeNull();
    expect(temporary()).toEqual([]);
  });

  test.each([
    ["that is no form", "application/octet-stream", "a", 415],
    ["in a form without a boundary", "multipart/form-data", "a", 400],
    ["in a form that has no part", "multipart/form-data; boundary=b", "--b--\r\n", 400],
    [
      "in a form that is cut off",
      "multipart/form-data; boundary=b",
      '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nabc',
      400,
    ],
    [
      "in a part without a name",
      "multipart/form-data; boundary=b",
      "--b\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--b--\r\n",
      400,
    ],
  ])("%s", async (_what, type, body, status) => {
    const headers = { "Content-Type": type, Connection: "close" };
    const answer = await fetch(url, { method: "POST", body, headers });
    await answer.text();
    expect(answer.status).toBe(status);
    expect(temporary()).toEqual([]);
  });

  test("in a form of too many parts", async () => {
    const form = new FormData();
    for (let part = 0; part < 65; part += 1) form.append(`a${part}`, "b");
    expect((await fetch(url, { method: "POST", body: form })).status).toBe(400);
  });

  test("with a field that is there twice, or is no UTF-8", async () => {
    const part = (name: string, value: string) =>
      `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    for (const parts of [part("a", "b") + part("a", "b"), part("file", "b") + part("file", "b")]) {
      const headers = { "Content-Type": "multipart/form-data; boundary=b" };
      const answer = await fetch(url, { method: "POST", headers, body: `${parts}--b--\r\n` });
      expect(await answer.text()).toBe("Cannot take the chunk: a field is there twice.\n");
    }
    const octets = Buffer.from(`${part("a", "\xff")}--b--\r\n`, "latin1");
    const headers = { "Content-Type": "multipart/form-data; boundary=b" };
    const answer = await fetch(url, { method: "POST", headers, body: octets });
    expect(await answer.text()).toBe("Cannot take the chunk: one of its fields is not UTF-8.\n");
    expect(temporary()).toEqual([]);
  });

  test("from a page of another site", async () => {
    const headers = { "Sec-Fetch-Site": "cross-site" };
    expect((await fetch(url, { method: "POST", body: new FormData(), headers })).status).toBe(403);
  });

  test("before it has come where its body is too long", async () => {
    const head = [
      "POST /upload HTTP/1.1",
      "Host: localhost",
      "Content-Type: multipart/form-data; boundary=b",
      "Content-Length: 1348577",
    ];
    const [answer] = await rawHttp(port, `${head.join("\r\n")}\r\n\r\n`);
    expect(answer?.status).toBe(413);
  });

  test("and leaves nothing where its client goes", async () => {
    const socket = connect({ port, host: "127.0.0.1" });
    const head = [
      "POST /upload HTTP/1.1",
      "Host: localhost",
      "Content-Type: multipart/form-data; boundary=b",
      "Content-Length: 1000",
    ];
    const part = '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nabc';
    socket.write(`${head.join("\r\n")}\r\n\r\n${part}`);
    await untilTemporary(1);
    socket.destroy();
    await untilTemporary(0);
  });

  test("with a form whose content comes first, after it has been read", async () => {
    const file = fileOf("first.csv", 25);
    const send = async (query: Record<string, string>) => {
      const form = new FormData();
      form.append("file", new Blob([file.octets]), "blob");
      const fields = {
        ...chunkFields(file, 1),
        resumableChunkSize: "100",
        resumableTotalChunks: "1",
      };
      for (const [name, value] of Object.entries({ ...fields, ...query })) form.append(name, value);
      return (await fetch(url, { method: "POST", body: form })).status;
    };
    expect(await send({ resumableTotalSize: "24" })).toBe(400);
    expect(temporary()).toEqual([]);
    expect(await send({})).toBe(200);
    expect(uploaded(file.name)).toEqual(file.octets);
  });

  test("with 500 where its file cannot be put in its place", async () => {
    const at = `http://127.0.0.1:${port}/nowhere`;
    const file = fileOf("x.csv");
    expect((await sendChunk(at, fileOf("x.csv", 5), 1)).status).toBe(500);
    expect(temporary()).toEqual([]);
    expect(await upload(at, file)).toEqual([200, 500]);
    mkdirSync(join(folder, "missing"));
    expect(await upload(at, file)).toEqual([200]);
    expect(new Uint8Array(readFileSync(join(folder, "missing", "x.csv")))).toEqual(file.octets);
    expect(temporary()).toEqual([]);
  });

  test("by other methods and at other paths", async () => {
    const answers = await rawHttp(
      port,
      "DELETE /upload HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "OPTIONS /upload HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /upload/a HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /upload HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    );
    expect(answers.map(({ status }) => status)).toEqual([405, 204, 404, 400]);
    expect(answers[0]?.headers.get("allow")).toBe("GET, HEAD, POST, OPTIONS");
  });
});

/** Has Resumable.js send a file with these options, or lines of a page; gives its events. */
function resumable(url: string, file: ResumableFile, script: string): string[] {
  const page = join(import.meta.dir, "../support/resumable-page.ts");
  const path = join(temporaryFolder(), file.name);
  writeFileSync(path, file.octets);
  const { stdout } = Bun.spawnSync([process.execPath, page, url, path, script]);
  return stdout.toString().trim().split("\n");
}

describe("Resumable.js", () => {
  const send = (file: ResumableFile, options: object) =>
    resumable(url, file, JSON.stringify({ chunkSize: file.chunkSize, ...options }));

  test.each([
    ["a file of one chunk", 500, {}],
    ["a file of many chunks, several at once", 25_500, { simultaneousUploads: 5 }],
    ["a file with a short chunk at its end", 2500, { forceChunkSize: true }],
    ["a file without octets", 0, { minFileSize: 0 }],
  ])("sends %s", (title, length, options) => {
    const file = fileOf(`${title}.csv`, length, 1000);
    expect(send(file, options)).toEqual(["fileSuccess", "complete"]);
    expect(uploaded(file.name)).toEqual(file.octets);
    expect(temporary()).toEqual([]);
  });

  test("sends only what is missing", async () => {
    const file = fileOf("missing.csv", 3000, 1000);
    await sendChunk(url, file, 2);
    const other = octetsOf(1000);
    writeFileSync(join(folder, "temp", temporary()[0] ?? "", "chunk_2"), other);
    expect(send(file, {})).toEqual(["fileSuccess", "complete"]);
    file.octets.set(other, 1000);
    expect(uploaded(file.name)).toEqual(file.octets);
  });

  test("reports a file that is refused", () => {
    expect(send(fileOf("a.exe", 500, 1000), {})).toEqual(["fileError", "complete"]);
    expect(uploaded("a.exe")).toBeNull();
  });
});

test("stale uploads are removed, and nothing else", async () => {
  const temp = join(folder, "temp");
  const old = Date.now() / 1000 - 25 * 3600;
  const digest = "0123456789abcdef".repeat(4);
  const uuid = crypto.randomUUID();
  const stale = [digest, `${digest}.${uuid}`];
  for (const name of stale) {
    mkdirSync(join(temp, name));
    writeFileSync(join(temp, name, "chunk_1"), "a");
    utimesSync(join(temp, name), old, old);
  }
  for (const name of [`part-${uuid}`, "notes.txt"]) {
    writeFileSync(join(temp, name), "a");
    utimesSync(join(temp, name), old, old);
  }
  mkdirSync(join(temp, digest.replace("0", "f")));
  await node.stop();
  node = await startNode(folder);
  await node.untilOutput(/stale uploads removed/);
  await untilTemporary(2);
  expect(temporary()).toEqual([digest.replace("0", "f"), "notes.txt"]);
}, 20_000);

/** A file system of 64 KiB, in a namespace of its own. */
const inSmallFolder = (folder: string) => [
  ...["unshare", "-rm", "sh", "-c"],
  `mount -t tmpfs -o size=64k none "${folder}" && mkdir "${folder}/uploaded" && exec "$0" "$@"`,
];
const hasNamespaces = Bun.spawnSync([...inSmallFolder(temporaryFolder()), "true"]).exitCode === 0;

test.if(hasNamespaces)(
  "a full disk is answered with 507, and takes files again",
  async () => {
    const [at = 0] = freePorts(1);
    const small = { ...service("small/temp", { directory: "small/uploaded", options: {} }) };
    const endpoint = { type: "tcp", port: at, interface: "127.0.0.1" };
    const workers = [{ ...router, transports: [{ type: "web", endpoint, paths: { small } }] }];
    const folder = temporaryFolder({ "node.json": { version: 2, workers } });
    mkdirSync(join(folder, "small"));
    const node = await startNodeWithin(inSmallFolder(join(folder, "small")), folder);
    const target = `http://127.0.0.1:${at}/small`;
    const isThere = (file: ResumableFile, number: number) => testChunk(target, file, number);
    expect((await sendChunk(target, fileOf("a.csv", 100_000, 200_000), 1)).status).toBe(507);
    const two = fileOf("b.csv", 40_000, 20_000);
    expect(await upload(target, two)).toEqual([200, 507]);
    expect([await isThere(two, 1), await isThere(two, 2)]).toEqual([200, 404]);
    expect((await sendChunk(target, fileOf("c.csv", 15_000, 20_000), 1)).status).toBe(200);
    await node.untilOutput(/upload not stored.*no space is left/);
    await node.stop();
  },
  20_000,
);

describe("docs/uploads.md", () => {
  const [at = 0] = freePorts(1);
  const guide = readFileSync(join(import.meta.dir, "../../docs/uploads.md"), "utf8");
  const [, json = ""] = /```json\n(.*?)\n```/s.exec(guide) ?? [];
  const topic = "com.example.upload.progress";
  let node: TemporaryNode;
  let listener: Awaited<ReturnType<typeof scriptedCallee>>;
  let stored: (name: string) => string;
  beforeAll(async () => {
    const config = json.replace('"port": 8080', `"port": ${at}`).replace("209715200", "3000000");
    const folder = temporaryFolder({ "node.json": config });
    mkdirSync(join(folder, "uploaded"));
    stored = (name) => join(folder, "uploaded", name);
    node = await startNode(folder);
    listener = await scriptedCallee(`ws://127.0.0.1:${at}/ws`, "json", {}, [topic]);
  }, 20_000);
  afterAll(async () => {
    await listener.leave();
    await node.stop();
  });

  test("has a node that takes files and publishes as it says", async () => {
    const [, event = ""] = /```text\n(\{.*?\n\})\n```/s.exec(guide) ?? [];
    const query = { on_progress: topic, finish_extra: '{"folder":"inbox"}' };
    const file = fileOf("a.csv", 25, 10, query);
    expect(await upload(`http://127.0.0.1:${at}/upload`, file)).toEqual([200, 200]);
    expect(new Uint8Array(readFileSync(stored("a.csv")))).toEqual(file.octets);
    for (const status of ["started", "progress", "progress"]) {
      expect((await listener.next())[4]).toMatchObject([{ status }]);
    }
    expect((await listener.next())[4]).toEqual([JSON.parse(event)]);
  });

  test("has lines of a page that send a file, and give up one that is refused at once", async () => {
    const [, script = ""] = /```text\n(const uploads.*?)\n```/s.exec(guide) ?? [];
    const url = `http://127.0.0.1:${at}/page`;
    const file = fileOf("b.csv", 2_500_000);
    expect(resumable(url, file, script)).toEqual(["fileSuccess", "complete"]);
    expect(new Uint8Array(readFileSync(stored("b.csv")))).toEqual(file.octets);
    // Its chunks are sent at once, so that their events may overtake each other.
    const events = [];
    for (let count = 0; count < 4; count += 1) events.push((await listener.next())[4]);
    const statuses = events.map((args) => (args as { status: string }[])[0]?.status);
    expect(statuses.toSorted()).toEqual(["finished", "progress", "progress", "started"]);
    const longer = fileOf("c.csv", 3_000_001);
    // Each of the chunks that are sent at once may be refused.
    expect([...new Set(resumable(url, longer, script))]).toEqual(["fileError", "complete"]);
  }, 20_000);
});
