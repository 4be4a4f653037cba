/**
 * Long messages are transcoded in a thread of their own: at 16 MiB that takes up to a second, for which all
 * other sessions would have to wait.
 *
 * The thread is started at the first long message and ends when there was none for a while. Messages that
 * wait for it count as message memory, which the transports limit.
 *
 * @module
 */

import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { sentenceOf } from "#base/failure.ts";
import { holdMessageMemory } from "#base/message-memory.ts";
import type { WireMessage } from "#wamp/peer.ts";
import { handleLongMessage, type LongMessageResult, type LongMessageTask } from "./long-message.ts";

/** A message that is longer is transcoded in the thread. */
export const LONG_MESSAGE_OCTETS = 256 * 1024;

const IDLE_MS = 30_000;

/** In the executable, Bun's virtual folder holds the thread's module, which is built with it. */
const MODULE = import.meta.dir.startsWith("/$bunfs")
  ? "/$bunfs/root/proxy/relay/long-message-thread.js"
  : join(import.meta.dir, "long-message-thread.ts");

interface PendingTask {
  octets: number;
  resolve(result: LongMessageResult): void;
  reject(error: Error): void;
}

/** The thread of one process, and the messages that it has not handled. */
class LongMessages {
  #thread: Worker | undefined;
  /** In the order in which the thread answers. */
  #pending: PendingTask[] = [];
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  #isBroken = false;

  /** Handles a message, which is borrowed. Rejects when the thread fails. */
  handle(task: LongMessageTask): Promise<LongMessageResult> {
    // Without a thread a long message holds up the others, but arrives.
    if (this.#isBroken) return Promise.resolve(handleLongMessage(task));
    const { promise, resolve, reject } = Promise.withResolvers<LongMessageResult>();
    const thread = this.#running();
    const octets = task.message.length;
    holdMessageMemory(octets);
    this.#pending.push({ octets, resolve, reject });
    const message = ownedCopy(task.message);
    const transfer = typeof message === "string" ? [] : [message.buffer];
    thread.postMessage({ ...task, message }, transfer);
    return promise;
  }

  #running(): Worker {
    clearTimeout(this.#idleTimer);
    if (this.#thread !== undefined) return this.#thread;
    const thread = new Worker(MODULE);
    // A node that shuts down does not wait for the thread.
    thread.unref();
    thread.on("message", (result: LongMessageResult) => this.#finished(result));
    thread.on("error", (error) => this.#failed(sentenceOf(error)));
    this.#thread = thread;
    return thread;
  }

  #finished(result: LongMessageResult): void {
    const task = this.#pending.shift();
    if (task === undefined) return;
    holdMessageMemory(-task.octets);
    task.resolve(result);
    if (this.#pending.length > 0) return;
    this.#idleTimer = setTimeout(() => this.#end(), IDLE_MS);
    this.#idleTimer.unref();
  }

  #failed(state: string): void {
    this.#isBroken = true;
    this.#end();
    for (const task of this.#pending.splice(0)) {
      holdMessageMemory(-task.octets);
      task.reject(new Error(`Cannot transcode a long message: its thread failed: ${state}`));
    }
  }

  #end(): void {
    void this.#thread?.terminate();
    this.#thread = undefined;
  }
}

/** The thread of this process. */
export const longMessages = new LongMessages();

function ownedCopy(message: WireMessage): string | Uint8Array<ArrayBuffer> {
  return typeof message === "string" ? message : new Uint8Array(message);
}
