/**
 * Descriptors of listening sockets that another process has opened: where they listen, and how they become usable, on
 * Linux (bun:ffi).
 *
 * @module
 */

import { ptr } from "bun:ffi";
import { openCLibrary } from "./c-library.ts";
import { SOCK_STREAM, SOL_SOCKET } from "./socket-constants.ts";

/** Where a socket listens; the path of an abstract Unix socket begins with `@`. */
export type ListeningAddress =
  | { type: "tcp"; host: string; port: number }
  | { type: "unix"; path: string };

const SO_TYPE = 3;
const SO_ACCEPTCONN = 30;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const FD_CLOEXEC = 1;
const O_NONBLOCK = 0o4000;
const FAMILIES = { unix: 1, ipv4: 2, ipv6: 10 } as const;

/** Octets of the longest address, and of the family before it. */
const MAX_ADDRESS_OCTETS = 128;
const FAMILY_OCTETS = 2;

function openCalls() {
  return openCLibrary({
    getsockname: { args: ["int", "ptr", "ptr"], returns: "int" },
    getsockopt: { args: ["int", "int", "int", "ptr", "ptr"], returns: "int" },
    fcntl: { args: ["int", "int", "int"], returns: "int" },
  });
}

type Calls = NonNullable<ReturnType<typeof openCalls>>;

/** Where the socket of a descriptor listens; null: it is no stream socket that listens. */
export function listeningAddressOf(descriptor: number): ListeningAddress | null {
  const calls = openCalls();
  if (calls === null) return null;
  const isListening = optionOf(calls, descriptor, SO_ACCEPTCONN) === 1;
  if (!isListening || optionOf(calls, descriptor, SO_TYPE) !== SOCK_STREAM) return null;
  const address = Buffer.alloc(MAX_ADDRESS_OCTETS);
  const length = new Uint32Array([address.length]);
  if (calls.getsockname(descriptor, ptr(address), ptr(length)) !== 0) return null;
  return readAddress(address.subarray(0, length[0]));
}

/**
 * Keeps a descriptor from programs that this process starts, and its socket from blocking: of several processes that
 * accept from it, all but one find nothing.
 */
export function adoptDescriptor(descriptor: number): void {
  const calls = openCalls();
  if (calls === null) return;
  calls.fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  calls.fcntl(descriptor, F_SETFL, calls.fcntl(descriptor, F_GETFL, 0) | O_NONBLOCK);
}

/** An IP address in the one spelling by which addresses can be compared; other texts stay as they are. */
export function canonicalAddress(host: string): string {
  if (!host.includes(":")) return host;
  return URL.parse(`http://[${host}]/`)?.hostname.slice(1, -1) ?? host;
}

function optionOf(calls: Calls, descriptor: number, name: number): number | undefined {
  const value = new Int32Array(1);
  const length = new Uint32Array([value.byteLength]);
  const outcome = calls.getsockopt(descriptor, SOL_SOCKET, name, ptr(value), ptr(length));
  return outcome === 0 ? value[0] : undefined;
}

/** Reads a `struct sockaddr`. */
function readAddress(address: Buffer): ListeningAddress | null {
  const [family] = new Uint16Array(address.buffer, address.byteOffset, 1);
  if (family === FAMILIES.unix) return { type: "unix", path: readPath(address) };
  const port = address.readUInt16BE(FAMILY_OCTETS);
  if (family === FAMILIES.ipv4) {
    return { type: "tcp", host: address.subarray(4, 8).join("."), port };
  }
  if (family !== FAMILIES.ipv6) return null;
  const groups = address.subarray(8, 24).toString("hex").match(/.{4}/g) ?? [];
  return { type: "tcp", host: canonicalAddress(groups.join(":")), port };
}

function readPath(address: Buffer): string {
  const path = address.toString("utf8", FAMILY_OCTETS);
  return path.startsWith("\0") ? `@${path.slice(1)}` : path.replace(/\0.*$/s, "");
}
