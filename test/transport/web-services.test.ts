import { expect, test } from "bun:test";
import { mkdir, readdir, symlink, truncate, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { gzipSync, zipSync } from "fflate";
import { readZipDirectory } from "#base/zip-directory.ts";
import type { WebTransportConfig } from "#config/transport/transport-config.ts";
import type {
  ArchiveServiceConfig,
  StaticServiceConfig,
  WebServiceConfig,
} from "#config/web-service/web-service-config.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import { openArchive } from "#transport/web/services/archive.ts";
import { unzipMember } from "#transport/web/services/unzip-member.ts";
import type { WorkerContext } from "#worker/running-worker.ts";
import { afterTest } from "../support/cleanups.ts";
import { clientRequest } from "../support/client-request.ts";
import { jsonAt } from "../support/json-service.ts";
import { keptLog } from "../support/kept-log.ts";
import { openNodePage } from "../support/node-page-service.ts";
import { quietContext } from "../support/quiet-context.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { anyPort, openTransport } from "../support/transports.ts";

let told: () => void = () => {};
const log = { error() {}, warn() {}, info: () => told(), debug() {} };
const context: WorkerContext = {
  ...quietContext,
  log,
  nodeInfo: {
    release: "1.2.3",
    nodeId: "<node>",
    workerId: "proxy1",
    workerType: "proxy",
  },
};

function serve(handler: (request: Request) => Response | Promise<Response>): string {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: handler });
  afterTest(() => server.stop(true));
  return `http://127.0.0.1:${server.port}`;
}

async function start(
  paths: Record<string, WebServiceConfig>,
  workerContext: WorkerContext = context,
): Promise<string> {
  const config: WebTransportConfig = { type: "web", id: "transport", endpoint: anyPort, paths };
  const { url } = await openTransport(config, undefined, workerContext);
  return new URL(url).origin;
}

const textOf = ({ body }: HttpAnswer) => Buffer.from(body as Uint8Array).toString();

const get = (url: string, init: RequestInit = {}) => fetch(url, { redirect: "manual", ...init });

function staticAt(
  directory: string,
  options: Partial<StaticServiceConfig["options"]> = {},
): StaticServiceConfig {
  const defaults = {
    enable_directory_listing: false,
    mime_types: {},
    cache_timeout: 60,
    default_file: null,
    allow_cross_origin: false,
  };
  return { type: "static", directory, options: { ...defaults, ...options } };
}

async function site(): Promise<string> {
  const top = temporaryFolder();
  const root = join(top, "web");
  await mkdir(join(root, "sub"), { recursive: true });
  await mkdir(join(root, "plain"));
  await mkdir(join(root, ".hidden"));
  await writeFile(join(root, "index.html"), "<p>home");
  await writeFile(join(root, "sub", "index.htm"), "<p>sub");
  await writeFile(join(root, "plain", "a<b>.txt"), "plain");
  await writeFile(join(root, ".hidden", "a.txt"), "hidden");
  await writeFile(join(root, "key.priv"), "secret");
  await writeFile(join(root, ".env"), "hidden");
  await writeFile(join(root, "ten.txt"), "0123456789");
  await writeFile(join(root, "empty.txt"), "");
  await writeFile(join(top, "outside.txt"), "outside");
  await symlink(join(top, "outside.txt"), join(root, "out.txt"));
  await symlink(top, join(root, "up"));
  await symlink(join(root, ".env"), join(root, "env.txt"));
  await symlink(join(root, "ten.txt"), join(root, "linked.txt"));
  await symlink(join(root, "ten.txt"), join(root, "linked.html"));
  return root;
}

test("static serves files with type, length, version and caching", async () => {
  const url = await start({ "/": staticAt(await site()) });
  const response = await get(`${url}/ten.txt?x=1`);
  expect(response.status).toBe(200);
  expect(await response.text()).toBe("0123456789");
  const names = ["content-type", "content-length", "cache-control", "accept-ranges"];
  expect(names.map((name) => response.headers.get(name))).toEqual([
    "text/plain; charset=utf-8",
    "10",
    "public, max-age=60",
    "bytes",
  ]);
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(response.headers.get("content-disposition")).toBeNull();
  const etag = response.headers.get("etag") ?? "";
  const again = await get(`${url}/ten.txt`, { headers: { "If-None-Match": etag } });
  expect(again.status).toBe(304);
  expect(again.headers.get("etag")).toBe(etag);
  expect(await (await get(`${url}/linked.txt`)).text()).toBe("0123456789");
  const linked = await get(`${url}/linked.html`);
  expect(linked.headers.get("content-type")).toBe("text/html; charset=utf-8");
  const empty = await get(`${url}/empty.txt`);
  expect([empty.status, empty.headers.get("content-length")]).toEqual([200, "0"]);
});

