/**
 * The thread for long messages: it handles one after the other.
 *
 * @module
 */

import { parentPort } from "node:worker_threads";
import { sentenceOf } from "#base/failure.ts";
import { handleLongMessage, type LongMessageTask, memoryOf } from "./long-message.ts";
import type { ThreadAnswer } from "./long-messages.ts";

parentPort?.on("message", (task: LongMessageTask) => {
  try {
    const result = handleLongMessage(task);
    parentPort?.postMessage(result satisfies ThreadAnswer, memoryOf(result));
  } catch (thrown) {
    // A fault of the program at one message must not reach the others.
    const answer: ThreadAnswer = { kind: "failed", sentence: sentenceOf(thrown) };
    parentPort?.postMessage(answer);
  }
  // Here nothing waits for the collection, and a long message leaves several times its length behind.
  setImmediate(Bun.gc, true);
});
