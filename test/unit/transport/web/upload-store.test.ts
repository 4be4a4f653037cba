/** Chunks of uploads in the file system, as several workers share them, and the removal of stale ones. */

import { describe, expect, test } from "bun:test";
import {
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ChunkForm } from "#transport/web/upload/chunk-form.ts";
import { StaleUploads } from "#transport/web/upload/stale-uploads.ts";
import type { Chunk } from "#transport/web/upload/upload-fields.ts";
import { UploadStore } from "#transport/web/upload/upload-store.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { keptLog } from "../../../support/kept-log.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { uploadConfig } from "../../../support/upload-path.ts";

const CLIENT = "192.0.2.7";

/** A chunk of a file of two, with five octets each. */
const chunkOf = (number: number, changes: Partial<Chunk> = {}): Chunk => ({
  name: "a.csv",
  totalSize: 10,
  chunkSize: 5,
  totalChunks: 2,
  identifier: "",
  number,
  ...changes,
});

function storeOf(options = {}) {
  const config = uploadConfig(options);
  const store = new UploadStore(config);
  const put = async (chunk: Chunk, client = CLIENT, text = "12345", by = store) => {
    const part = await by.createPart();
    await part.write(Buffer.from(text));
    return await by.store(chunk, part, client);
  };
  const incomplete = () => readdirSync(config.temp_directory).sort();
  return { config, store, put, incomplete };
}

