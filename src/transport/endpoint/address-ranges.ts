/**
 * Ranges of IP addresses: trusted load balancers and proxies, and the clients permitted at a path.
 *
 * @module
 */

import { BlockList, isIPv6 } from "node:net";

/** Gives a test whether an address is in one of the ranges (`10.0.0.7`, `10.0.0.0/8`, `fd00::/8`). */
export function addressRanges(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", prefix] = range.split("/");
    const family = familyOf(address);
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return (address) => {
    // A dual-stack socket shows IPv4 addresses as IPv4-mapped ones.
    const unmapped = address.replace(/^::ffff:(?=\d+\.)/i, "");
    return list.check(unmapped, familyOf(unmapped));
  };
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}