test("static sends ranges of files over the wire", async () => {
  const url = await start({ "/": staticAt(await site()) });
  const part = await get(`${url}/ten.txt`, { headers: { Range: "bytes=3-5" } });
  expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 3-5/10"]);
  expect(part.headers.get("content-length")).toBe("3");
  expect(await part.text()).toBe("345");
  const beyond = await get(`${url}/ten.txt`, { headers: { Range: "bytes=10-" } });
  expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, "bytes */10"]);
  const several = await get(`${url}/ten.txt`, { headers: { Range: "bytes=0-1,-2" } });
  const type = several.headers.get("content-type") ?? "";
  const boundary = /^multipart\/byteranges; boundary=([0-9a-f]{32})$/.exec(type)?.[1];
  expect([several.status, several.headers.get("content-range")]).toEqual([206, null]);
  expect(await several.text()).toBe(
    [
      "",
      `--${boundary}`,
      "Content-Type: text/plain; charset=utf-8",
      "Content-Range: bytes 0-1/10",
      "",
      "01",
      `--${boundary}`,
      "Content-Type: text/plain; charset=utf-8",
      "Content-Range: bytes 8-9/10",
      "",
      "89",
      `--${boundary}--`,
      "",
    ].join("\r\n"),
  );
});

test("HEAD has the headers of GET and no body", async () => {
  const root = await site();
  const url = await start({
    "/": staticAt(root),
    list: staticAt(join(root, "plain"), { enable_directory_listing: true }),
    info: openNodePage,
    json: jsonAt('{"a":1}'),
  });
  for (const path of ["/ten.txt", "/", "/list/", "/info", "/json", "/missing"]) {
    const whole = await get(url + path);
    const head = await get(url + path, { method: "HEAD" });
    expect([path, head.status, await head.text()]).toEqual([path, whole.status, ""]);
    for (const name of ["content-type", "content-length", "etag", "cache-control"]) {
      expect([path, name, head.headers.get(name)]).toEqual([path, name, whole.headers.get(name)]);
    }
  }
});

test("static finds index files and sends folders to their slash", async () => {
  const url = await start({ files: staticAt(await site()) });
  expect(await (await get(`${url}/files/`)).text()).toBe("<p>home");
  expect(await (await get(`${url}/files/sub/`)).text()).toBe("<p>sub");
  const mount = await get(`${url}/files?a=b`);
  expect([mount.status, mount.headers.get("location")]).toEqual([302, "./files/?a=b"]);
  const below = await get(`${url}/files/sub`);
  expect([below.status, below.headers.get("location")]).toEqual([302, "./sub/"]);
});

test("static sends a folder with a query that becomes longer to its slash", async () => {
  const url = await start({ files: staticAt(await site()) });
  const query = '"'.repeat(8000);
  expect(await answerTo(url, `/files/sub?${query}`)).toContain(
    `\r\nLocation: ./sub/?${"%22".repeat(8000)}\r\n`,
  );
});

test("static shows neither dotfiles nor what is outside of its folder", async () => {
  const root = await site();
  const url = await start({ "/": staticAt(root, { enable_directory_listing: true }) });
  const hidden = [
    "/.env",
    "/key.priv",
    "/KEY.PRIV",
    "/.hidden/a.txt",
    "/%2eenv",
    "/out.txt",
    "/up/",
    "/up/outside.txt",
  ];
  for (const path of [...hidden, "/env.txt", "/ten.txt/", "/sub//index.htm", "/sub//"]) {
    const response = await get(url + path);
    expect([path, response.status]).toEqual([path, 404]);
    expect(await response.text()).not.toContain(root);
  }
  for (const path of ["/..%2foutside.txt", "/%00", "/%zz"]) {
    expect([path, (await get(url + path)).status]).toEqual([path, 400]);
  }
});

