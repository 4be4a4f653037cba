/**
 * Long messages are read and transcoded in a thread of their own: at 16 MiB that takes up to a second, for
 * which all other sessions would have to wait.
 *
 * The thread is started at the first long message and ends when there was none for a while. Messages that
 * wait for it count as message memory, which the transports limit.
 *
 * @module
 */

import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { EMBEDDED_FOLDER } from "#base/embedded-folder.ts";
import { sentenceOf } from "#base/failure.ts";
import { holdMessageMemory } from "#base/message-memory.ts";
import { takeOctets } from "#base/octet-ownership.ts";
import {
  type ForwardResult,
  type ForwardTask,
  handleLongMessage,
  type LongMessageResult,
  type LongMessageTask,
  type SliceResult,
  type SliceTask,
} from "./long-message.ts";

/** A message that is longer is handled in the thread. */
export const LONG_MESSAGE_OCTETS = 256 * 1024;

const IDLE_MS = 30_000;

/** The executable has the thread's module, which is built with it, in its folder. */
const MODULE =
  EMBEDDED_FOLDER === undefined
    ? join(import.meta.dir, "long-message-thread.ts")
    : `${EMBEDDED_FOLDER}/session/long-message-thread.js`;

/** What the thread answers: the result, or that a fault of the program has prevented it. */
export type ThreadAnswer = LongMessageResult | { kind: "failed"; sentence: string };

interface PendingTask {
  octets: number;
  resolve(result: LongMessageResult): void;
  reject(error: Error): void;
}

/** A thread, and the messages that it has not handled. A process needs one: `longMessages`. */
export class LongMessages {
  readonly #module: string;
  #thread: Worker | undefined;
  /** In the order in which the thread answers. */
  #pending: PendingTask[] = [];
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  /** The thread cannot run: it ended before its first answer. */
  #isBroken = false;
  #hasAnswered = false;

  /** The module that the thread runs. */
  constructor(module = MODULE) {
    this.#module = module;
  }

  /** Transcodes a message, which is borrowed unless it was given. Rejects at a fault of the program. */
  forward(task: ForwardTask): Promise<ForwardResult> {
    return this.#handle(task) as Promise<ForwardResult>;
  }

  /** Slices a message, which is borrowed unless it was given. Rejects at a fault of the program. */
  slice(task: SliceTask): Promise<SliceResult> {
    return this.#handle(task) as Promise<SliceResult>;
  }

  #handle(task: LongMessageTask): Promise<LongMessageResult> {
    const octets = task.message.length;
    const message = takeOctets(task.message);
    // Without a thread a long message holds up the others, but arrives.
    if (this.#isBroken) return Promise.resolve(handleLongMessage({ ...task, message }));
    const { promise, resolve, reject } = Promise.withResolvers<LongMessageResult>();
    const thread = this.#running();
    holdMessageMemory(octets);
    this.#pending.push({ octets, resolve, reject });
    thread.postMessage({ ...task, message }, [message.buffer]);
    return promise;
  }

  #running(): Worker {
    clearTimeout(this.#idleTimer);
    if (this.#thread !== undefined) return this.#thread;
    const thread = new Worker(this.#module);
    // A node that shuts down does not wait for the thread.
    thread.unref();
    thread.on("message", (answer: ThreadAnswer) => this.#finished(answer));
    thread.on("error", (error) => this.#failed(sentenceOf(error)));
    this.#thread = thread;
    return thread;
  }

  #finished(answer: ThreadAnswer): void {
    this.#hasAnswered = true;
    const task = this.#pending.shift();
    if (task === undefined) return;
    holdMessageMemory(-task.octets);
    if (answer.kind === "failed") task.reject(failure(answer.sentence));
    else task.resolve(answer);
    if (this.#pending.length > 0) return;
    this.#idleTimer = setTimeout(() => this.#end(), IDLE_MS);
    this.#idleTimer.unref();
  }

  #failed(state: string): void {
    this.#isBroken = !this.#hasAnswered;
    this.#end();
    for (const task of this.#pending.splice(0)) {
      holdMessageMemory(-task.octets);
      task.reject(failure(`its thread failed: ${state}`));
    }
  }

  #end(): void {
    void this.#thread?.terminate();
    this.#thread = undefined;
  }
}

function failure(state: string): Error {
  return new Error(`Cannot handle a long message: ${state}`);
}

/** The thread of this process. */
export const longMessages = new LongMessages();
