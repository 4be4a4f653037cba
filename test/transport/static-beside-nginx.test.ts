/** The same requests to this program and to nginx, on the same folder. */

import { expect, test } from "bun:test";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  brotliCompressSync,
  brotliDecompressSync,
  gunzipSync,
  gzipSync,
  zstdDecompressSync,
} from "node:zlib";
import { afterTest } from "../support/cleanups.ts";
import { jsonAt } from "../support/json-service.ts";
import { quietContext } from "../support/quiet-context.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { anyPort, openTransport } from "../support/transports.ts";

const LONG = "a line of text\n".repeat(200);
const WRITTEN = new Date("2026-01-02T03:04:05Z");
const SAME = WRITTEN.toUTCString();
const BEFORE = new Date(WRITTEN.getTime() - 1000).toUTCString();

function site(): string {
  const root = join(temporaryFolder(), "web");
  mkdirSync(join(root, "sub"), { recursive: true });
  mkdirSync(join(root, "empty"));
  mkdirSync(join(root, ".well-known"));
  const files: [string, string | Buffer][] = [
    ["index.html", "<p>home"],
    ["sub/index.html", "<p>sub"],
    ["ten.txt", "0123456789"],
    ["long.txt", LONG],
    ["app.js", LONG],
    ["app.js.gz", gzipSync(LONG)],
    ["photo.png", LONG],
    ["empty.txt", ""],
    [".well-known/security.txt", "Contact: mailto:a@example.com"],
  ];
  for (const [name, content] of files) {
    writeFileSync(join(root, name), content);
    utimesSync(join(root, name), WRITTEN, WRITTEN);
  }
  return root;
}

async function startHere(root: string, options: object = {}): Promise<string> {
  const defaults = {
    enable_directory_listing: false,
    mime_types: {},
    cache_timeout: 60,
    default_file: null,
    allow_cross_origin: false,
  };
  const files = { type: "static" as const, directory: root, options: { ...defaults, ...options } };
  const paths = { "/": files, json: jsonAt(JSON.stringify(LONG)) };
  const config = { type: "web" as const, id: "transport", endpoint: anyPort, paths };
  return (await openTransport(config, undefined, quietContext)).url;
}

async function startNginx(root: string): Promise<string> {
  const folder = temporaryFolder();
  const reserved = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = reserved;
  reserved.stop(true);
  const file = join(folder, "nginx.conf");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error;
events {}
http {
  access_log off; ${temporary.join(" ")}
  types { text/html html; text/plain txt; text/javascript js; image/png png; }
  gzip on; gzip_types text/plain text/javascript; gzip_vary on; gzip_min_length 1024; gzip_static on;
  server {
    listen 127.0.0.1:${port}; root ${root}; absolute_redirect off; if_modified_since before;
    add_header Cache-Control "public, max-age=60";
  }
}`,
  );
  const child = Bun.spawn(["nginx", "-c", file, "-p", folder], { stderr: "ignore" });
  afterTest(async () => {
    child.kill();
    await child.exited;
  });
  const url = `http://127.0.0.1:${port}/`;
  while (child.exitCode === null && !(await fetch(url).catch(() => null))) await Bun.sleep(10);
  return url;
}

const COMPARED = [
  "content-type",
  "content-length",
  "content-range",
  "content-encoding",
  "cache-control",
  "last-modified",
  "accept-ranges",
  "location",
  "vary",
] as const;

type Asked = [method: string, path: string, headers?: Record<string, string>];

