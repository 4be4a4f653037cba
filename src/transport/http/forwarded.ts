/**
 * ForwardingProxies: whose word is taken for the address of a client.
 *
 *     Forwarded: for=192.0.2.60;proto=https, for="[2001:db8::1]:4711"       (RFC 7239, section 4)
 *     X-Forwarded-For: 192.0.2.60, 2001:db8::1
 *
 * Every proxy appends the address that it was connected from. So the headers are read from the right
 * for as long as what is named there is a trusted proxy; the first that is not is the client, and
 * what stands before it is only what the client says of itself.
 *
 * @module
 */

import { BlockList, isIP } from "node:net";
import { printTcpPeer } from "#transport/endpoint/peer-address.ts";

/** An address in a header; its port is 0 where the header names none. */
interface Hop {
  address: string;
  port: number;
}

/** The HTTP proxies of a transport's `trusted_proxies`; not those of its endpoint. */
export class TrustedProxies {
  readonly #addresses = new BlockList();
  readonly #trustsUnixSocket: boolean;

  /** `written`: addresses, CIDRs, and `unix` for whoever connects to a Unix socket. */
  constructor(written: readonly string[]) {
    this.#trustsUnixSocket = written.includes("unix");
    for (const [address = "", prefix] of written.map((text) => text.split("/"))) {
      const version = isIP(address);
      if (version === 0) continue;
      const family = version === 6 ? "ipv6" : "ipv4";
      if (prefix === undefined) this.#addresses.addAddress(address, family);
      else this.#addresses.addSubnet(address, Number(prefix), family);
    }
  }

  /**
   * The client that a request came from, printed as a peer, in the words of the proxy that passed
   * it on. Undefined when they are not believed: the connection is not a trusted proxy's (`peer` is
   * how it was printed), there are none, they are malformed, or the two headers say different
   * things, of which only one can be the proxy's.
   */
  clientOf(headers: Headers, peer: string): string | undefined {
    const from = /^tcp(?:4:([^:]+)|6:\[([^\]]+)\]):\d+$/.exec(peer)?.slice(1).join("") ?? null;
    const isBelieved = from === null ? this.#trustsUnixSocket : this.#has(from);
    if (!isBelieved) return undefined;
    const said = [
      hopsOf(headers.get("x-forwarded-for"), (hop) => hop),
      hopsOf(headers.get("forwarded"), forParameter),
    ].flatMap((hops) => (hops === null ? [] : [this.#clientAmong(hops)]));
    const client = said[0];
    const other = said.at(-1);
    if (client === undefined || other === undefined) return undefined;
    return client.address === other.address
      ? printTcpPeer(client.address, client.port || other.port)
      : undefined;
  }

  /** The first from the right that is no trusted proxy; undefined when that is no address. */
  #clientAmong(hops: readonly (Hop | undefined)[]): Hop | undefined {
    const isClient = (hop: Hop | undefined) => hop === undefined || !this.#has(hop.address);
    const at = hops.findLastIndex(isClient);
    return at < 0 ? hops[0] : hops[at];
  }

  #has(address: string): boolean {
    const plain = withoutMapping(address);
    return this.#addresses.check(plain, isIP(plain) === 6 ? "ipv6" : "ipv4");
  }
}

/** The elements of a header as addresses, undefined for what is none; null: there is no header. */
function hopsOf(
  header: string | null,
  addressIn: (element: string) => string | undefined,
): (Hop | undefined)[] | null {
  if (header === null) return null;
  return splitOutsideQuotes(header, ",").map((element) => parseHop(addressIn(element.trim())));
}

/** The value of `for` in an element of Forwarded, without its quotes. */
function forParameter(element: string): string | undefined {
  const values = splitOutsideQuotes(element, ";").flatMap(
    (pair) => /^\s*for=(?:"([^"\\]*)"|([^"\s]*))\s*$/i.exec(pair)?.slice(1) ?? [],
  );
  const [value, ...more] = values.filter((one) => one !== undefined);
  return more.length === 0 ? value : undefined;
}

function splitOutsideQuotes(text: string, separator: "," | ";"): string[] {
  const parts: string[] = [];
  let isQuoted = false;
  let begin = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') isQuoted = !isQuoted;
    else if (text[at] === "\\" && isQuoted) at += 1;
    else if (text[at] === separator && !isQuoted) {
      parts.push(text.slice(begin, at));
      begin = at + 1;
    }
  }
  return [...parts, text.slice(begin)];
}

/** `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`. */
function parseHop(text: string | undefined): Hop | undefined {
  if (text === undefined) return undefined;
  if (isIP(text) !== 0) return plainHop(text, 0);
  // Forwarded may hide the port behind a name of its own.
  const parts = /^(?:\[([^\]]+)\]|([^:]+))(?::(?:(\d{1,5})|_[\w.-]+))?$/.exec(text);
  const [, v6, v4, port = "0"] = parts ?? [];
  if (Number(port) > 65_535) return undefined;
  if (v6 !== undefined) return isIP(v6) === 6 ? plainHop(v6, Number(port)) : undefined;
  return v4 !== undefined && isIP(v4) === 4 ? plainHop(v4, Number(port)) : undefined;
}

function plainHop(address: string, port: number): Hop {
  return { address: withoutMapping(address.toLowerCase()), port };
}

/** An IPv4 address that is written as one of IPv6 is that IPv4 address. */
function withoutMapping(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}
