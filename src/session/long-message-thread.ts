/**
 * The thread for long messages: it handles one after the other.
 *
 * @module
 */

import { parentPort } from "node:worker_threads";
import { sentenceOf } from "#base/failure.ts";
import { releaseLongMemory } from "#wamp/transcode/wasm-transcoder.ts";
import { handleLongMessage, type LongMessageTask, memoryOf } from "./long-message.ts";
import type { ThreadAnswer } from "./long-messages.ts";

parentPort?.on("message", (task: LongMessageTask) => {
  // The answer may take the memory of the message with it.
  const { length } = task.message;
  try {
    const result = handleLongMessage(task);
    parentPort?.postMessage(result satisfies ThreadAnswer, memoryOf(result));
  } catch (thrown) {
    // A fault of the program at one message must not reach the others.
    const answer: ThreadAnswer = { kind: "failed", sentence: sentenceOf(thrown) };
    parentPort?.postMessage(answer);
  }
  collectLater(length);
});

/**
 * A long message leaves several times its length behind. A collection takes about as long as a message of 1 MB, so
 * there is one for several of these, or when none has come for a while.
 */
const COLLECTED_OCTETS = 8 * 1024 * 1024;
const COLLECTED_MS = 500;

/** Octets that were handled since the last collection. */
let handledOctets = 0;
let idleTimer: ReturnType<typeof setTimeout> | undefined;

function collectLater(octets: number): void {
  handledOctets += octets;
  clearTimeout(idleTimer);
  idleTimer = setTimeout(rest, COLLECTED_MS);
  // After the answer, for which the other thread waits.
  if (handledOctets >= COLLECTED_OCTETS) setImmediate(collect);
}

function rest(): void {
  releaseLongMemory();
  collect();
}

function collect(): void {
  handledOctets = 0;
  Bun.gc(true);
}
