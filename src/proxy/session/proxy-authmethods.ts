/**
 * Finds the names of authmethods with which a proxy vouches for its clients in the HELLO of a client.
 *
 * @module
 */

import type { Peer, WireMessage } from "#wamp/peer.ts";
import { serializers } from "#wamp/serializer/serializers.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { IgnoringSink } from "#wamp/token/ignoring-sink.ts";

/** The authmethods with which a proxy vouches for its clients. */
const PROXY_METHODS = ["anonymous-proxy", "cryptosign-proxy"];

/** A part that both names have. */
const COMMON_PART = "-proxy";

const BACKSLASH = 0x5c;

const SHORTEST_METHOD = Math.min(...PROXY_METHODS.map((method) => method.length));

/**
 * Whether a HELLO asks the router to treat its sender as a proxy. A router behind a Unix socket would
 * trust it, so such a HELLO must not be forwarded. The names are searched in all strings of the message: if a
 * key occurs twice, routers differ in which one they read.
 *
 * @throws MalformedMessage
 */
export function namesProxyAuthmethod(hello: WireMessage, { serializer }: Peer): boolean {
  if (!mayName(Buffer.from(hello.buffer, hello.byteOffset, hello.length), serializer)) return false;
  // The reader resolves the several spellings of a string, by escapes or in chunks.
  const { reader } = serializers[serializer];
  const strings = new ProxyMethodSearch();
  reader.read(hello, strings);
  return strings.hasFound;
}

/** Whether the octets may have such a name; most HELLOs are not read for it. Strings of CBOR may come in chunks. */
function mayName(hello: Buffer, serializer: SerializerName): boolean {
  if (hello.includes(COMMON_PART)) return true;
  return serializer === "cbor" || (serializer === "json" && hello.includes(BACKSLASH));
}

/** Searches keys and values, text and octets, also those within tags that no other serializer has. */
class ProxyMethodSearch extends IgnoringSink {
  hasFound = false;

  override text(octets: Uint8Array, start: number, end: number): void {
    // Most strings are shorter.
    if (end - start < SHORTEST_METHOD) return;
    const value = Buffer.from(octets.buffer, octets.byteOffset + start, end - start);
    for (const method of PROXY_METHODS) if (value.includes(method)) this.hasFound = true;
  }

  override binary(octets: Uint8Array, start: number, end: number): void {
    this.text(octets, start, end);
  }
}
