/**
 * The thread for long messages: it handles one after the other.
 *
 * @module
 */

import { parentPort } from "node:worker_threads";
import { handleLongMessage, type LongMessageTask, memoryOf } from "./long-message.ts";

parentPort?.on("message", (task: LongMessageTask) => {
  const result = handleLongMessage(task);
  parentPort?.postMessage(result, memoryOf(result));
  // Here nothing waits for the collection, and a long message leaves several times its length behind.
  setImmediate(Bun.gc, true);
});
