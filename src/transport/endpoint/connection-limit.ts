/**
 * ConnectionLimit: how many connections a transport keeps open, in total and for one address.
 *
 * IPv6 addresses are counted by their first 64 bits, the range that a network gives to one customer.
 * Peers on a Unix socket have no address and count in the total alone.
 *
 * @module
 */

import type { TransportLimits } from "#config/options/limits-config.ts";
import type { Logger } from "#observe/logger.ts";
import { addressOf } from "./peer-address.ts";

/** After a logged refusal the next ones are counted for this time, then logged together. */
const LOG_INTERVAL_MS = 10_000;

/** The limits enforced here. */
export type ConnectionLimits = Pick<
  TransportLimits,
  "max_connections" | "max_connections_per_address"
>;

/** Counts the connections of one transport in one worker. */
export class ConnectionLimit {
  #limits: ConnectionLimits;
  readonly #transport: string;
  readonly #log: Logger;
  #open = 0;
  readonly #openByAddress = new Map<string, number>();
  #unloggedRefusals = 0;
  #isLogThrottled = false;

  constructor(limits: ConnectionLimits, transport: string, log: Logger) {
    this.#limits = limits;
    this.#transport = transport;
    this.#log = log;
  }

  /** Changes the limits for new connections; those that are open count, but they are not closed. */
  change(limits: ConnectionLimits): void {
    this.#limits = limits;
  }

  /** Takes a slot for a peer (as `TransportDetails.peer` prints it); null: all are taken, which is logged. */
  take(peer: string): ConnectionSlot | null {
    const { max_connections, max_connections_per_address } = this.#limits;
    const address = max_connections_per_address === null ? null : countedAddress(peer);
    const sameAddress = address === null ? 0 : (this.#openByAddress.get(address) ?? 0);
    if (max_connections !== null && this.#open >= max_connections) {
      this.#refused(peer, "max_connections");
      return null;
    }
    if (max_connections_per_address !== null && sameAddress >= max_connections_per_address) {
      this.#refused(peer, "max_connections_per_address");
      return null;
    }
    this.#open += 1;
    if (address !== null) this.#openByAddress.set(address, sameAddress + 1);
    return new ConnectionSlot(this, address);
  }

  /** Frees a slot; called by `ConnectionSlot`, once. */
  free(address: string | null): void {
    this.#open -= 1;
    if (address === null) return;
    const remaining = (this.#openByAddress.get(address) ?? 0) - 1;
    if (remaining > 0) this.#openByAddress.set(address, remaining);
    else this.#openByAddress.delete(address);
  }

  /** Logs every refusal, but a flood of connections with two lines per interval. */
  #refused(peer: string, limit: keyof ConnectionLimits): void {
    if (this.#isLogThrottled) {
      this.#unloggedRefusals += 1;
      return;
    }
    this.#isLogThrottled = true;
    this.#log.warn("connection refused", { transport: this.#transport, peer, limit });
    setTimeout(() => {
      this.#isLogThrottled = false;
      if (this.#unloggedRefusals === 0) return;
      this.#log.warn("more connections refused", {
        transport: this.#transport,
        refused: this.#unloggedRefusals,
      });
      this.#unloggedRefusals = 0;
    }, LOG_INTERVAL_MS).unref();
  }
}

/** The slot of one open connection. */
export class ConnectionSlot {
  #limit: ConnectionLimit | null;
  readonly #address: string | null;

  constructor(limit: ConnectionLimit, address: string | null) {
    this.#limit = limit;
    this.#address = address;
  }

  /** Frees the slot; a second call has no effect. */
  release(): void {
    this.#limit?.free(this.#address);
    this.#limit = null;
  }
}

/** The limits where none are configured. */
export const UNLIMITED: ConnectionLimits = {
  max_connections: null,
  max_connections_per_address: null,
};

/** The limit of a transport; undefined where connections are not limited. */
export function connectionLimitFor(
  { id, limits }: { id: string; limits?: TransportLimits },
  log: Logger,
): ConnectionLimit | undefined {
  if (limits === undefined) return undefined;
  const isLimited = limits.max_connections !== null || limits.max_connections_per_address !== null;
  return isLimited ? new ConnectionLimit(limits, id, log) : undefined;
}

/**
 * The address by which a printed peer is counted: `10.0.0.1` of `tcp4:10.0.0.1:1234`,
 * `2001:db8:0:7::/64` of `tcp6:[2001:db8:0:7::1]:1234`; null where the peer has no address.
 */
export function countedAddress(peer: string): string | null {
  const address = addressOf(peer);
  if (address === null || !address.includes(":")) return address;
  const [withoutZone = ""] = address.split("%");
  return `${firstHalf(withoutZone)}::/64`;
}

/** The first four groups of an IPv6 address, without leading zeros. */
function firstHalf(address: string): string {
  const [head = "", tail] = address.toLowerCase().split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  // An IPv4 address at the end stands for two groups.
  const written = before.length + after.length + (address.includes(".") ? 1 : 0);
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - written);
  const groups = [...before, ...Array<string>(zeros).fill("0"), ...after];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
