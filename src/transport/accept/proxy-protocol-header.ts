/**
 * readProxyHeader: the header of the PROXY protocol, in which a load balancer names its client.
 *
 *     version 1   PROXY TCP4 192.0.2.1 198.51.100.7 56324 443 CR LF    (at most 107 octets)
 *     version 2   0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A                  signature
 *                 21                                                   version 2, 1 PROXY or 0 LOCAL
 *                 11 or 21                                             TCP over IPv4 or IPv6
 *                 two octets                                           length of everything that follows
 *                 addresses, ports (source, destination), optional TLVs
 *
 * Specification: haproxy.org, doc/proxy-protocol.txt. All functions here are pure.
 *
 * @module
 */

import { isIPv4, isIPv6 } from "node:net";

/** The client of a connection, as its load balancer names it. */
export interface ProxySource {
  address: string;
  port: number;
}

/** What the first octets of a connection hold. */
export type ProxyHeader =
  | { kind: "incomplete" }
  | { kind: "malformed"; sentence: string }
  /** `octets`: its length. `source` is null where the balancer itself is the client. */
  | { kind: "complete"; octets: number; source: ProxySource | null };

const SIGNATURE = Buffer.from("0d0a0d0a000d0a515549540a", "hex");
const FIXED_OCTETS = 16;
const MAX_LINE_OCTETS = 107;

/** Longest addresses and TLVs of version 2; the TLVs are ignored. */
const MAX_VARIABLE_OCTETS = 4096;

const INCOMPLETE: ProxyHeader = { kind: "incomplete" };

/** Reads the header that begins a connection. */
export function readProxyHeader(octets: Buffer): ProxyHeader {
  const common = Math.min(octets.length, SIGNATURE.length);
  if (octets.subarray(0, common).equals(SIGNATURE.subarray(0, common))) return readBinary(octets);
  return readLine(octets);
}

function readLine(octets: Buffer): ProxyHeader {
  const start = "PROXY ".slice(0, octets.length);
  if (octets.toString("latin1", 0, start.length) !== start) {
    return malformed("it begins with no PROXY header");
  }
  const end = octets.subarray(0, MAX_LINE_OCTETS).indexOf("\r\n");
  if (end < 0) {
    return octets.length < MAX_LINE_OCTETS ? INCOMPLETE : malformed("the line does not end");
  }
  const line = octets.toString("latin1", 0, end);
  const complete = { kind: "complete", octets: end + 2 } as const;
  if (line === "PROXY UNKNOWN" || line.startsWith("PROXY UNKNOWN ")) {
    return { ...complete, source: null };
  }
  const [, family, source = "", destination = "", port, toPort] =
    /^PROXY (TCP4|TCP6) (\S+) (\S+) (\d{1,5}) (\d{1,5})$/.exec(line) ?? [];
  // Node takes an IPv6 address with a zone, which names an interface of the balancer.
  const isAddress = (text: string) =>
    family === "TCP4" ? isIPv4(text) : isIPv6(text) && !text.includes("%");
  const isPort = (text: string | undefined) => Number(text) <= 65_535;
  if (!isAddress(source) || !isAddress(destination) || !isPort(port) || !isPort(toPort)) {
    return malformed("the line names no addresses and ports");
  }
  return { ...complete, source: { address: canonical(source), port: Number(port) } };
}

function readBinary(octets: Buffer): ProxyHeader {
  if (octets.length < FIXED_OCTETS) return INCOMPLETE;
  const command = octets.readUInt8(12);
  const family = octets.readUInt8(13);
  const variable = octets.readUInt16BE(14);
  if (command !== 0x20 && command !== 0x21) return malformed("version or command is unknown");
  if (variable > MAX_VARIABLE_OCTETS) {
    return malformed(`it has more than ${MAX_VARIABLE_OCTETS} octets`);
  }
  if (octets.length < FIXED_OCTETS + variable) return INCOMPLETE;
  const complete = { kind: "complete", octets: FIXED_OCTETS + variable } as const;
  // LOCAL is a health check of the balancer.
  const addressOctets = { 17: 4, 33: 16 }[family];
  if (command === 0x20 || addressOctets === undefined) return { ...complete, source: null };
  if (variable < 2 * addressOctets + 4) return malformed("it ends within the addresses");
  const address = octets.subarray(FIXED_OCTETS, FIXED_OCTETS + addressOctets);
  return {
    ...complete,
    source: {
      address: addressOctets === 4 ? address.join(".") : canonical(groupsOf(address)),
      port: octets.readUInt16BE(FIXED_OCTETS + 2 * addressOctets),
    },
  };
}

/** The 16 octets of an IPv6 address as text; an IPv4-mapped one keeps its dots. */
function groupsOf(address: Buffer): string {
  const hex = address.toString("hex");
  if (hex.startsWith("00000000000000000000ffff")) return `::ffff:${address.subarray(12).join(".")}`;
  return hex.replace(/(.{4})(?!$)/g, "$1:");
}

/** The canonical spelling of an address. */
function canonical(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

function malformed(sentence: string): ProxyHeader {
  return { kind: "malformed", sentence };
}
