/**
 * FailedJoins: counts the failed authentications of each address, to stop attempts to guess secrets.
 *
 * Each address may fail a number of times at once, and regains that number over a minute. Beyond it,
 * its attempts are refused without a check. An attempt counts as failed while it is being judged, so
 * that attempts at the same time cannot exceed the number; others wait until its outcome is known.
 * Addresses are counted as for a limit of connections: of IPv6 the first 64 bits; clients of a Unix
 * socket have no address, and are not counted.
 *
 * @module
 */

import type { Attempt, FailedAttempts } from "#auth/authentication.ts";
import type { Logger } from "#observe/logger.ts";
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

/** One address: its bucket, and the attempts that are being judged or wait to be. */
interface Address {
  /** Each attempt that is being judged, or has failed, has taken a token. */
  bucket: TokenBucket;
  judged: number;
  waiting: (() => void)[];
  /** Whether the log says that its attempts are refused. */
  isLogged: boolean;
}

/** Addresses in the order of their last failure, the oldest first. */
class AddressTable {
  readonly #perMinute: number;
  readonly #log: Logger;
  readonly #addresses = new Map<string, Address>();

  constructor(perMinute: number, log: Logger) {
    this.#perMinute = perMinute;
    this.#log = log;
  }

  of(name: string): FailedAttempts {
    const isLocked = () => {
      const address = this.#addresses.get(name);
      return address !== undefined && address.judged === 0 && isInDebt(address);
    };
    return {
      get areTooMany() {
        return isLocked();
      },
      begin: () => this.#begin(name),
    };
  }

  async #begin(name: string): Promise<Attempt | undefined> {
    const address = this.#addresses.get(name) ?? this.#add(name);
    // Those that are being judged may succeed, and give their tokens back.
    while (isInDebt(address) && address.judged > 0) {
      await new Promise<void>((resolve) => address.waiting.push(resolve));
    }
    if (isInDebt(address)) {
      this.#logRefused(name, address);
      return undefined;
    }
    address.isLogged = false;
    address.judged += 1;
    address.bucket.take(performance.now());
    let isOver = false;
    return {
      end: (hasFailed) => {
        if (!isOver) this.#end(name, address, hasFailed);
        isOver = true;
      },
    };
  }

  #end(name: string, address: Address, hasFailed: boolean): void {
    address.judged -= 1;
    if (hasFailed) {
      this.#addresses.delete(name);
      this.#addresses.set(name, address);
      this.#dropOldest();
    } else {
      address.bucket.giveBack();
    }
    const isIdle = address.judged === 0 && address.waiting.length === 0;
    // A token that was given back is for one of those that wait. Without any judged, none can come back.
    const woken = hasFailed ? 0 : 1;
    for (const wake of address.waiting.splice(0, address.judged === 0 ? Infinity : woken)) wake();
    if (isIdle && address.bucket.isFull(performance.now())) this.#addresses.delete(name);
  }

  #add(name: string): Address {
    // One token less than the limit, so that the last permitted failure leaves a debt: an empty bucket
    // alone causes no wait.
    const bucket = new TokenBucket(this.#perMinute / 60, this.#perMinute - 1, performance.now());
    const address = { bucket, judged: 0, waiting: [], isLogged: false };
    this.#addresses.set(name, address);
    this.#dropOldest();
    return address;
  }

  #logRefused(name: string, address: Address): void {
    if (address.isLogged) return;
    address.isLogged = true;
    this.#log.warn("address refused: too many attempts to join failed", { address: name });
  }

  #dropOldest(): void {
    if (this.#addresses.size <= MAX_ADDRESSES) return;
    const [oldest] = this.#addresses.keys();
    if (oldest !== undefined) this.#addresses.delete(oldest);
  }
}

function isInDebt({ bucket }: Address): boolean {
  return bucket.waitMs(performance.now()) > 0;
}
