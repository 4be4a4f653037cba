/**
 * FailedJoins: how often each address failed to authenticate, so that none can go on guessing.
 *
 * Each address has a number of failures that it may make at once, and gets them back over a minute.
 * Once they are used up, its attempts are refused unjudged. An address is what a limit of connections
 * counts: of IPv6 the first 64 bits; clients of a Unix socket have none, and are not counted.
 *
 * @module
 */

import type { Logger } from "#observe/logger.ts";
import type { FailedAttempts } from "#session/authentication.ts";
import { countedAddress } from "#transport/endpoint/connection-limit.ts";
import { TokenBucket } from "#transport/token-bucket.ts";

/** Addresses that are remembered; beyond it those are forgotten that failed longest ago. */
const MAX_ADDRESSES = 100_000;

/** The failed attempts of one worker; transports and paths with the same limit count together. */
export class FailedJoins {
  readonly #byLimit = new Map<number, AddressTable>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** The count for a peer as it is printed; undefined: its attempts are not limited. */
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

/** Addresses in the order of their last failure, the longest ago first. */
class AddressTable {
  readonly #perMinute: number;
  readonly #log: Logger;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(perMinute: number, log: Logger) {
    this.#perMinute = perMinute;
    this.#log = log;
  }

  of(address: string): FailedAttempts {
    const isBeyond = () => (this.#buckets.get(address)?.waitMs(performance.now()) ?? 0) > 0;
    return {
      get areTooMany() {
        return isBeyond();
      },
      add: () => this.#add(address),
    };
  }

  #add(address: string): void {
    const now = performance.now();
    // The last of the tokens has to leave a debt, for what is empty owes nothing.
    const known = this.#buckets.get(address);
    const bucket = known ?? new TokenBucket(this.#perMinute / 60, this.#perMinute - 1, now);
    const wasBeyond = bucket.waitMs(now) > 0;
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    if (bucket.take(now) > 0 && !wasBeyond) {
      this.#log.warn("address refused: too many attempts to join failed", { address });
    }
    this.#forget();
  }

  #forget(): void {
    if (this.#buckets.size <= MAX_ADDRESSES) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
