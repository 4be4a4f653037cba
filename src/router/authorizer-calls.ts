/**
 * AuthorizerCalls: the calls of one authorizer on a realm, so paced that a client cannot have it cut off as one that does
 * not read what it is sent: a short request may make a long question, with the client's `authextra`.
 *
 * A question whose turn has not come waits. Sessions take turns, so that the questions about one do not keep those about
 * the others waiting. A question that has been asked counts until it is answered, even if nobody needs the answer any
 * more: it may be on its way still, and a client could ask others in its place at any rate.
 *
 * @module
 */

import { abortable } from "#base/abortable.ts";
import type { OutgoingRequests } from "#session/outgoing-requests.ts";
import type { Payload } from "#wamp/transcode/payload-slice.ts";
import { payloadOf } from "./outgoing.ts";

/**
 * Most octets of questions without an answer, in CBOR. In JSON a character may take six times as many, and a client is
 * cut off for which 16 MiB wait.
 */
const MOST_OCTETS = 2 * 1024 * 1024;

/** Most octets of those about one session. */
const SESSION_OCTETS = 256 * 1024;

/** A question without an answer counts no longer than this: its authorizer has had every time that can be configured. */
const LONGEST_ANSWER_MS = 60_000;

/** One question. */
export interface AuthorizerCall {
  /** The id of the session that it is about. */
  session: number;
  args: readonly unknown[];
  /** Aborted when the answer is no longer needed. */
  signal: AbortSignal;
}

/** A question that has not been asked yet. */
interface WaitingCall {
  readonly octets: number;
  begin(): void;
}

/** The questions about one session. */
interface SessionCalls {
  /** Octets of those that have been asked. */
  octets: number;
  readonly waiting: Set<WaitingCall>;
}

/** Calls one authorizer. */
export class AuthorizerCalls {
  readonly #procedure: string;
  readonly #service: OutgoingRequests;
  #octets = 0;
  readonly #sessions = new Map<number, SessionCalls>();
  /** Those with questions that wait; the one whose turn was the longest time ago first. */
  readonly #queue = new Set<SessionCalls>();

  /** `service` is a session of the router itself, to whose calls no authorizer is applied. */
  constructor(procedure: string, service: OutgoingRequests) {
    this.#procedure = procedure;
    this.#service = service;
  }

  /**
   * Calls, and resolves with the first argument of the RESULT.
   *
   * @throws CallError for an ERROR; Failure when no answer can arrive; the reason of the signal.
   */
  async call({ session, args, signal }: AuthorizerCall): Promise<unknown> {
    let payload: Payload | undefined = payloadOf(args);
    const octets = payload.items[0]?.length ?? 0;
    const calls = this.#callsOf(session);
    if (calls.waiting.size === 0 && this.#hasRoom(calls, octets)) this.#count(calls, octets);
    else {
      // It is made again when its turn comes: many may wait.
      payload = undefined;
      await this.#turn(session, calls, octets, signal);
    }
    const answer = this.#ask(payload ?? payloadOf(args)).finally(() => {
      this.#count(calls, -octets);
      this.#forgetIdle(session, calls);
      this.#beginWaiting();
    });
    return await abortable(answer, signal);
  }

  async #ask(payload: Payload): Promise<unknown> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error("no answer came")), LONGEST_ANSWER_MS);
    try {
      return await this.#service.callWith(this.#procedure, payload, late.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  #callsOf(session: number): SessionCalls {
    const calls = this.#sessions.get(session) ?? { octets: 0, waiting: new Set() };
    this.#sessions.set(session, calls);
    return calls;
  }

  /** A question that is too long by itself is asked when no other one is under way. */
  #hasRoom(calls: SessionCalls, octets: number): boolean {
    const isOwn = calls.octets === 0 || calls.octets + octets <= SESSION_OCTETS;
    return isOwn && this.#hasRoomForAny(octets);
  }

  #hasRoomForAny(octets: number): boolean {
    return this.#octets === 0 || this.#octets + octets <= MOST_OCTETS;
  }

  #count(calls: SessionCalls, octets: number): void {
    calls.octets += octets;
    this.#octets += octets;
  }

  #forgetIdle(session: number, calls: SessionCalls): void {
    if (calls.octets === 0 && calls.waiting.size === 0) this.#sessions.delete(session);
  }

  /** Waits until the question counts as asked. */
  async #turn(
    session: number,
    calls: SessionCalls,
    octets: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = { octets, begin: resolve };
    const onAbort = () => {
      if (!calls.waiting.delete(waiting)) return;
      if (calls.waiting.size === 0) this.#queue.delete(calls);
      this.#forgetIdle(session, calls);
      reject(signal.reason);
    };
    calls.waiting.add(waiting);
    this.#queue.add(calls);
    signal.addEventListener("abort", onAbort);
    await promise.finally(() => signal.removeEventListener("abort", onAbort));
  }

  /** Begins what has room, a question of each session in turn. */
  #beginWaiting(): void {
    let skipped = 0;
    while (skipped < this.#queue.size) {
      const [calls] = this.#queue;
      const [first] = calls?.waiting ?? [];
      if (calls === undefined || first === undefined || !this.#hasRoomForAny(first.octets)) return;
      const hasRoom = this.#hasRoom(calls, first.octets);
      this.#queue.delete(calls);
      if (hasRoom) {
        calls.waiting.delete(first);
        this.#count(calls, first.octets);
        first.begin();
      }
      if (calls.waiting.size > 0) this.#queue.add(calls);
      skipped = hasRoom ? 0 : skipped + 1;
    }
  }
}
