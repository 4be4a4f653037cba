/**
 * The address of a Unix socket as the system takes it, for calls through bun:ffi.
 *
 * @module
 */

import { AF_UNIX } from "./socket-constants.ts";

/** A `struct sockaddr_un`: the family, then the path; that of an abstract socket, `@name`, begins with a NUL. */
export function unixSocketAddress(address: string): Buffer {
  const path = address.startsWith("@") ? `\0${address.slice(1)}` : `${address}\0`;
  const family = Buffer.alloc(2);
  new Uint16Array(family.buffer, family.byteOffset, 1)[0] = AF_UNIX;
  return Buffer.concat([family, Buffer.from(path)]);
}
