import { expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import { openStatic } from "#transport/web/services/static.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

/** A folder with these files, which were written just now. */
function folderWith(files: Record<string, string>) {
  const pass = fakeTime();
  const directory = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, ".."), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  const service = openStatic({
    type: "static",
    directory,
    options: {
      enable_directory_listing: false,
      mime_types: {},
      cache_timeout: null,
      default_file: null,
      allow_cross_origin: false,
    },
  });
  const ask = (path: string, headers: Record<string, string> = {}): HttpAnswer => {
    const answer = service.handle(
      {
        method: "GET",
        url: { pathname: `/${path}`, search: "" },
        headers: new Headers(headers),
        isHttp10: false,
        framing: { kind: "length", octets: 0 },
      },
      path,
    );
    if (answer instanceof Promise) throw new Error("Cannot ask: the answer comes later");
    return answer;
  };
  return { pass, ask, at: (name: string) => join(directory, name) };
}

/** Longer than a file has to be unchanged to be kept. */
const SETTLED_MS = 3000;

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