/** Both answer these alike: status, body and headers. */
const ALIKE: Asked[] = [
  ["GET", "/ten.txt"],
  ["HEAD", "/ten.txt"],
  ["GET", "/ten.txt?query"],
  ["GET", "/photo.png"],
  ["GET", "/empty.txt"],
  ["GET", "/"],
  ["HEAD", "/"],
  ["GET", "/sub/"],
  ["GET", "/.well-known/security.txt"],
  ["GET", "/missing"],
  ["HEAD", "/missing"],
  ["GET", "/ten.txt/"],
  ["GET", "/ten.txt/more"],
  ["GET", "/%"],
  ["GET", "/ten.txt", { "If-Modified-Since": SAME }],
  ["GET", "/ten.txt", { "If-Modified-Since": BEFORE }],
  ["GET", "/ten.txt", { "If-Modified-Since": "nonsense" }],
  ["GET", "/ten.txt", { "If-Modified-Since": SAME.replace(":04:", ":60:") }],
  ["GET", "/ten.txt", { "If-Unmodified-Since": SAME }],
  ["GET", "/ten.txt", { "If-Unmodified-Since": BEFORE }],
  ["GET", "/ten.txt", { "If-Match": '"other"' }],
  ["GET", "/ten.txt", { "If-Match": "*" }],
  ["GET", "/ten.txt", { "If-None-Match": "*" }],
  ["GET", "/ten.txt", { "If-None-Match": '"other"' }],
  ["GET", "/ten.txt", { "If-None-Match": '"other", *' }],
  ["GET", "/ten.txt", { "If-Match": '"other", *' }],
  ["GET", "/ten.txt", { "If-None-Match": '"other"', "If-Modified-Since": SAME }],
  ["GET", "/photo.png", { Range: "bytes=0-0" }],
  ["GET", "/photo.png", { Range: "bytes=5-" }],
  ["GET", "/photo.png", { Range: "bytes=-5" }],
  ["GET", "/photo.png", { Range: "bytes=9-99999" }],
  ["GET", "/photo.png", { Range: "bytes=99999-" }],
  ["GET", "/photo.png", { Range: "bytes=0-1,4-5" }],
  ["GET", "/photo.png", { Range: "bytes=0-,0-" }],
  ["GET", "/photo.png", { Range: "bytes=0-0,99999-" }],
  ["GET", "/photo.png", { Range: "bytes=-0" }],
  ["GET", "/empty.txt", { Range: "bytes=0-" }],
  ["GET", "/empty.txt", { Range: "bytes=-5" }],
  ["GET", "/photo.png", { Range: "bytes=0-1", "If-Range": SAME }],
  ["GET", "/photo.png", { Range: "bytes=0-1", "If-Range": BEFORE }],
  ["GET", "/photo.png", { Range: "bytes=0-1", "If-Range": '"other"' }],
  ["GET", "/app.js", { "Accept-Encoding": "gzip" }],
  ["GET", "/app.js", { "Accept-Encoding": "gzip;q=0" }],
  ["GET", "/photo.png", { "Accept-Encoding": "gzip" }],
  ["POST", "/ten.txt"],
  ["DELETE", "/ten.txt"],
];

async function ask(base: string, [method, path, headers = {}]: Asked) {
  const init = { method, headers: { "Accept-Encoding": "identity", ...headers } };
  const answer = await fetch(base + path.slice(1), {
    ...init,
    redirect: "manual",
    decompress: false,
  });
  const isFile = answer.status < 300 || answer.status === 304;
  const shown = Object.fromEntries(
    COMPARED.map((name) => [name, comparable(name, answer.headers)]),
  );
  const isParts = answer.headers.get("content-type")?.startsWith("multipart/");
  const body = Buffer.from(await answer.arrayBuffer()).toString("latin1");
  return { status: answer.status, ...(isFile && { ...shown, ...(!isParts && { body }) }) };
}

/** Of what may differ without a difference for a client: the character set, and the boundary of parts. */
function comparable(name: string, headers: Headers): string | null {
  const value = headers.get(name);
  if (name === "content-type") return value?.replace(/; *(charset|boundary)=.*/, "") ?? null;
  const isParts = headers.get("content-type")?.startsWith("multipart/");
  return isParts && name === "content-length" ? null : value;
}

/** Headers that a difference is known of: see docs/web-services.md. */
function withoutKnown<T extends object>(answer: T): Partial<T> {
  const { vary: _, "accept-ranges": __, ...others } = answer as Record<string, unknown>;
  return others as Partial<T>;
}

test.skipIf(Bun.which("nginx") === null)("46 requests are answered as by nginx", async () => {
  const root = site();
  const [here, nginx] = [await startHere(root), await startNginx(root)];
  expect(ALIKE.length).toBe(46);
  const differences = [];
  for (const asked of ALIKE) {
    const [one, other] = [await ask(here, asked), await ask(nginx, asked)].map(withoutKnown);
    if (!Bun.deepEquals(one, other)) differences.push({ asked, here: one, nginx: other });
  }
  expect(differences).toEqual([]);
});