/** Sends a request as it stands, which no fetch would do; gives the answer, or fails where it is cut off. */
async function answerTo(url: string, target: string, host = "any"): Promise<string> {
  const answer = Promise.withResolvers<string>();
  let received = "";
  await Bun.connect({
    hostname: "127.0.0.1",
    port: Number(new URL(url).port),
    socket: {
      open: (socket) => {
        socket.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      },
      data: (_, octets) => {
        received += octets.toString("latin1");
      },
      error: (_, error) => answer.reject(error),
      close: (_, error) => (error ? answer.reject(error) : answer.resolve(received)),
    },
  });
  return answer.promise;
}

const statusOf = async (url: string, target: string, host: string) =>
  (await answerTo(url, target, host)).split("\r\n")[0];

test("requests that no browser sends are refused", async () => {
  const url = await start({ "/": staticAt(await site()) });
  expect(await statusOf(url, "/ten.txt", "any")).toBe("HTTP/1.1 200 OK");
  expect(await statusOf(url, "//", "any")).toBe("HTTP/1.1 404 Not Found");
  expect(await statusOf(url, "//ten.txt", "any")).toBe("HTTP/1.1 404 Not Found");
  expect(await statusOf(url, "/../outside.txt", "any")).toBe("HTTP/1.1 404 Not Found");
  expect(await statusOf(url, "/ten.txt", "no host")).toBe("HTTP/1.1 400 Bad Request");
});

test("static lists folders only when enabled, names escaped", async () => {
  const root = await site();
  const url = await start({
    on: staticAt(root, { enable_directory_listing: true }),
    off: staticAt(root),
  });
  const page = await (await get(`${url}/on/plain/`)).text();
  expect(page).toContain("a&lt;b&gt;.txt</a>");
  expect(page).toContain('href="./a%3Cb%3E.txt"');
  expect((await get(`${url}/off/plain/`)).status).toBe(404);
});

test("static answers what is missing with its default file", async () => {
  const url = await start({ "/": staticAt(await site(), { default_file: "index.html" }) });
  const response = await get(`${url}/some/route`);
  expect([response.status, await response.text()]).toEqual([200, "<p>home"]);
});

test("static serves /.well-known, and no dotfile in it", async () => {
  const root = await site();
  await mkdir(join(root, ".well-known", ".hidden"), { recursive: true });
  await mkdir(join(root, "sub", ".well-known"));
  for (const name of ["security.txt", ".env", ".hidden/a.txt"]) {
    await writeFile(join(root, ".well-known", name), name);
  }
  await writeFile(join(root, "sub", ".well-known", "a.txt"), "hidden");
  const url = await start({ "/": staticAt(root, { enable_directory_listing: true }) });
  const text = await (await get(`${url}/.well-known/security.txt`)).text();
  expect(text).toBe("security.txt");
  for (const path of [
    "/.well-known/.env",
    "/.well-known/.hidden/a.txt",
    "/sub/.well-known/a.txt",
  ]) {
    expect([path, (await get(url + path)).status]).toEqual([path, 404]);
  }
});

test("static sends a long file at the pace of its reader, and answers what follows", async () => {
  const root = await site();
  const octets = Buffer.alloc(12_000_000);
  for (let at = 0; at < octets.length; at += 4) octets.writeUInt32BE(at, at);
  await writeFile(join(root, "long.bin"), octets);
  const url = new URL(await start({ "/": staticAt(root) }));
  const get = (path: string, ...headers: string[]) =>
    `${[`GET ${path} HTTP/1.1`, "Host: a", ...headers].join("\r\n")}\r\n\r\n`;
  const socket = connect({ port: Number(url.port), host: url.hostname });
  afterTest(() => socket.destroy());
  socket.write(get("/long.bin") + get("/ten.txt", "Connection: close"));
  socket.pause();
  // Another client is answered, so that the first answer stands still.
  expect(await (await fetch(`${url}ten.txt`)).text()).toBe("0123456789");
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const all = Buffer.concat(chunks);
  const body = all.indexOf("\r\n\r\n") + 4;
  expect(all.subarray(body, body + octets.length).equals(octets)).toBe(true);
  const next = all.subarray(body + octets.length).toString();
  expect(next).toStartWith("HTTP/1.1 200 OK\r\n");
  expect(next).toEndWith("\r\n\r\n0123456789");
});

