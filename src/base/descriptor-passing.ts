/**
 * Passing descriptors to another process of the same user, over a Unix socket, on Linux (bun:ffi; SCM_RIGHTS of
 * unix(7)): the receiver binds the socket, and each sender sends one datagram.
 *
 * @module
 */

import { type Pointer, ptr } from "bun:ffi";
import { rmSync } from "node:fs";
import { openCLibrary } from "./c-library.ts";
import { AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM, SOL_SOCKET } from "./socket-constants.ts";
import { unixSocketAddress } from "./unix-address.ts";

/** What one sender has sent. */
export interface PassedDescriptors {
  /** Of this process. */
  descriptors: number[];
  text: string;
}

const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_CMSG_CLOEXEC = 0x40000000;

/** The system passes no more in one message. */
const MAX_DESCRIPTORS = 253;

const MAX_TEXT_OCTETS = 64 * 1024;

/** Octets of `struct cmsghdr`, behind which the descriptors are, with four octets each. */
const CONTROL_HEAD = 16;

function openCalls() {
  return openCLibrary({
    socket: { args: ["int", "int", "int"], returns: "int" },
    bind: { args: ["int", "ptr", "u32"], returns: "int" },
    sendmsg: { args: ["int", "ptr", "int"], returns: "i64" },
    recvmsg: { args: ["int", "ptr", "int"], returns: "i64" },
    close: { args: ["int"], returns: "int" },
  });
}

type Calls = NonNullable<ReturnType<typeof openCalls>>;

/** A `struct msghdr`, and what it points to, which has to live as long as it. */
interface SystemMessage {
  head: BigUint64Array;
  text: Buffer;
  control: Buffer;
  others: unknown[];
}

/** The receiving end. */
export class DescriptorReceiver {
  readonly #calls: Calls;
  readonly #socket: number;
  readonly #path: string;

  private constructor(calls: Calls, socket: number, path: string) {
    this.#calls = calls;
    this.#socket = socket;
    this.#path = path;
  }

  /** Makes the socket file, to which this user alone can send; null: the system does not allow it here. */
  static open(path: string): DescriptorReceiver | null {
    const calls = openCalls();
    const socket = calls?.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) ?? -1;
    if (calls === null || socket < 0) return null;
    rmSync(path, { force: true });
    const address = unixSocketAddress(path);
    // The mask keeps others from sending.
    const umask = process.umask(0o177);
    const isBound = calls.bind(socket, ptr(address), address.length) === 0;
    process.umask(umask);
    if (isBound) return new DescriptorReceiver(calls, socket, path);
    calls.close(socket);
    return null;
  }

  /** What a sender has sent already; null: nothing. */
  receive(): PassedDescriptors | null {
    const message = systemMessage(
      null,
      Buffer.alloc(MAX_TEXT_OCTETS),
      Buffer.alloc(controlOctets(MAX_DESCRIPTORS)),
    );
    const flags = MSG_DONTWAIT | MSG_CMSG_CLOEXEC;
    const octets = Number(this.#calls.recvmsg(this.#socket, pointerTo(message), flags));
    if (octets < 0) return null;
    const { text, control, head } = message;
    return {
      descriptors: readControl(control.subarray(0, Number(head[5]))),
      text: text.toString("utf8", 0, octets),
    };
  }

  /** Removes the socket file. */
  close(): void {
    this.#calls.close(this.#socket);
    rmSync(this.#path, { force: true });
  }
}

/** Sends descriptors, at most 253, with a text; false when that is not possible. */
export function sendDescriptors(
  path: string,
  { descriptors, text }: Readonly<PassedDescriptors>,
): boolean {
  const calls = openCalls();
  if (calls === null || descriptors.length > MAX_DESCRIPTORS) return false;
  const socket = calls.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return false;
  const message = systemMessage(
    unixSocketAddress(path),
    Buffer.from(text),
    writtenControl(descriptors),
  );
  const octets = Number(calls.sendmsg(socket, pointerTo(message), MSG_DONTWAIT));
  calls.close(socket);
  return octets === message.text.length;
}

/** Its fields have the same places for glibc and musl, on x64 and arm64. */
function systemMessage(to: Buffer | null, text: Buffer, control: Buffer): SystemMessage {
  const part = BigUint64Array.of(addressOf(text), BigInt(text.length));
  const head = BigUint64Array.of(
    to === null ? 0n : addressOf(to),
    BigInt(to?.length ?? 0),
    addressOf(part),
    1n,
    control.length === 0 ? 0n : addressOf(control),
    BigInt(control.length),
    0n,
  );
  return { head, text, control, others: [to, part] };
}

function pointerTo({ head }: SystemMessage): Pointer {
  return ptr(head);
}

function addressOf(octets: NodeJS.TypedArray): bigint {
  return BigInt(ptr(octets));
}

function controlOctets(count: number): number {
  return CONTROL_HEAD + Math.ceil(count / 2) * 8;
}

function writtenControl(descriptors: readonly number[]): Buffer {
  const control = Buffer.alloc(descriptors.length === 0 ? 0 : controlOctets(descriptors.length));
  if (descriptors.length === 0) return control;
  control.writeBigUInt64LE(BigInt(CONTROL_HEAD + descriptors.length * 4), 0);
  control.writeInt32LE(SOL_SOCKET, 8);
  control.writeInt32LE(SCM_RIGHTS, 12);
  for (const [index, descriptor] of descriptors.entries()) {
    control.writeInt32LE(descriptor, CONTROL_HEAD + index * 4);
  }
  return control;
}

function readControl(control: Buffer): number[] {
  if (control.length < CONTROL_HEAD || control.readInt32LE(12) !== SCM_RIGHTS) return [];
  const octets = Number(control.readBigUInt64LE(0)) - CONTROL_HEAD;
  return Array.from({ length: octets / 4 }, (_, index) =>
    control.readInt32LE(CONTROL_HEAD + index * 4),
  );
}