const DECODE = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync };

test.each([
  ["br, gzip, zstd", "br"],
  ["gzip, zstd", "zstd"],
  ["gzip;q=0.9, br;q=0.5", "gzip"],
  ["x-gzip", "gzip"],
  ["*", "br"],
  ["identity, gzip;q=0.5", null],
  ["deflate", null],
] as const)("a text is compressed as %s asks for", async (accepted, coding) => {
  const base = await startHere(site());
  for (const _ of ["made", "kept"]) {
    const answer = await fetch(`${base}long.txt`, {
      headers: { "Accept-Encoding": accepted },
      decompress: false,
    });
    const { headers } = answer;
    expect([headers.get("content-encoding"), headers.get("vary")]).toEqual([
      coding,
      "Accept-Encoding",
    ]);
    const octets = Buffer.from(await answer.arrayBuffer());
    expect(headers.get("content-length")).toBe(String(octets.length));
    expect((coding === null ? octets : DECODE[coding](octets)).toString()).toBe(LONG);
    expect(headers.get("etag")?.endsWith(`-${coding}"`)).toBe(coding !== null);
  }
});

test("a copy beside a file is sent, unless it is older than the file", async () => {
  const root = site();
  writeFileSync(join(root, "app.js.br"), brotliCompressSync("of the copy"));
  const base = await startHere(root);
  const text = async (accepted: string) =>
    (await fetch(`${base}app.js`, { headers: { "Accept-Encoding": accepted } })).text();
  expect(await text("br, gzip")).toBe("of the copy");
  expect(await text("gzip")).toBe(LONG);
  utimesSync(join(root, "app.js.br"), WRITTEN, new Date(WRITTEN.getTime() - 10_000));
  utimesSync(join(root, "app.js"), WRITTEN, new Date(WRITTEN.getTime() + 1));
  expect(await text("br")).toBe(LONG);
});

test("a short text is sent as it is", async () => {
  const base = await startHere(site());
  const headers = { "Accept-Encoding": "br" };
  const answer = await fetch(`${base}ten.txt`, { headers, decompress: false });
  expect([answer.headers.get("content-encoding"), await answer.text()]).toEqual([
    null,
    "0123456789",
  ]);
});

test("OPTIONS tells the methods, and lets pages in only where that is configured", async () => {
  const root = site();
  const [open, closed] = [
    await startHere(root, { allow_cross_origin: true }),
    await startHere(root),
  ];
  const headers = {
    Origin: "https://page.example",
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "range",
  };
  const ask = async (base: string, method: string, path = "ten.txt") => {
    const answer = await fetch(base + path, { method, headers });
    const named = (name: string) => answer.headers.get(name);
    return [answer.status, named("allow"), ...CORS.map(named)];
  };
  const methods = "GET, HEAD, OPTIONS";
  expect(await ask(open, "OPTIONS")).toEqual([204, methods, "*", methods, "range", null]);
  expect(await ask(closed, "OPTIONS")).toEqual([204, methods, null, null, null, null]);
  expect(await ask(closed, "OPTIONS", "json")).toEqual([204, methods, "*", methods, "range", null]);
  for (const [path, status] of [
    ["ten.txt", 200],
    ["missing", 404],
    ["json", 200],
  ] as const) {
    expect(await ask(open, "GET", path)).toEqual([status, null, "*", null, null, null]);
  }
  expect(await ask(open, "POST")).toEqual([405, methods, "*", null, null, null]);
  expect(await ask(closed, "GET")).toEqual([200, null, null, null, null, null]);
});

const CORS = ["origin", "methods", "headers", "credentials"].map(
  (name) => `access-control-allow-${name}`,
);

test("the default file is asked for again by clients", async () => {
  const base = await startHere(site(), { default_file: "index.html" });
  const answer = await fetch(`${base}some/route`);
  expect([answer.status, answer.headers.get("cache-control"), await answer.text()]).toEqual([
    200,
    "no-cache",
    "<p>home",
  ]);
});
