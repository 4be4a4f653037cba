/**
 * Ranges of addresses: of load balancers whose header is believed, of clients that a path is for.
 *
 * @module
 */

import { BlockList, isIPv6 } from "node:net";

/** Says of an address whether it is in one of the ranges (`10.0.0.7`, `10.0.0.0/8`, `fd00::/8`). */
export function addressRanges(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", prefix] = range.split("/");
    const family = familyOf(address);
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return (address) => {
    // A socket that takes both families shows IPv4 addresses in this way.
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
    return list.check(plain, familyOf(plain));
  };
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}
