/** Archives as programs make them. */

import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, inflateRawSync } from "node:zlib";
import { zipSync } from "fflate";
import { checkArchives } from "#cli/check-archives.ts";
import type { ArchiveServiceConfig } from "#config/web-service/web-service-config.ts";
import { keptLog } from "../support/kept-log.ts";
import { quietContext } from "../support/quiet-context.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { anyPort, openTransport } from "../support/transports.ts";
import { PYTHON } from "../support/wamp-clients.ts";

const TEXT = "text ".repeat(1000);

async function serve(archive: string, options: Partial<ArchiveServiceConfig> = {}) {
  const { log, logged } = keptLog("warn");
  const config: ArchiveServiceConfig = {
    type: "archive",
    archive,
    origin: null,
    download: false,
    cache: false,
    default_object: "",
    object_prefix: "",
    mime_types: {},
    hashes: [],
    options: { default_file: null, allow_cross_origin: false },
    ...options,
  };
  const { url } = await openTransport(
    { type: "web", id: "transport", endpoint: anyPort, paths: { "/": config } },
    undefined,
    { ...quietContext, log },
  );
  const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    fetch(new URL(path, url), { method, headers, decompress: false });
  return { get, logged };
}

const place = { file: "node.json", line: 1, column: 1, path: "$" };

async function checked(file: string): Promise<string[]> {
  const need = { kind: "archive" as const, file, prefix: "", hashes: [] };
  return (await checkArchives([{ need, place }])).map(({ sentence }) => sentence);
}

function run(command: string[], cwd: string): void {
  const { exitCode, stderr } = Bun.spawnSync(command, { cwd, stdout: "ignore" });
  if (exitCode !== 0) throw new Error(stderr.toString());
}

const hasTool = (name: string) => Bun.which(name) !== null;

test.skipIf(!hasTool(PYTHON))("archives of Python are served, or their files named", async () => {
  const folder = temporaryFolder();
  run([PYTHON, join(import.meta.dir, "../python/archives.py"), folder], folder);
  const served = [
    ["methods.zip", "stored.txt"],
    ["methods.zip", "deflated.txt"],
    ["zip64.zip", "wide.txt"],
    ["descriptors.zip", "piped.txt"],
    ["prefixed.zip", "after.txt"],
  ];
  for (const [archive = "", name = ""] of served) {
    const { get } = await serve(join(folder, archive));
    const answer = await get(`/${name}`);
    expect([name, answer.status, await answer.text()]).toEqual([name, 200, TEXT]);
  }
  const file = join(folder, "methods.zip");
  const { get, logged } = await serve(file);
  for (const name of ["bzip2.txt", "lzma.txt", "lzma.txt"]) {
    expect([name, (await get(`/${name}`)).status]).toEqual([name, 501]);
  }
  const reasons = ["it is compressed with bzip2", "it is compressed with LZMA"];
  expect(logged.map(([, facts]) => facts?.["reason"])).toEqual(reasons);
  expect(await checked(file)).toEqual([
    `Cannot serve "bzip2.txt" of "${file}": ${reasons[0]}; requests for it are answered with 501`,
    `Cannot serve "lzma.txt" of "${file}": ${reasons[1]}; requests for it are answered with 501`,
  ]);
});

test.skipIf(!hasTool("zip"))(
  "archives of Info-ZIP are served, but for encrypted files",
  async () => {
    const folder = temporaryFolder();
    for (const name of ["a.txt", "naïve.txt", "secret.txt", "stored.bin"]) {
      writeFileSync(join(folder, name), TEXT);
    }
    run(["zip", "-q", "a.zip", "a.txt", "naïve.txt"], folder);
    run(["zip", "-q", "-0", "-P", "password", "a.zip", "secret.txt", "stored.bin"], folder);
    const file = join(folder, "a.zip");
    const { get, logged } = await serve(file);
    for (const name of ["a.txt", "naïve.txt"]) {
      expect([name, await (await get(`/${encodeURI(name)}`)).text()]).toEqual([name, TEXT]);
    }
    for (const name of ["secret.txt", "stored.bin"]) {
      const answer = await get(`/${name}`);
      expect([answer.status, await answer.text()]).not.toContain("text");
      expect(answer.status).toBe(501);
    }
    expect(logged).toEqual([
      [
        "file of an archive not served",
        { archive: file, file: "secret.txt", more: 1, reason: "it is encrypted" },
      ],
    ]);
    expect((await checked(file)).map((sentence) => sentence.split(": ")[1])).toEqual([
      "it is encrypted; requests for it are answered with 501",
      "it is encrypted; requests for it are answered with 501",
    ]);
  },
);

