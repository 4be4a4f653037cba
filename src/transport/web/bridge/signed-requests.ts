/**
 * SignedRequests: whether a request was signed by somebody who has the secret, not long ago, and once.
 *
 *     ?key=…&timestamp=2026-01-31T12:00:00.000Z&seq=1&nonce=4711&signature=…
 *     signature = base64url(HMAC-SHA256(secret, key + timestamp + seq + nonce + body))
 *
 * (Crossbar: HTTP bridge, "signed requests". It takes the same request any number of times.)
 *
 * @module
 */

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { type BridgeAnswer, denial } from "./bridge-answer.ts";

/** Requests that are remembered; while there are as many, no further one is taken. */
const MOST_REMEMBERED = 100_000;

const INTEGER = /^[+-]?\d{1,40}$/;

/** What a path's requests are signed with. */
export interface SignatureOptions {
  key: string;
  secret: string;
  /** Seconds that a timestamp may be off; 0: any time, and a request may come again. */
  timestamp_delta_limit: number;
}

/** The signed requests of one path. */
export class SignedRequests {
  readonly #terms: SignatureOptions;
  /** Signatures that were taken, and until when each is remembered; the oldest is the first. */
  readonly #taken = new Map<string, number>();

  constructor(terms: SignatureOptions) {
    this.#terms = terms;
  }

  /** What is wrong with a request, and null when it may be carried out; `now` in milliseconds. */
  refusalOf(query: URLSearchParams, body: Uint8Array, now: number): BridgeAnswer | null {
    const fields: Record<string, string> = {};
    for (const name of ["key", "timestamp", "seq", "nonce", "signature"]) {
      const value = query.get(name);
      if (value === null) return denial(400, `Cannot take the request: "${name}" is missing`);
      fields[name] = value;
    }
    const { key = "", timestamp = "", seq = "", nonce = "", signature = "" } = fields;
    const seconds = this.#terms.timestamp_delta_limit;
    const time = timeOf(timestamp);
    if (Number.isNaN(time)) {
      const form = "UTC such as 2026-01-31T12:00:00.000Z";
      return denial(400, `Cannot take the request: "timestamp" is not ${form}`);
    }
    if (seconds > 0 && Math.abs(time - now) > seconds * 1000) {
      return denial(400, "Cannot take the request: it has expired");
    }
    for (const [name, value] of Object.entries({ seq, nonce })) {
      if (!INTEGER.test(value)) {
        return denial(400, `Cannot take the request: "${name}" is not an integer`);
      }
    }
    const hmac = createHmac("sha256", this.#terms.secret);
    const expected = hmac
      .update(key + timestamp + seq + nonce)
      .update(body)
      .digest("base64");
    const canonical = expected.replaceAll("+", "-").replaceAll("/", "_");
    const isSigned = isEqual(signature, canonical);
    if (key !== this.#terms.key || !isSigned) {
      return denial(401, "Cannot take the request: its key or its signature is wrong");
    }
    return seconds === 0 ? null : this.#remember(canonical, now, 2 * seconds * 1000);
  }

  #remember(signature: string, now: number, duration: number): BridgeAnswer | null {
    for (const [old, until] of this.#taken) {
      if (until >= now) break;
      this.#taken.delete(old);
    }
    if (this.#taken.has(signature)) {
      return denial(401, "Cannot take the request: it was taken before");
    }
    if (this.#taken.size >= MOST_REMEMBERED) {
      return denial(503, "Cannot take the request: too many came lately", { "Retry-After": "60" });
    }
    this.#taken.set(signature, now + duration);
    return null;
  }
}

/** Milliseconds since 1970; NaN: it is no time in Crossbar's form. */
function timeOf(text: string): number {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{1,6})Z$/.exec(text);
  if (parts === null) return Number.NaN;
  const [, seconds, fraction = ""] = parts;
  return Date.parse(`${seconds}.${fraction.padEnd(3, "0").slice(0, 3)}Z`);
}

/** In constant time, whatever the length. */
function isEqual(left: string, right: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