describe("a store", () => {
  test("tells of each chunk what it has done", async () => {
    const { put } = storeOf();
    const three = (number: number) => chunkOf(number, { totalSize: 17, totalChunks: 3 });
    const text = "1234567";
    expect(await put(three(3), CLIENT, text)).toEqual({
      isFirst: true,
      received: 7,
      isFinished: false,
    });
    expect(await put(three(1))).toEqual({ isFirst: false, received: 12, isFinished: false });
    expect(await put(three(1))).toEqual({ isFirst: false, received: 12, isFinished: false });
    expect(await put(three(2))).toEqual({ isFirst: false, received: 17, isFinished: true });
    const one = chunkOf(1, { totalChunks: 1, totalSize: 5 });
    expect(await put(one)).toEqual({ isFirst: true, received: 5, isFinished: true });
  });

  test("gives files the permissions of the system where none are configured", async () => {
    const { config, put } = storeOf();
    await put(chunkOf(1, { totalChunks: 1, totalSize: 5 }));
    writeFileSync(join(config.directory, "usual"), "");
    const modeOf = (name: string) => statSync(join(config.directory, name)).mode;
    expect(modeOf("a.csv")).toBe(modeOf("usual"));
    expect(statSync(config.temp_directory).mode & 0o777).toBe(0o700);
  });

  test("gives files, of one chunk or several, the permissions that are configured", async () => {
    const { config, put } = storeOf({ file_permissions: 0o604 });
    await put(chunkOf(1, { name: "one", totalChunks: 1, totalSize: 5 }));
    for (const number of [1, 2]) await put(chunkOf(number, { name: "two" }));
    for (const name of ["one", "two"]) {
      expect(statSync(join(config.directory, name)).mode & 0o777).toBe(0o604);
    }
  });

  test("does not replace a directory", async () => {
    const { config, put, incomplete } = storeOf();
    mkdirSync(join(config.directory, "a.csv"));
    const one = chunkOf(1, { totalChunks: 1, totalSize: 5 });
    await expect(put(one)).rejects.toMatchObject({ status: 409 });
    expect(incomplete()).toEqual([]);
  });

  test("has its chunks as before when it cannot put a file together, and asks for the last", async () => {
    const { config, store, put, incomplete } = storeOf();
    rmdirSync(config.directory);
    await put(chunkOf(1));
    const before = incomplete();
    await expect(put(chunkOf(2))).rejects.toMatchObject({ code: "ENOENT" });
    expect(incomplete()).toEqual(before);
    expect([await store.hasChunk(chunkOf(1)), await store.hasChunk(chunkOf(2))]).toEqual([
      true,
      false,
    ]);
    mkdirSync(config.directory);
    expect(await put(chunkOf(2))).toEqual({ isFirst: false, received: 10, isFinished: true });
    expect(incomplete()).toEqual([]);
  });

  test("puts a file together once, where two workers have its last chunks", async () => {
    for (let round = 0; round < 20; round += 1) {
      const { config, put, incomplete } = storeOf();
      const other = new UploadStore(config);
      const stored = await Promise.all([
        put(chunkOf(1), CLIENT, "12345"),
        put(chunkOf(2), CLIENT, "67890", other),
      ]);
      expect(stored.filter(({ isFinished }) => isFinished)).toHaveLength(1);
      expect(stored.filter(({ isFirst }) => isFirst)).toHaveLength(1);
      expect(readFileSync(join(config.directory, "a.csv"), "utf8")).toBe("1234567890");
      expect(incomplete()).toEqual([]);
    }
  });

  test.each([
    ["name", { name: "b.csv" }],
    ["size", { totalSize: 11 }],
    ["size of chunks", { chunkSize: 6 }],
    ["number of chunks", { totalChunks: 3, totalSize: 15 }],
    ["identifier", { identifier: "c" }],
  ])("has another upload for another %s", async (_what, changes) => {
    const { store, put, incomplete } = storeOf();
    await put(chunkOf(1));
    expect(await store.hasChunk(chunkOf(1))).toBe(true);
    expect(await store.hasChunk(chunkOf(1, changes))).toBe(false);
    await put(chunkOf(1, changes));
    expect(incomplete()).toHaveLength(2);
  });

  test("never counts less than the chunk itself, whoever puts the file together", async () => {
    const { put } = storeOf();
    for (let round = 0; round < 100; round += 1) {
      const name = `${round}.csv`;
      const chunks = [1, 2].map((number) => put(chunkOf(number, { name })));
      for (const { received } of await Promise.all(chunks)) expect(received).toBeGreaterThan(0);
    }
  });

  test("lets another client go on a minute after the last chunk of the first", async () => {
    const { config, put, incomplete } = storeOf();
    const three = (number: number) => chunkOf(number, { totalSize: 15, totalChunks: 3 });
    await put(three(1));
    const link = join(config.temp_directory, incomplete()[0] ?? "", "client");
    const wait = (seconds: number) => {
      const at = Date.now() / 1000 - seconds;
      lutimesSync(link, at, at);
    };
    wait(58);
    await expect(put(three(2), "192.0.2.8")).rejects.toMatchObject({ status: 409 });
    wait(100);
    await put(three(1));
    await expect(put(three(2), "192.0.2.8")).rejects.toMatchObject({ status: 409 });
    wait(61);
    await put(three(2), "192.0.2.8");
    expect(readlinkSync(link)).toBe("192.0.2.8");
    await expect(put(three(3))).rejects.toMatchObject({ status: 409 });
    expect(incomplete()).toHaveLength(1);
  });

  test("has 1000 incomplete uploads at most, among whatever else is there", async () => {
    const { config, put, incomplete } = storeOf();
    mkdirSync(config.temp_directory);
    for (let count = 0; count < 999; count += 1) {
      const name = count.toString(16).padStart(64, "0");
      const isTaken = count % 2 === 0;
      mkdirSync(join(config.temp_directory, isTaken ? name : `${name}.${crypto.randomUUID()}`));
    }
    for (const name of ["notes.txt", `part-${crypto.randomUUID()}`]) {
      writeFileSync(join(config.temp_directory, name), "");
    }
    await put(chunkOf(1));
    const before = incomplete();
    await expect(put(chunkOf(1, { name: "b.csv" }))).rejects.toMatchObject({ status: 503 });
    expect(incomplete()).toEqual(before);
    await put(chunkOf(1, { name: "c.csv", totalChunks: 1, totalSize: 5 }));
    expect((await put(chunkOf(2))).isFinished).toBe(true);
    await put(chunkOf(1, { name: "b.csv" }));
  });
});

