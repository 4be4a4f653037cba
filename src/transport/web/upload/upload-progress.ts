/**
 * publishProgress: publishes how far an upload is, in Crossbar's form, on the topic that its client names.
 *
 *     started    before the first chunk counts
 *     progress   after every chunk
 *     finished   once the whole file is in its place
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { UploadServiceConfig } from "#config/web-service/upload-config.ts";
import type { Logger } from "#observe/logger.ts";
import { requestWithin } from "#transport/web/bridge/answer-timeout.ts";
import type { WampCaller } from "#wamp/wamp-caller.ts";
import type { Chunk, ProgressFields } from "./upload-fields.ts";
import type { StoredChunk } from "./upload-store.ts";

/** Time for the router to acknowledge an event; the client waits for its answer meanwhile. */
const PUBLISH_TIMEOUT_MS = 5_000;

/** What publishes the events of a path. */
export interface ProgressPublisher {
  config: UploadServiceConfig;
  caller: WampCaller;
  log: Logger;
}

/** Publishes what a stored chunk has done; what cannot be published is logged, and the upload goes on. */
export async function publishProgress(
  publisher: ProgressPublisher,
  fields: ProgressFields,
  chunk: Chunk,
  stored: StoredChunk,
): Promise<void> {
  for (const event of eventsOf(fields, chunk, stored)) {
    if (!(await publish(publisher, fields, event))) return;
  }
}

/** The events, as JSON. */
function eventsOf(fields: ProgressFields, chunk: Chunk, stored: StoredChunk): string[] {
  const { totalSize, totalChunks } = chunk;
  const events: string[] = [];
  const add = (status: string, received: number, more = "") =>
    events.push(eventOf({ status, received, more }, fields, chunk));
  if (stored.isFirst) add("started", 0);
  if (totalChunks > 1) add("progress", stored.received);
  if (stored.isFinished) add("finished", totalSize, `,"finish_extra":${fields.finishExtra}`);
  return events;
}

function eventOf(
  { status, received, more }: { status: string; received: number; more: string },
  { chunkExtra }: ProgressFields,
  { name, number, totalSize }: Chunk,
): string {
  const part = totalSize === 0 ? Number(status !== "started") : received / totalSize;
  const facts = { id: name, chunk: number, name, total: totalSize };
  const rounded = Math.round(part * 1000) / 1000;
  // A float, as in Crossbar, even where it is whole.
  const progress = Number.isInteger(rounded) ? rounded.toFixed(1) : String(rounded);
  const start = JSON.stringify({ ...facts, remaining: totalSize - received, status }).slice(0, -1);
  return `${start},"progress":${progress},"chunk_extra":${chunkExtra}${more}}`;
}

/** Gives whether it is published. */
async function publish(
  { config, caller, log }: ProgressPublisher,
  { topic, session }: ProgressFields,
  event: string,
): Promise<boolean> {
  const { realm, role } = config;
  const eligible = session === null ? {} : { eligible: [session] };
  const options = { acknowledge: true, ...eligible };
  const payload = { serializer: "json" as const, items: [Buffer.from(`[${event}]`)] };
  const request = { kind: "publish" as const, realm, role, uri: topic, options, payload };
  try {
    const answer = await requestWithin(PUBLISH_TIMEOUT_MS, caller, request, null);
    if (answer.kind !== "error") return true;
    log.warn("progress not published", { topic, realm, authrole: role, reason: answer.uri });
  } catch (thrown) {
    const reason = sentenceOf(thrown);
    log.warn("progress not published", { topic, realm, authrole: role, reason });
  }
  return false;
}
