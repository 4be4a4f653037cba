/**
 * SignedRequests: checks that a request is signed with the secret, is recent, and comes once.
 *
 *     ?key=…&timestamp=2026-01-31T12:00:00.000Z&seq=1&nonce=4711&signature=…
 *     signature = base64url(HMAC-SHA256(secret, key + timestamp + seq + nonce + body))
 *
 * (Crossbar: HTTP bridge, "signed requests". Crossbar itself accepts a repeated request.)
 *
 * @module
 */

import { createHmac } from "node:crypto";
import { isEqualSecret } from "#base/constant-time.ts";
import { type BridgeAnswer, denial } from "./bridge-answer.ts";

/** Most remembered requests; while there are as many, every other one is refused. */
const MAX_REMEMBERED = 100_000;

const INTEGER = /^[+-]?\d{1,40}$/;

/** How the requests of a path are signed. */
export interface SignatureOptions {
  key: string;
  secret: string;
  /** Seconds by which a timestamp may differ from now; 0: no limit, and a request may be repeated. */
  timestamp_delta_limit: number;
}

/** The signed requests of one path. */
export class SignedRequests {
  readonly #options: SignatureOptions;
  /** Accepted signatures, with the time until which each is remembered; the oldest comes first. */
  readonly #accepted = new Map<string, number>();

  constructor(options: SignatureOptions) {
    this.#options = options;
  }

  /** The answer to an invalid request; null: the request is valid. `now` in milliseconds. */
  refusalOf(query: URLSearchParams, body: Uint8Array, now: number): BridgeAnswer | null {
    const fields: Record<string, string> = {};
    for (const name of ["key", "timestamp", "seq", "nonce", "signature"]) {
      const value = query.get(name);
      if (value === null) return denial(400, `Cannot take the request: "${name}" is missing`);
      fields[name] = value;
    }
    const { key = "", timestamp = "", seq = "", nonce = "", signature = "" } = fields;
    const seconds = this.#options.timestamp_delta_limit;
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
    const hmac = createHmac("sha256", this.#options.secret);
    const expected = hmac
      .update(key + timestamp + seq + nonce)
      .update(body)
      .digest("base64");
    const canonical = expected.replaceAll("+", "-").replaceAll("/", "_");
    const hasSignature = isEqualSecret(signature, canonical);
    if (key !== this.#options.key || !hasSignature) {
      return denial(401, "Cannot take the request: its key or its signature is wrong");
    }
    return seconds === 0 ? null : this.#remember(canonical, now, 2 * seconds * 1000);
  }

  #remember(signature: string, now: number, duration: number): BridgeAnswer | null {
    for (const [oldest, until] of this.#accepted) {
      if (until >= now) break;
      this.#accepted.delete(oldest);
    }
    if (this.#accepted.has(signature)) {
      return denial(401, "Cannot take the request: it was taken before");
    }
    if (this.#accepted.size >= MAX_REMEMBERED) {
      return denial(503, "Cannot take the request: too many came lately", { "Retry-After": "60" });
    }
    this.#accepted.set(signature, now + duration);
    return null;
  }
}

/** Milliseconds since 1970; NaN: the timestamp is not in Crossbar's form. */
function timeOf(text: string): number {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{1,6})Z$/.exec(text);
  if (parts === null) return Number.NaN;
  const [, seconds, fraction = ""] = parts;
  return Date.parse(`${seconds}.${fraction.padEnd(3, "0").slice(0, 3)}Z`);
}
