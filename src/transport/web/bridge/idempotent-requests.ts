/**
 * IdempotentRequests: carries a request with an Idempotency-Key out once, and gives its answer again.
 *
 *     Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324"
 *
 * (draft-ietf-httpapi-idempotency-key-header.)
 *
 * @module
 */

import { createHash } from "node:crypto";
import { abortable } from "#base/abortable.ts";
import type { CancelSignal } from "#base/cancellation.ts";
import { type BridgeAnswer, denial } from "./bridge-answer.ts";

/** Most requests that run at once, also without their clients. */
const MAX_RUNNING = 512;

/** Most keys of a path, running and remembered. */
const MAX_KEYS = 10_000;

/** Most octets of the remembered answers of a path. */
const MAX_OCTETS = 16 * 1024 * 1024;

const MAX_KEY_LENGTH = 255;

/** A String of a structured field (RFC 9651, section 3.3.3). */
const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"$/;

/** A key without quotes, as many clients send it. */
const BARE = /^[\w!#$%&'*+.^`|~:/=@-]+$/;

/** What became of a request that was carried out. */
export interface Outcome {
  answer: BridgeAnswer;
  /** False: the router has not been sent anything, so that the request may be carried out later. */
  isFinal: boolean;
}

/** One request with a key. */
export interface KeyedRequest {
  key: string;
  body: Uint8Array;
  clientGone: CancelSignal;
}

/** A request that waits for its answer. */
interface Running {
  digest: string;
  outcome: Promise<Outcome>;
}

/** A request that has its answer. */
interface Answered {
  digest: string;
  /** Null: there was no room for it. */
  answer: BridgeAnswer | null;
  /** When it is forgotten. */
  until: number;
}

/** The key in a field Idempotency-Key; null: the field is malformed. */
export function readIdempotencyKey(field: string): string | null {
  const quoted = QUOTED.exec(field)?.[1]?.replace(/\\(.)/g, "$1");
  const key = quoted ?? (BARE.test(field) ? field : null);
  return key === null || key.length > MAX_KEY_LENGTH ? null : key;
}

/** The requests with a key of one path. */
export class IdempotentRequests {
  readonly #lifetime: number;
  readonly #clock: () => number;
  readonly #running = new Map<string, Running>();
  /** The one that is forgotten first comes first. */
  readonly #answered = new Map<string, Answered>();
  #octets = 0;

  /** An answer is given again for `lifetime` milliseconds. */
  constructor(lifetime: number, clock = () => performance.now()) {
    this.#lifetime = lifetime;
    this.#clock = clock;
  }

  /**
   * The answer to a request, which is carried out unless it has been. It goes on when its client has gone.
   *
   * @throws the reason of `clientGone`; what `carryOut` throws.
   */
  async answerTo(request: KeyedRequest, carryOut: () => Promise<Outcome>): Promise<BridgeAnswer> {
    this.#forget();
    const { key, body, clientGone } = request;
    const digest = createHash("sha256").update(body).digest("base64");
    const running = this.#running.get(key);
    const known = running ?? this.#answered.get(key);
    if (known !== undefined && known.digest !== digest) {
      return denial(422, "Cannot take the request: its Idempotency-Key came with another body");
    }
    if (known !== undefined && "until" in known) return known.answer ?? notKept();
    const outcome = running?.outcome ?? this.#begin(key, digest, carryOut);
    if (outcome === null) {
      const seconds = String(Math.ceil(this.#lifetime / 1000));
      const sentence = "Cannot take the request: too many with an Idempotency-Key came lately";
      return denial(503, sentence, { "Retry-After": seconds });
    }
    return (await abortable(outcome, clientGone)).answer;
  }

  /** Null: too many run, or are remembered. */
  #begin(key: string, digest: string, carryOut: () => Promise<Outcome>): Promise<Outcome> | null {
    if (this.#running.size >= MAX_RUNNING) return null;
    if (this.#running.size + this.#answered.size >= MAX_KEYS) return null;
    const outcome = this.#run(key, digest, carryOut);
    this.#running.set(key, { digest, outcome });
    // Its client may have gone, and leave nothing that awaits it.
    outcome.catch(() => {});
    return outcome;
  }

  async #run(key: string, digest: string, carryOut: () => Promise<Outcome>): Promise<Outcome> {
    try {
      const outcome = await carryOut();
      if (outcome.isFinal) this.#remember(key, digest, outcome.answer);
      return outcome;
    } finally {
      this.#running.delete(key);
    }
  }

  #remember(key: string, digest: string, { status, headers, body }: BridgeAnswer): void {
    const fits = this.#octets + body.length <= MAX_OCTETS;
    // A copy, because the octets may be a small part of others.
    const answer = fits ? { status, headers, body: new Uint8Array(body) } : null;
    this.#octets += answer?.body.length ?? 0;
    this.#answered.set(key, { digest, answer, until: this.#clock() + this.#lifetime });
  }

  #forget(): void {
    const now = this.#clock();
    for (const [key, { answer, until }] of this.#answered) {
      if (until >= now) break;
      this.#answered.delete(key);
      this.#octets -= answer?.body.length ?? 0;
    }
  }
}

function notKept(): BridgeAnswer {
  const sentence = "the request has been carried out, and its answer was too long to be kept";
  return denial(410, `Cannot give the answer again: ${sentence}`);
}
