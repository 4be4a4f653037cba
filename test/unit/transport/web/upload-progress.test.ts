/** The events of uploads, as JSON. */

import { expect, test } from "bun:test";
import type { Chunk } from "#transport/web/upload/upload-fields.ts";
import { publishProgress } from "#transport/web/upload/upload-progress.ts";
import type { StoredChunk } from "#transport/web/upload/upload-store.ts";
import { keptLog } from "../../../support/kept-log.ts";
import { quiet } from "../../../support/quiet-context.ts";
import { SilentCaller } from "../../../support/silent-caller.ts";
import { uploadConfig } from "../../../support/upload-path.ts";

const chunk: Chunk = {
  name: "a.csv",
  totalSize: 30,
  chunkSize: 10,
  totalChunks: 3,
  identifier: "",
  number: 1,
};
const stored: StoredChunk = { isFirst: false, received: 10, isFinished: false };
const fields = { topic: "a.b", session: null, chunkExtra: "[1.0]", finishExtra: '"end"' };

/** The requests with which a stored chunk is published. */
async function published(one: Partial<Chunk>, what: Partial<StoredChunk>, session?: number) {
  const caller = new SilentCaller();
  const answers = { config: uploadConfig(), caller, log: quiet };
  const chosen = { ...fields, session: session ?? null };
  const all = publishProgress(answers, chosen, { ...chunk, ...one }, { ...stored, ...what });
  let isOver = false;
  void all.then(() => {
    isOver = true;
  });
  for (let count = 1; !isOver; count += 1) {
    await Promise.race([all, caller.until(count)]);
    caller.answer({ kind: "published", publication: count });
  }
  return caller.asked;
}

const textOf = (items: readonly Uint8Array[]) => Buffer.from(items[0] ?? []).toString();
const START = '[{"id":"a.csv","chunk":1,"name":"a.csv","total":';

test.each([
  ["a third", {}, {}, ['30,"remaining":20,"status":"progress","progress":0.333']],
  ["all", {}, { received: 30 }, ['30,"remaining":0,"status":"progress","progress":1.0']],
  [
    "the first chunk",
    { totalSize: 10_001, chunkSize: 10_000, totalChunks: 2 },
    { isFirst: true, received: 10_000 },
    [
      '10001,"remaining":10001,"status":"started","progress":0.0',
      '10001,"remaining":1,"status":"progress","progress":1.0',
    ],
  ],
  [
    "a file without octets",
    { totalSize: 0, totalChunks: 1 },
    { isFirst: true, received: 0, isFinished: true },
    [
      '0,"remaining":0,"status":"started","progress":0.0',
      '0,"remaining":0,"status":"finished","progress":1.0',
    ],
  ],
])("of %s", async (_what, one, what, events) => {
  const asked = await published(one, what);
  const end = (event: string) => (event.includes("finished") ? ',"finish_extra":"end"' : "");
  expect(asked.map(({ payload }) => textOf(payload.items))).toEqual(
    events.map((event) => `${START}${event},"chunk_extra":[1.0]${end(event)}}]`),
  );
});

test("is published for the role of the path, and for one session where it is named", async () => {
  const asked = await published({}, {}, 7);
  const { signal: _, payload, ...request } = asked[0] ?? { signal: 0, payload: undefined };
  expect(payload?.serializer).toBe("json");
  expect(request as object).toEqual({
    kind: "publish",
    realm: "realm1",
    role: "anonymous",
    uri: "a.b",
    options: { acknowledge: true, eligible: [7] },
  });
  expect((await published({}, {}))[0]?.options).toEqual({ acknowledge: true });
});

test("that the router refuses is logged, and what follows of the request is left out", async () => {
  const caller = new SilentCaller();
  const { log, logged } = keptLog("warn");
  const answers = { config: uploadConfig(), caller, log };
  const all = publishProgress(answers, fields, chunk, { ...stored, isFirst: true });
  await caller.until(1);
  const payload = { serializer: "json" as const, items: [] };
  caller.answer({ kind: "error", uri: "wamp.error.not_authorized", payload });
  await all;
  expect(caller.asked).toHaveLength(1);
  const where = { topic: "a.b", realm: "realm1", authrole: "anonymous" };
  expect(logged).toEqual([
    ["progress not published", { ...where, reason: "wamp.error.not_authorized" }],
  ]);
});