test("other methods are refused with what is allowed", async () => {
  const url = await start({ "/": staticAt(await site()), info: openNodePage });
  for (const path of ["/ten.txt", "/info"]) {
    const response = await get(url + path, { method: "POST" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  }
});

test("static answers 404 until its folder is made, and then its files", async () => {
  const later = join(temporaryFolder(), "later");
  const url = await start({ "/": staticAt(later, { default_file: "index.html" }) });
  const statuses = async () => [(await get(`${url}/`)).status, (await get(`${url}/a.txt`)).status];
  expect(await statuses()).toEqual([404, 404]);
  await mkdir(later);
  await writeFile(join(later, "a.txt"), "made");
  expect(await statuses()).toEqual([404, 200]);
});

test("json answers its value and redirect its URL", async () => {
  const url = await start({
    json: jsonAt('{"a":[1,"ü"]}'),
    go: { type: "redirect", url: "https://example.com/x" },
  });
  const json = await get(`${url}/json`);
  expect(json.headers.get("content-type")).toBe("application/json");
  expect(await json.json()).toEqual({ a: [1, "ü"] });
  const moved = await get(`${url}/go/deeper?q`);
  expect([moved.status, moved.headers.get("location")]).toEqual([302, "https://example.com/x"]);
});

test.each([
  ["/ü→?q=ä b", "/%C3%BC%E2%86%92?q=%C3%A4%20b"],
  ["https://a.example/%20\r\nX: 1", "https://a.example/%20%0D%0AX:%201"],
  ["//a.example/\ud800", "//a.example/%EF%BF%BD"],
])("redirect to %j has that as a URI", async (configured, location) => {
  const url = await start({ go: { type: "redirect", url: configured } });
  const moved = await get(`${url}/go`);
  expect([moved.status, moved.headers.get("location")]).toEqual([302, location]);
});

test("a service that is not offered answers 501 to every method", async () => {
  const url = await start({ call: { type: "unavailable" }, info: openNodePage });
  const call = await get(`${url}/call`, { method: "POST", body: "{}" });
  expect([call.status, (await get(`${url}/info`)).status]).toEqual([501, 200]);
  expect(await call.text()).toContain("does not offer");
});

test("a service that would run Python answers 501 with what to do instead", async () => {
  const url = await start({ app: { type: "unavailable", isPython: true } });
  const answer = await get(`${url}/app`);
  expect([answer.status, await answer.text()]).toEqual([
    501,
    expect.stringContaining("run the program as a guest, and lead to it with a reverseproxy"),
  ]);
});

const text = (value: string) => new TextEncoder().encode(value);
const zip = new Uint8Array(
  zipSync({
    "top/app.min.js": text("app()"),
    "top/sub/x.txt": text("x"),
    "top/packed.jgz": gzipSync(text("packed()")),
    "top/unpacked.jgz": text("unpacked()"),
    "other.txt": text("other"),
  }),
);
const zipHash = Bun.CryptoHasher.hash("sha256", zip, "hex");

function archiveAt(
  archive: string,
  options: Partial<ArchiveServiceConfig> = {},
): ArchiveServiceConfig {
  return {
    type: "archive",
    archive,
    origin: null,
    download: false,
    cache: true,
    default_object: "app.min.js",
    object_prefix: "top/",
    mime_types: { ".min.js": "text/javascript", ".js": "text/plain" },
    hashes: [zipHash],
    options: { default_file: null, allow_cross_origin: false },
    ...options,
  };
}

test("archive serves what is below its prefix, and its default object", async () => {
  const file = join(temporaryFolder(), "a.zip");
  await writeFile(file, zip);
  const url = await start({ a: archiveAt(file) });
  for (const path of ["/a", "/a/", "/a/app.min.js"]) {
    const response = await get(url + path);
    expect([path, await response.text()]).toEqual([path, "app()"]);
    expect(response.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(response.headers.get("cache-control")).toContain("max-age=");
  }
  expect(await (await get(`${url}/a/sub/x.txt`)).text()).toBe("x");
  expect((await get(`${url}/a/sub/`)).status).toBe(404);
  expect((await get(`${url}/a/other.txt`)).status).toBe(404);
  const packed = await get(`${url}/a/packed.jgz`);
  expect([packed.headers.get("content-encoding"), await packed.text()]).toEqual([
    "gzip",
    "packed()",
  ]);
  const unpacked = await get(`${url}/a/unpacked.jgz`);
  expect([unpacked.headers.get("content-encoding"), await unpacked.text()]).toEqual([
    null,
    "unpacked()",
  ]);
  const part = await get(`${url}/a/app.min.js`, { headers: { Range: "bytes=0-2" } });
  expect([part.status, await part.text()]).toEqual([206, "app"]);
  const head = await get(`${url}/a/app.min.js`, { method: "HEAD" });
  expect([head.status, head.headers.get("content-length")]).toEqual([200, "5"]);
  const etag = head.headers.get("etag") ?? "";
  const known = await get(`${url}/a`, { headers: { "If-None-Match": etag } });
  expect(known.status).toBe(304);
});

test("archive is refused when missing, of a wrong hash or no ZIP", async () => {
  const inside = temporaryFolder();
  const file = join(inside, "a.zip");
  await expect(openArchive(archiveAt(file), context)).rejects.toThrow(
    `Cannot serve archive "${file}": no such file`,
  );
  await writeFile(file, zip);
  const wrong = archiveAt(file, { hashes: ["00"] });
  await expect(openArchive(wrong, context)).rejects.toThrow(
    `its SHA-256 is ${zipHash}, which is not among the configured hashes`,
  );
  const broken = join(inside, "broken.zip");
  await writeFile(broken, "this is no archive");
  await expect(openArchive(archiveAt(broken, { hashes: [] }), context)).rejects.toThrow(
    "not a ZIP file",
  );
});

test("archive leads nowhere else, whatever the names of its files say", async () => {
  const folder = temporaryFolder({ "secret.txt": "secret" });
  const names = ["../secret.txt", "/secret.txt", "top/../../secret.txt", "..\\secret.txt"];
  const members = names.map((name) => [name, text("of the archive")] as const);
  const file = join(folder, "a.zip");
  await writeFile(file, zipSync(Object.fromEntries([...members, ["top/x.txt", text("x")]])));
  const url = await start({ a: archiveAt(file, { hashes: [], object_prefix: "" }) });
  for (const path of [
    ...["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/..%5csecret.txt"],
    ...["/top/../../secret.txt", "/top%2f..%2f..%2fsecret.txt", "/%2fsecret.txt"],
  ]) {
    const answer = await answerTo(url, `/a${path}`);
    expect([path, answer.split("\r\n")[0]]).toEqual([path, expect.stringMatching(/ (400|404) /)]);
    expect(answer).not.toMatch(/\r\n(secret|of the archive)/);
  }
  expect(await (await get(`${url}/a//secret.txt`)).text()).toBe("of the archive");
  expect(await (await get(`${url}/a/top/x.txt`)).text()).toBe("x");
  expect((await readdir(folder)).sort()).toEqual(["a.zip", "secret.txt"]);
});

/** A ZIP with this member, its two headers changed. */
function changedZip(
  name: string,
  change: (header: Buffer, isCentral: boolean) => void,
  content = text("x"),
  level: 0 | 9 = 0,
): Buffer {
  const octets = Buffer.from(zipSync({ "top/ok.txt": text("ok"), [name]: [content, { level }] }));
  const local = octets.indexOf(Buffer.from(name)) - 30;
  const central = octets.lastIndexOf(Buffer.from(name)) - 46;
  change(octets.subarray(local), false);
  change(octets.subarray(central), true);
  return octets;
}

/** Serves an archive; gives the status of its damaged file, the text of the other one, and the log. */
async function servedBeside(zipped: Uint8Array) {
  const file = join(temporaryFolder(), "a.zip");
  await writeFile(file, zipped);
  const { log, logged } = keptLog("warn");
  const url = await start({ a: archiveAt(file, { hashes: [] }) }, { ...context, log });
  const { status } = await get(`${url}/a/odd.txt`);
  return { file, status, other: await (await get(`${url}/a/ok.txt`)).text(), logged };
}

test.each([
  ["bzip2", 0, 12, "it is compressed with bzip2"],
  ["LZMA", 0, 14, "it is compressed with LZMA"],
  ["an unknown method", 0, 77, "it is compressed with method 77"],
  ["a password", 1, 0, "it is encrypted"],
])("archive answers 501 for a file with %s", async (_, flags, method, reason) => {
  const zipped = changedZip("top/odd.txt", (header, isCentral) => {
    header.writeUInt16LE(flags, isCentral ? 8 : 6);
    header.writeUInt16LE(method, isCentral ? 10 : 8);
  });
  const { file, status, other, logged } = await servedBeside(zipped);
  expect([status, other]).toEqual([501, "ok"]);
  const facts = { archive: file, file: "top/odd.txt", more: 0, reason };
  expect(logged).toEqual([["file of an archive not served", facts]]);
});

const otherSize = "its size is not the one that the directory of the archive states";
test.each([
  ["a size that is too small", 24, 5, otherSize],
  ["a size that is too large", 24, 4000, otherSize],
  ["a size beyond the limit", 24, 0x7fff_ffff, "with it the files take more than 268435456 octets"],
  ["another CRC-32", 16, 1, "its CRC-32 is not the one that the directory of the archive states"],
  ["another place", 42, 7, "it is not where the directory of the archive states"],
  [
    "a place beyond the archive",
    42,
    0x7fff_ffff,
    "it is not where the directory of the archive states",
  ],
  ["more octets than there are", 20, 0x00ff_ffff, "it reaches beyond the files of the archive"],
  ["no octets", 20, 0, otherSize],
  ["a part of its octets", 20, 20, "it cannot be decompressed"],
])("archive answers 500 for a file with %s", async (_, field, value, reason) => {
  const random = Buffer.from(Bun.CryptoHasher.hash("sha512", "seed", "hex"));
  const change = (header: Buffer, isCentral: boolean) => {
    if (isCentral) header.writeUInt32LE(value, field);
  };
  const { file, status, other, logged } = await servedBeside(
    changedZip("top/odd.txt", change, random, 9),
  );
  expect([status, other]).toEqual([500, "ok"]);
  const facts = { archive: file, file: "top/odd.txt", more: 0, reason };
  expect(logged).toEqual([["file of an archive not served", facts]]);
});

test("archive answers 500 for a stored file that was changed", async () => {
  const change = (header: Buffer, isCentral: boolean) => {
    if (!isCentral) header.write("y", 30 + "top/odd.txt".length);
  };
  const { status, other, logged } = await servedBeside(changedZip("top/odd.txt", change));
  expect([status, other, logged.length]).toEqual([500, "ok", 1]);
});

test("archive stops to decompress a file beyond its size", async () => {
  const size = 64 * 1024 * 1024;
  const change = (header: Buffer, isCentral: boolean) => {
    if (isCentral) header.writeUInt32LE(5, 24);
  };
  const zipped = changedZip("top/odd.txt", change, new Uint8Array(size), 9);
  const directory = readZipDirectory(zipped);
  const member = directory?.members.find(({ name }) => name === "top/odd.txt");
  if (!directory || !member) throw new Error("the test needs a member");
  const begin = process.cpuUsage();
  expect(await unzipMember(zipped, directory, member)).toBe(otherSize);
  const refused = process.cpuUsage(begin).user;
  expect(await unzipMember(zipped, directory, { ...member, size })).toHaveLength(size);
  const unzipped = process.cpuUsage(begin).user - refused;
  expect(refused).toBeLessThan(unzipped / 2);
});

test.each([
  ["looks like an end of an archive", Buffer.from(`504b0506${"63".repeat(60)}`, "hex")],
  ["is the end of an empty archive", Buffer.from(`504b0506${"00".repeat(18)}`, "hex")],
])("archive may have a comment that %s", async (_, comment) => {
  const zipped = Buffer.concat([zip, comment]);
  zipped.writeUInt16LE(comment.length, zip.length - 2);
  const file = join(temporaryFolder(), "a.zip");
  await writeFile(file, zipped);
  const url = await start({ a: archiveAt(file, { hashes: [] }) });
  expect(await (await get(`${url}/a/sub/x.txt`)).text()).toBe("x");
});

test("archive may have its numbers in the records and fields of ZIP64", async () => {
  const name = "top/x.txt";
  const crc = Bun.hash.crc32("x64");
  const wide = (...values: number[]) =>
    Buffer.from(new BigUint64Array(values.map(BigInt)).buffer).toString("hex");
  const narrow = (...values: number[]) =>
    Buffer.from(new Uint32Array(values).buffer).toString("hex");
  const extra = `01001800${wide(3, 3, 0)}`;
  const localHeader = `504b0304 2d00 0000 0000 00000000 ${narrow(crc)} ffffffff ffffffff 0900 1400`;
  const begin = Buffer.from(
    (
      localHeader +
      Buffer.from(name).toString("hex") +
      `01001000${wide(3, 3)}` +
      "783634"
    ).replaceAll(" ", ""),
    "hex",
  );
  const entry = `504b0102 2d00 2d00 0000 0000 00000000 ${narrow(crc)} ffffffff ffffffff 0900 1c00 0000 0000 0000 00000000 ffffffff`;
  const central = Buffer.from(
    (entry + Buffer.from(name).toString("hex") + extra).replaceAll(" ", ""),
    "hex",
  );
  const end64 = `504b0606 ${wide(44)} 2d00 2d00 00000000 00000000 ${wide(1, 1, central.length, begin.length)}`;
  const locator = `504b0607 00000000 ${wide(begin.length + central.length)} 01000000`;
  const end = "504b0506 0000 0000 ffff ffff ffffffff ffffffff 0000";
  const rest = Buffer.from((end64 + locator + end).replaceAll(" ", ""), "hex");
  const file = join(temporaryFolder(), "a.zip");
  await writeFile(file, Buffer.concat([begin, central, rest]));
  const url = await start({ a: archiveAt(file, { hashes: [] }) });
  expect(await (await get(`${url}/a/x.txt`)).text()).toBe("x64");
});

test.each([
  ["below its prefix", zip, "none/"],
  ["at all", zipSync({}), "none/"],
])("archive without files %s answers 404, as in Crossbar", async (_, zipped, prefix) => {
  const file = join(temporaryFolder(), "a.zip");
  await writeFile(file, zipped);
  const { log, logged } = keptLog("warn");
  const config = archiveAt(file, { hashes: [], object_prefix: "none/" });
  const url = await start({ a: config }, { ...context, log });
  expect((await get(`${url}/a/x.txt`)).status).toBe(404);
  expect(logged).toEqual([["archive has no files", { archive: file, prefix }]]);
});

test("archive serves files as long as all of them do not take too much, and empty ones", async () => {
  const file = join(temporaryFolder(), "a.zip");
  const ten = text("0123456789");
  const empty = Buffer.from(zipSync({ a: ten, b: ten, c: ten, d: text("") }, { level: 0 }));
  // The empty file as deflate has it: one octet of a block, and one of padding.
  const at = empty.lastIndexOf(Buffer.from("504b0304", "hex"));
  const local = Buffer.concat([empty.subarray(at, at + 31), Buffer.from("0300", "hex")]);
  const central = Buffer.from(empty.subarray(at + 31));
  const entry = central.lastIndexOf(Buffer.from("504b0102", "hex"));
  central.writeUInt16LE(8, entry + 10);
  central.writeUInt32LE(2, entry + 20);
  central.writeUInt32LE(at + 33, central.length - 6);
  await writeFile(file, Buffer.concat([empty.subarray(0, at), local, central]));
  const { log, logged } = keptLog("warn");
  const config = archiveAt(file, { hashes: [], object_prefix: "" });
  const service = await openArchive(config, { log }, 0, 29);
  const request = clientRequest("/");
  const answers = ["a", "b", "c", "d"].map((name) => service.handle(request, name));
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 500, 200]);
  const reason = "with it the files take more than 29 octets";
  expect(logged).toEqual([
    ["file of an archive not served", { archive: file, file: "c", more: 0, reason }],
  ]);
});

test("archive is no ZIP where an entry of its directory reaches beyond the directory", () => {
  const octets = Buffer.from(zip);
  octets.writeUInt16LE(60_000, octets.lastIndexOf(Buffer.from("504b0102", "hex")) + 28);
  expect(readZipDirectory(octets)).toBeNull();
  octets.writeUInt16LE(3, octets.lastIndexOf(Buffer.from("504b0102", "hex")) + 28);
  expect(readZipDirectory(octets)).toBeNull();
});

test("archive whose comment has thousands of almost valid ends is given up", () => {
  const entries = Buffer.alloc(46 * 20_000);
  for (let at = 0; at < entries.length; at += 46) entries.writeUInt32LE(0x0201_4b50, at);
  const ends = 2_900;
  const comment = Buffer.alloc(22 * ends);
  for (let at = 0; at < comment.length; at += 22) {
    comment.writeUInt32LE(0x0605_4b50, at);
    // From the first entry up to the record, of which what precedes it is no entry.
    comment.writeUInt32LE(entries.length + at, at + 12);
    comment.writeUInt16LE(comment.length - at - 22, at + 20);
  }
  const begin = process.cpuUsage();
  expect(readZipDirectory(Buffer.concat([entries, comment]))).toBeNull();
  // 4 searches take some milliseconds, 2,900 some seconds.
  expect(process.cpuUsage(begin).user).toBeLessThan(500_000);
});

test("archive larger than can be kept answers 500", async () => {
  const file = join(temporaryFolder(), "a.zip");
  await writeFile(file, "");
  await truncate(file, 2 ** 28 + 1);
  const { log, logged } = keptLog("warn");
  const url = await start({ a: archiveAt(file, { hashes: [] }) }, { ...context, log });
  expect((await get(`${url}/a/x.txt`)).status).toBe(500);
  const reason = "it is larger than 268435456 octets";
  expect(logged).toEqual([["archive not served", { archive: file, reason }]]);
});

test("archive may follow other octets, as one that unpacks itself", async () => {
  const file = join(temporaryFolder(), "a.zip");
  await writeFile(file, Buffer.concat([Buffer.from("#!/bin/sh\nexit\n"), zip]));
  const url = await start({ a: archiveAt(file, { hashes: [] }) });
  expect(await (await get(`${url}/a/sub/x.txt`)).text()).toBe("x");
});

test("archive is downloaded once when its file is missing, and kept whole", async () => {
  const inside = temporaryFolder();
  const file = join(inside, "a.zip");
  let downloads = 0;
  const origin = serve(() => {
    downloads += 1;
    return new Response(zip);
  });
  const config = archiveAt(file, { origin, download: true });
  const url = await start({ a: config });
  expect(await (await get(`${url}/a/sub/x.txt`)).text()).toBe("x");
  expect(await readdir(inside)).toEqual(["a.zip"]);
  await start({ a: config });
  expect(downloads).toBe(1);
});

test("archive of a wrong hash is not kept after its download", async () => {
  const inside = temporaryFolder();
  const origin = serve(() => new Response("something else"));
  const config = archiveAt(join(inside, "a.zip"), { origin, download: true });
  await expect(openArchive(config, context)).rejects.toThrow("not among the configured hashes");
  expect(await readdir(inside)).toEqual([]);
});

test("archive answers 503 until its origin delivers", async () => {
  const inside = temporaryFolder();
  let isReady = false;
  const origin = serve(() => (isReady ? new Response(zip) : new Response("no", { status: 404 })));
  const config = archiveAt(join(inside, "a.zip"), { origin, download: true });
  const arrived = new Promise<void>((resolve) => {
    told = resolve;
  });
  const service = await openArchive(config, context, 5);
  afterTest(() => service.close?.());
  const request = clientRequest("/a/");
  const ask = async () => service.handle(request, "");
  const early = await ask();
  expect([early.status, "Retry-After" in early.headers]).toEqual([503, true]);
  isReady = true;
  await arrived;
  expect(textOf(await ask())).toBe("app()");
  expect(await readdir(inside)).toEqual(["a.zip"]);
});

test("json is not kept if discouraged, and read elsewhere if allowed", async () => {
  const url = await start({
    open: jsonAt("1"),
    closed: jsonAt("1", { allow_cross_origin: false, discourage_caching: true }),
  });
  const headersOf = async (path: string) => {
    const { headers } = await get(url + path, { headers: { Origin: "https://page.example" } });
    const names = ["cache-control", "access-control-allow-origin"];
    return [...names, "access-control-allow-credentials"].map((name) => headers.get(name));
  };
  expect(await headersOf("/open")).toEqual(["no-cache", "*", null]);
  const discouraged = "no-store, no-cache, must-revalidate, max-age=0";
  expect(await headersOf("/closed")).toEqual([discouraged, null, null]);
});