test("a chunk that is taken out of its form stays when the form is discarded", async () => {
  const { config, store } = storeOf();
  const form = new ChunkForm({ config, store });
  const octets = async function* () {
    yield Buffer.from("12345");
  };
  await form.takePart("file", octets());
  const part = form.takePartOf(chunkOf(1));
  await form.discard();
  await store.store(chunkOf(1), part, CLIENT);
  expect(await store.hasChunk(chunkOf(1))).toBe(true);
});

describe("stale uploads", () => {
  const HOURS_24 = 24 * 3600;
  const nameOf = (digit: number) => digit.toString(16).padStart(64, "0");

  /** A folder with uploads that were begun so many seconds ago. */
  function staleOf(ages: Record<string, number>) {
    const folder = temporaryFolder();
    const { log, logged } = keptLog("info", "warn");
    const add = (name: string, seconds: number) => {
      const path = join(folder, name);
      if (name.startsWith("part-")) writeFileSync(path, "");
      else mkdirSync(path);
      const at = Date.now() / 1000 - seconds;
      utimesSync(path, at, at);
    };
    for (const [name, seconds] of Object.entries(ages)) add(name, seconds);
    const left = () => readdirSync(folder).sort();
    return { folder, add, left, logged, stale: new StaleUploads(folder, log) };
  }

  test("are those without a chunk for 24 hours", async () => {
    fakeTime();
    const part = `part-${crypto.randomUUID()}`;
    const { stale, left, logged } = staleOf({
      [nameOf(1)]: HOURS_24 + 1,
      [nameOf(2)]: HOURS_24 - 1,
      [`${nameOf(3)}.${crypto.randomUUID()}`]: HOURS_24 + 1,
      [part]: HOURS_24 + 1,
      [`${part}.csv`]: HOURS_24 + 1,
      [`${nameOf(4)}5`]: HOURS_24 + 1,
    });
    await stale.remove();
    expect(left()).toEqual([nameOf(2), `${nameOf(4)}5`, `${part}.csv`].sort());
    expect(logged).toEqual([["stale uploads removed", { count: 3 }]]);
  });

  test("are looked for once a minute", async () => {
    const pass = fakeTime();
    const { stale, add, left } = staleOf({});
    await stale.remove();
    add(nameOf(1), HOURS_24 + 1);
    pass(59_999);
    await stale.remove();
    expect(left()).toHaveLength(1);
    pass(1);
    await stale.remove();
    expect(left()).toEqual([]);
  });

  test("are removed 1000 at a time", async () => {
    const pass = fakeTime();
    const names = Array.from({ length: 1001 }, (_, at) => [nameOf(at), HOURS_24 + 1]);
    const { stale, left, logged } = staleOf(Object.fromEntries(names));
    await stale.remove();
    expect(left()).toHaveLength(1);
    pass(60_000);
    await stale.remove();
    expect(left()).toEqual([]);
    expect(logged.map(([, fields]) => fields?.["count"])).toEqual([1000, 1]);
  });

  test("do not matter where there is no folder, and are reported where it cannot be read", async () => {
    const { log, logged } = keptLog("info", "warn");
    const folder = temporaryFolder({ file: "" });
    await new StaleUploads(join(folder, "none"), log).remove();
    expect(logged).toEqual([]);
    await new StaleUploads(join(folder, "file"), log).remove();
    const reason = expect.any(String);
    expect(logged).toEqual([["stale uploads not removed", { reason }]]);
  });

  test("are removed with what links in them lead to left as it is", async () => {
    fakeTime();
    const outside = temporaryFolder({ file: "kept" });
    const { folder, stale, left } = staleOf({});
    symlinkSync(outside, join(folder, nameOf(1)));
    const at = Date.now() / 1000 - HOURS_24 - 1;
    lutimesSync(join(folder, nameOf(1)), at, at);
    await stale.remove();
    expect([left(), readdirSync(outside)]).toEqual([[], ["file"]]);
  });
});
