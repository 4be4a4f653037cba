/**
 * System calls that Bun does not offer, made through the C library (bun:ffi), on Linux.
 *
 * @module
 */

import { type Pointer, ptr } from "bun:ffi";
import { constants } from "node:os";
import { openCLibrary } from "#base/c-library.ts";
import {
  AF_UNIX,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "#base/socket-constants.ts";
import { unixSocketAddress } from "#base/unix-address.ts";

/** The calls that are used here; pointers are addresses in this process. */
interface SystemCalls {
  socket(domain: number, type: number, protocol: number): number;
  bind(descriptor: number, address: Pointer, length: number): number;
  close(descriptor: number): number;
  listen(descriptor: number, backlog: number): number;
  getsockopt(fd: number, level: number, name: number, value: Pointer, length: Pointer): number;
  setsockopt(fd: number, level: number, name: number, value: Pointer, length: number): number;
  ioctl(descriptor: number, request: number, value: Pointer): number;
  prctl(option: number, value: number, third: number, fourth: number, fifth: number): number;
}

const SO_REUSEPORT = 15;
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const SIOCOUTQ = 0x5411;
const PR_SET_PDEATHSIG = 1;

/** Where `tcpi_bytes_acked` is in `struct tcp_info` (Linux 4.1 and later). */
const BYTES_ACKED = 120;

/** Undefined until it is asked for; null: there is no such library. */
let calls: SystemCalls | null | undefined;

const tcpInfo = new DataView(new ArrayBuffer(256));
const tcpInfoLength = new Uint32Array(1);
const queued = new Int32Array(1);

function systemCalls(): SystemCalls | null {
  if (calls === undefined) calls = openCalls();
  return calls;
}

function openCalls(): SystemCalls | null {
  return openCLibrary({
    socket: { args: ["int", "int", "int"], returns: "int" },
    bind: { args: ["int", "ptr", "u32"], returns: "int" },
    close: { args: ["int"], returns: "int" },
    listen: { args: ["int", "int"], returns: "int" },
    getsockopt: { args: ["int", "int", "int", "ptr", "ptr"], returns: "int" },
    setsockopt: { args: ["int", "int", "int", "ptr", "u32"], returns: "int" },
    ioctl: { args: ["int", "u64", "ptr"], returns: "int" },
    prctl: { args: ["int", "u64", "u64", "u64", "u64"], returns: "int" },
  });
}

/**
 * Opens a socket that listens on a path; null when that is not possible here, for whatever reason. Bun removes the file of
 * a socket that it has opened by itself when it stops to listen, also where another process still listens.
 */
export function listenOnPath(path: string, backlog: number): number | null {
  const libc = systemCalls();
  const descriptor = libc?.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) ?? -1;
  if (libc === null || descriptor < 0) return null;
  const address = unixSocketAddress(path);
  const isBound = libc.bind(descriptor, ptr(address), address.length) === 0;
  if (isBound && libc.listen(descriptor, backlog) === 0) return descriptor;
  libc.close(descriptor);
  return null;
}

/** Sets the backlog of a listening socket; false when that is not possible here. */
export function setBacklog(descriptor: number, backlog: number): boolean {
  return systemCalls()?.listen(descriptor, backlog) === 0;
}

/**
 * Lets other sockets of this user listen on the port of a listening socket too; false when that is not possible here.
 * It cannot be taken back: what the system remembers of the port outlasts the option.
 */
export function shareListeningPort(descriptor: number): boolean {
  const value = new Int32Array([1]);
  const { byteLength } = value;
  const libc = systemCalls();
  return libc?.setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, ptr(value), byteLength) === 0;
}

/**
 * Makes the system continue this process, where it is stopped, when the process that started it has gone; false
 * where that is not possible.
 *
 * The system sends the signal also when only the thread that started this process ends. SIGCONT then does
 * nothing, and is sent again when the process itself ends.
 */
export function continueWhenParentEnds(): boolean {
  return systemCalls()?.prctl(PR_SET_PDEATHSIG, constants.signals.SIGCONT, 0, 0, 0) === 0;
}

/** Octets of one TCP connection that the system has been given. */
export interface SentOctets {
  /** Acknowledged by the system of the other side so far. */
  delivered: number;
  /** Not acknowledged yet. */
  pending: number;
}

/** How much of a TCP connection's octets has been delivered; null where the system does not tell. */
export function sentOctets(descriptor: number): SentOctets | null {
  const libc = systemCalls();
  if (libc === null) return null;
  tcpInfoLength[0] = tcpInfo.byteLength;
  const info = ptr(tcpInfo);
  const failed =
    libc.getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, info, ptr(tcpInfoLength)) !== 0 ||
    (tcpInfoLength[0] ?? 0) < BYTES_ACKED + 8 ||
    libc.ioctl(descriptor, SIOCOUTQ, ptr(queued)) !== 0;
  if (failed) return null;
  const delivered = Number(tcpInfo.getBigUint64(BYTES_ACKED, true));
  return { delivered, pending: queued[0] ?? 0 };
}