const sevenZip = ["7z", "7za", "7zz"].find(hasTool);

test.skipIf(sevenZip === undefined).each([
  ["served", ["-mm=Deflate"], undefined],
  ["served where they are stored", ["-mx=0"], undefined],
  ["named where Deflate64 is in them", ["-mm=Deflate64"], "it is compressed with Deflate64"],
  ["named where LZMA is in them", ["-mm=LZMA"], "it is compressed with LZMA"],
  ["named where they are encrypted", ["-ppassword", "-mem=AES256"], "it is encrypted"],
  ["named where they are encrypted as of old", ["-ppassword", "-mem=ZipCrypto"], "it is encrypted"],
])("archives of 7-Zip are %s", async (_, options, reason) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "naïve.txt"), TEXT);
  run([sevenZip ?? "", "a", "-tzip", ...options, "a.zip", "naïve.txt"], folder);
  const file = join(folder, "a.zip");
  const answer = await (await serve(file)).get("/na%C3%AFve.txt");
  const isServed = reason === undefined;
  expect([answer.status, (await answer.text()) === TEXT]).toEqual([isServed ? 200 : 501, isServed]);
  const issues = isServed ? [] : [expect.stringContaining(reason)];
  expect(await checked(file)).toEqual(issues);
});

test.skipIf(!hasTool("go"))(
  "archives of Go are served",
  async () => {
    const folder = temporaryFolder();
    const file = join(folder, "a.zip");
    run(["go", "run", join(import.meta.dir, "../go/archives/main.go"), file, TEXT], folder);
    const { get } = await serve(file);
    for (const name of ["deflated.txt", "stored.txt", "ü.txt", "folder/raw.txt"]) {
      const answer = await get(`/${encodeURI(name)}`);
      expect([name, answer.status, await answer.text()]).toEqual([name, 200, TEXT]);
    }
    expect((await get("/folder/")).status).toBe(404);
    expect(await checked(file)).toEqual([]);
  },
  60_000,
);

test.skipIf(!hasTool("jar"))("archives of Java are served", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "ü.txt"), TEXT);
  run(["jar", "cf", "a.jar", "ü.txt"], folder);
  const { get } = await serve(join(folder, "a.jar"));
  expect(await (await get("/%C3%BC.txt")).text()).toBe(TEXT);
});

/** An archive whose one file has this method, in both of its headers. */
function withMethod(method: number): Buffer {
  const octets = Buffer.from(zipSync({ "a.txt": Buffer.from(TEXT) }));
  octets.writeUInt16LE(method, 8);
  octets.writeUInt16LE(method, octets.lastIndexOf(Buffer.from("504b0102", "hex")) + 10);
  return octets;
}

test.each([
  [9, "Deflate64"],
  [14, "LZMA"],
  [95, "XZ"],
  [77, "method 77"],
])("a file of method %i is named, and answered with 501", async (method, name) => {
  const file = join(temporaryFolder(), "a.zip");
  writeFileSync(file, withMethod(method));
  expect((await (await serve(file)).get("/a.txt")).status).toBe(501);
  expect((await checked(file))[0]).toContain(`: it is compressed with ${name};`);
});

test("check tells what is no archive, missing, or of another hash", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "a.zip");
  expect(await checked(file)).toEqual([expect.stringContaining("no such file")]);
  writeFileSync(file, "text");
  expect(await checked(file)).toEqual([expect.stringContaining("it is not a ZIP file")]);
  const need = { kind: "archive" as const, file, prefix: "", hashes: ["00"] };
  const [issue] = await checkArchives([{ need, place }]);
  expect(issue?.sentence).toContain("which is not among the configured hashes");
});

