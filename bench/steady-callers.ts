/**
 * Sessions that call steadily while something is done to their node: how many calls and sessions that has cost, and how
 * long an answer took at most.
 *
 * @module
 */

import { decodeMessage } from "#wamp/serializer/message-values.ts";
import { encode, type Frame, join } from "./clients.ts";

const PROCEDURE = "com.example.echo";

/** From an answer to the next call of the same session. */
const PAUSE_MS = 500;

/** Time for the last answers. */
const LAST_ANSWERS_MS = 5_000;

/** What has happened to the sessions. */
export interface SteadyCounts {
  answered: number;
  /** Calls that got an error, or no answer. */
  lostCalls: number;
  lostSessions: number;
  /** Sessions that got GOODBYE, and joined again. */
  movedSessions: number;
  slowestMs: number;
}

const read = (frame: Frame) => decodeMessage(Buffer.from(frame), "json");

/** A callee, and the sessions that call it. */
export class SteadyCallers {
  #counts = noCounts();
  #waiting = 0;
  #calls = 0;
  /** Calls that the callee has got, by the number in their arguments, until they are answered. */
  readonly #performed = new Set<number>();
  #isStopping = false;
  readonly #sockets: WebSocket[] = [];

  /** Joins them at the URL, and the callee at another one. */
  static async start(url: string, count: number, calleeUrl = url): Promise<SteadyCallers> {
    const callers = new SteadyCallers();
    await callers.#startCallee(calleeUrl);
    for (let index = 0; index < count; index++) await callers.#startCaller(url);
    return callers;
  }

  /** What has happened since this was called before. */
  take(): SteadyCounts {
    const counts = this.#counts;
    this.#counts = noCounts();
    return counts;
  }

  /** Ends the sessions when the last answers have come; calls without one are lost. */
  async stop(): Promise<SteadyCounts> {
    this.#isStopping = true;
    const deadline = performance.now() + LAST_ANSWERS_MS;
    while (this.#waiting > 0 && performance.now() < deadline) await Bun.sleep(10);
    for (const socket of this.#sockets) {
      socket.onclose = null;
      socket.close();
    }
    this.#counts.lostCalls += this.#waiting;
    return this.take();
  }

  async #startCallee(url: string): Promise<void> {
    const registered = Promise.withResolvers<void>();
    const callee = await join(url, "json", (frame) => {
      const [type, id, , , args] = read(frame);
      if (type === 65) registered.resolve();
      if (type !== 68) return;
      this.#performed.add((args as number[])[0] ?? 0);
      callee.send(encode([70, id, {}, args], "json"));
    });
    this.#keep(callee);
    callee.send(encode([64, 1, {}, PROCEDURE], "json"));
    await registered.promise;
  }

  async #startCaller(url: string): Promise<void> {
    let request = 0;
    let calledAt = 0;
    let waitsFor: number | null = null;
    const call = () => {
      if (this.#isStopping) return;
      request += 1;
      calledAt = performance.now();
      this.#waiting += 1;
      waitsFor = ++this.#calls;
      caller.send(encode([48, request, {}, PROCEDURE, [waitsFor]], "json"));
    };
    const caller = await join(url, "json", (frame) => {
      const [type] = read(frame);
      if (waitsFor !== null) this.#waiting -= 1;
      const wasPerformed = waitsFor !== null && this.#performed.delete(waitsFor);
      waitsFor = null;
      if (type === 6) {
        // A call that crosses with GOODBYE is not performed, and not lost.
        if (wasPerformed) this.#counts.lostCalls += 1;
        clearTimeout(timer);
        this.#move(caller, url);
        return;
      }
      if (type === 50) this.#counts.answered += 1;
      else this.#counts.lostCalls += 1;
      this.#counts.slowestMs = Math.max(this.#counts.slowestMs, performance.now() - calledAt);
      timer = setTimeout(call, PAUSE_MS);
    });
    this.#keep(caller);
    let timer = setTimeout(call, Math.random() * PAUSE_MS);
  }

  /** A session is let go, and joins again. */
  #move(caller: WebSocket, url: string): void {
    caller.onclose = null;
    caller.send(encode([6, {}, "wamp.close.goodbye_and_out"], "json"));
    caller.close();
    this.#startCaller(url).then(
      () => {
        this.#counts.movedSessions += 1;
      },
      () => {
        this.#counts.lostSessions += 1;
      },
    );
  }

  #keep(socket: WebSocket): void {
    this.#sockets.push(socket);
    socket.onclose = () => {
      this.#counts.lostSessions += 1;
    };
  }
}

function noCounts(): SteadyCounts {
  return { answered: 0, lostCalls: 0, lostSessions: 0, movedSessions: 0, slowestMs: 0 };
}
