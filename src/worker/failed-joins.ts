/**
 * FailedJoins: counts the failed authentications of each address, to stop attempts to guess secrets.
 *
 * Each address may fail a number of times at once, and regains that number over a minute. Beyond it,
 * its attempts are refused without a check. Addresses are counted as for a limit of connections: of
 * IPv6 the first 64 bits; clients of a Unix socket have no address, and are not counted.
 *
 * @module
 */

import type { Logger } from "#observe/logger.ts";
import type { FailedAttempts } from "#session/authentication.ts";
import { countedAddress } from "#transport/endpoint/connection-limit.ts";
import { TokenBucket } from "#transport/token-bucket.ts";

/** Most addresses that are kept; beyond it the one that failed longest ago is dropped. */
const MAX_ADDRESSES = 100_000;

/** The failed attempts of one worker; transports and paths with the same limit share their count. */
export class FailedJoins {
  readonly #byLimit = new Map<number, AddressTable>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** The count for a peer (`tcp4:192.0.2.1:1000`); undefined: its attempts are not limited. */
  of(peer: string, perMinute: number): FailedAttempts | undefined {
    const address = perMinute === 0 ? null : countedAddress(peer);
    if (address === null) return undefined;
    let table = this.#byLimit.get(perMinute);
    if (table === undefined) {
      table = new AddressTable(perMinute, this.#log);
      this.#byLimit.set(perMinute, table);
    }
    return table.of(address);
  }
}

/** Addresses in the order of their last failure, the oldest first. */
class AddressTable {
  readonly #perMinute: number;
  readonly #log: Logger;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(perMinute: number, log: Logger) {
    this.#perMinute = perMinute;
    this.#log = log;
  }

  of(address: string): FailedAttempts {
    const isOverLimit = () => (this.#buckets.get(address)?.waitMs(performance.now()) ?? 0) > 0;
    return {
      get areTooMany() {
        return isOverLimit();
      },
      add: () => this.#add(address),
    };
  }

  #add(address: string): void {
    const now = performance.now();
    // One token less than the limit, so that the last permitted failure leaves a debt: an empty bucket
    // alone causes no wait.
    const existing = this.#buckets.get(address);
    const bucket = existing ?? new TokenBucket(this.#perMinute / 60, this.#perMinute - 1, now);
    const wasOverLimit = bucket.waitMs(now) > 0;
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    if (bucket.take(now) > 0 && !wasOverLimit) {
      this.#log.warn("address refused: too many attempts to join failed", { address });
    }
    this.#dropOldest();
  }

  #dropOldest(): void {
    if (this.#buckets.size <= MAX_ADDRESSES) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