/** An archive with one stored file, whose name is these octets without a mark of their encoding. */
function named(name: string, hex: string): string {
  const octets = Buffer.from(zipSync({ [name]: [Buffer.from(TEXT), { level: 0 }] }));
  const written = Buffer.from(hex, "hex");
  const plain = Buffer.from(name);
  for (let at = octets.indexOf(plain); at >= 0; at = octets.indexOf(plain, at + 1)) {
    octets.set(written, at);
  }
  const file = join(temporaryFolder(), "a.zip");
  writeFileSync(file, octets);
  return file;
}

test("a name without the mark of UTF-8 is of code page 437, or UTF-8 if it may be", async () => {
  const { get } = await serve(named("xxx.txt", "8199e12e747874"));
  expect((await get(`/${encodeURIComponent("üÖß.txt")}`)).status).toBe(200);
  const other = await serve(named("xx.txt", "c3bc2e747874"));
  for (const name of ["├╝.txt", "ü.txt"]) {
    expect([name, (await other.get(`/${encodeURIComponent(name)}`)).status]).toEqual([name, 200]);
  }
});

test("files are answered with as static ones, compressed as they are in the archive", async () => {
  const file = join(temporaryFolder(), "a.zip");
  const octets = zipSync({ "a.txt": Buffer.from(TEXT), "a.png": Buffer.from(TEXT) });
  writeFileSync(file, octets);
  const { get } = await serve(file);
  const plain = await get("/a.txt");
  expect([plain.headers.get("content-encoding"), plain.headers.get("vary")]).toEqual([
    null,
    "Accept-Encoding",
  ]);
  const coded = await get("/a.txt", { "Accept-Encoding": "br, gzip" });
  expect(coded.headers.get("content-encoding")).toBe("gzip");
  const gzipped = Buffer.from(await coded.arrayBuffer());
  expect(gunzipSync(gzipped).toString()).toBe(TEXT);
  const deflated = gzipped.subarray(10, -8);
  expect(Buffer.from(octets).includes(deflated)).toBe(true);
  expect(inflateRawSync(deflated).toString()).toBe(TEXT);
  const [tag, codedTag] = [plain, coded].map(({ headers }) => headers.get("etag") ?? "");
  expect(codedTag).toBe(`${tag?.slice(0, -1)}-gzip"`);
  const known = { "Accept-Encoding": "gzip", "If-None-Match": codedTag ?? "" };
  expect((await get("/a.txt", known)).status).toBe(304);
  const part = await get("/a.txt", { Range: "bytes=0-3", "If-Range": tag ?? "" });
  expect([part.status, await part.text()]).toEqual([206, "text"]);
  const picture = await get("/a.png", { "Accept-Encoding": "gzip" });
  expect([picture.headers.get("content-encoding"), picture.headers.get("vary")]).toEqual([
    null,
    null,
  ]);
});

test("a default file answers for what is missing, and CORS is as configured", async () => {
  const file = join(temporaryFolder(), "a.zip");
  writeFileSync(file, zipSync({ "top/index.html": Buffer.from("<p>app") }));
  const options = { default_file: "index.html", allow_cross_origin: true };
  const { get } = await serve(file, { object_prefix: "top/", cache: true, options });
  for (const [path, caching] of [
    ["/index.html", "public, max-age=43200"],
    ["/some/route", "no-cache"],
  ] as const) {
    const answer = await get(path);
    const { headers } = answer;
    expect([answer.status, headers.get("cache-control"), await answer.text()]).toEqual([
      200,
      caching,
      "<p>app",
    ]);
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("access-control-allow-credentials")).toBeNull();
  }
});

test.each([
  ["missing.html", "missing.html"],
  ["index.html", undefined],
])("an archive without its default file %s is warned of: %p", async (default_file, warned) => {
  const file = join(temporaryFolder(), "a.zip");
  writeFileSync(file, zipSync({ "top/index.html": Buffer.from("<p>app") }));
  const options = { default_file, allow_cross_origin: false };
  const { get, logged } = await serve(file, { object_prefix: "top/", options });
  const facts = { archive: file, prefix: "top/", default_file: warned };
  expect(logged).toEqual(warned ? [["archive has no default file", facts]] : []);
  expect((await get("/some/route")).status).toBe(warned ? 404 : 200);
});
