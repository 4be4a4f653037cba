/**
 * ConnectionLimit: how many connections a transport keeps open, in all and for one address.
 *
 * An address is what the transport prints of a peer, without its port; of an IPv6 address the first
 * 64 bits, which is what one customer of a network is given. Peers on a Unix socket have no address
 * and count only in all.
 *
 * @module
 */

import type { TransportLimits } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";

/** Refusals are logged at once, then together after this time. */
const LOG_INTERVAL_MS = 10_000;

/** The limits that are counted here. */
export type ConnectionLimits = Pick<
  TransportLimits,
  "max_connections" | "max_connections_per_address"
>;

/** Counts the connections of one transport in one worker. */
export class ConnectionLimit {
  readonly #limits: ConnectionLimits;
  readonly #transport: string;
  readonly #log: Logger;
  #open = 0;
  readonly #openByAddress = new Map<string, number>();
  #untold = 0;
  #isTelling = false;

  constructor(limits: ConnectionLimits, transport: string, log: Logger) {
    this.#limits = limits;
    this.#transport = transport;
    this.#log = log;
  }

  /** Takes a place for a peer as it is printed; null: there is none, which is logged. */
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

  /** Gives back a slot; `ConnectionSlot` calls it, once. */
  giveBack(address: string | null): void {
    this.#open -= 1;
    if (address === null) return;
    const left = (this.#openByAddress.get(address) ?? 0) - 1;
    if (left > 0) this.#openByAddress.set(address, left);
    else this.#openByAddress.delete(address);
  }

  /** A flood of connections must not become a flood of log lines, and no refusal goes untold. */
  #refused(peer: string, limit: keyof ConnectionLimits): void {
    if (this.#isTelling) {
      this.#untold += 1;
      return;
    }
    this.#isTelling = true;
    this.#log.warn("connection refused", { transport: this.#transport, peer, limit });
    setTimeout(() => {
      this.#isTelling = false;
      if (this.#untold === 0) return;
      this.#log.warn("more connections refused", {
        transport: this.#transport,
        refused: this.#untold,
      });
      this.#untold = 0;
    }, LOG_INTERVAL_MS).unref();
  }
}

/** The place of one open connection. */
export class ConnectionSlot {
  #limit: ConnectionLimit | null;
  readonly #address: string | null;

  constructor(limit: ConnectionLimit, address: string | null) {
    this.#limit = limit;
    this.#address = address;
  }

  /** Makes room for another connection; has no effect the second time. */
  release(): void {
    this.#limit?.giveBack(this.#address);
    this.#limit = null;
  }
}

/** The counter of a transport; undefined where connections are not limited. */
export function connectionLimitFor(
  limits: TransportLimits | undefined,
  transport: string,
  log: Logger,
): ConnectionLimit | undefined {
  if (limits === undefined) return undefined;
  const isLimited = limits.max_connections !== null || limits.max_connections_per_address !== null;
  return isLimited ? new ConnectionLimit(limits, transport, log) : undefined;
}

/**
 * The address in a printed peer: `10.0.0.1` of `tcp4:10.0.0.1:1234`, `2001:db8:0:7::/64` of
 * `tcp6:[2001:db8:0:7::1]:1234`; null for what has none.
 */
export function countedAddress(peer: string): string | null {
  const v4 = /^tcp4:([^:]+):\d+$/.exec(peer)?.[1];
  if (v4 !== undefined) return v4;
  const v6 = /^tcp6:\[([^\]%]+)(?:%[^\]]*)?\]:\d+$/.exec(peer)?.[1];
  return v6 === undefined ? null : `${firstHalf(v6)}::/64`;
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
