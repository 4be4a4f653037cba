/**
 * ServiceManager: tells systemd what the node does, over the socket that it names in NOTIFY_SOCKET.
 *
 *     READY=1    RELOADING=1 MONOTONIC_USEC=...    MAINPID=...    STOPPING=1    WATCHDOG=1
 *
 * (systemd: sd_notify(3), `Type=notify` and `Type=notify-reload` of systemd.service(5).)
 *
 * @module
 */

import { type Pointer, ptr } from "bun:ffi";
import { openCLibrary } from "./c-library.ts";
import { AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM } from "./socket-constants.ts";
import { unixSocketAddress } from "./unix-address.ts";

/** Sends one datagram; what cannot be sent is lost, as with systemd's own library. */
export type Notify = (message: string) => void;

/** The variables that systemd sets; programs that the node starts must not have them. */
const VARIABLES = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/** What the service manager is told of the node. */
export class ServiceManager {
  /** The variables by which a process that follows this one is told of the manager. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #notify: Notify;
  readonly #monotonicMicros: () => bigint;
  readonly #watchdog: ReturnType<typeof setInterval> | null;

  /** `watchdogMicros`: the node counts as hung when nothing is heard for that long; null: it is not watched. */
  constructor(
    notify: Notify,
    monotonicMicros: () => bigint,
    watchdogMicros: number | null,
    environment: Readonly<Record<string, string>>,
  ) {
    this.environment = environment;
    this.#notify = notify;
    this.#monotonicMicros = monotonicMicros;
    this.#watchdog =
      watchdogMicros === null
        ? null
        : setInterval(() => notify("WATCHDOG=1"), watchdogMicros / 2 / 1000);
    this.#watchdog?.unref();
  }

  /**
   * The manager that has started this process, whose variables are removed from `environment`; null: it was not
   * started by one that wants to be told, or it cannot be told here.
   */
  static of(environment: Record<string, string | undefined>): ServiceManager | null {
    const [address, watchdog, pid] = VARIABLES.map((name) => environment[name]);
    for (const name of VARIABLES) delete environment[name];
    if (address === undefined) return null;
    const calls = openCalls();
    if (calls === null) return null;
    const isWatched = watchdog !== undefined && (pid === undefined || Number(pid) === process.pid);
    return new ServiceManager(
      (message) => sendDatagram(calls, address, message),
      () => monotonicMicros(calls),
      isWatched ? Number(watchdog) : null,
      // Without WATCHDOG_PID, which would be that of this process.
      { NOTIFY_SOCKET: address, ...(isWatched && { WATCHDOG_USEC: watchdog }) },
    );
  }

  /** All workers listen, or a reload is over. */
  ready(): void {
    this.#notify("READY=1");
  }

  /** A reload has begun; `ready` is to follow. */
  reloading(): void {
    // Without the time systemd cannot tell it from an earlier reload, and waits until its deadline.
    this.#notify(`RELOADING=1\nMONOTONIC_USEC=${this.#monotonicMicros()}`);
  }

  /** Another process is the main one of the service from now on, and the only one that is heard. */
  followedBy(pid: number): void {
    if (this.#watchdog !== null) clearInterval(this.#watchdog);
    this.#notify(`MAINPID=${pid}`);
  }

  /** The node ends. */
  stopping(): void {
    this.#notify("STOPPING=1");
  }
}

/** Pointers are addresses in this process. */
interface DatagramCalls {
  socket(domain: number, type: number, protocol: number): number;
  sendto(
    descriptor: number,
    octets: Pointer,
    length: number,
    flags: number,
    address: Pointer,
    addressLength: number,
  ): number | bigint;
  close(descriptor: number): number;
  clock_gettime(clock: number, time: Pointer): number;
}

const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;
const CLOCK_MONOTONIC = 1;

/** Bun has no datagrams on Unix sockets, and its clock begins with the process. */
function openCalls(): DatagramCalls | null {
  return openCLibrary({
    socket: { args: ["int", "int", "int"], returns: "int" },
    sendto: { args: ["int", "ptr", "u64", "int", "ptr", "u32"], returns: "i64" },
    close: { args: ["int"], returns: "int" },
    clock_gettime: { args: ["int", "ptr"], returns: "int" },
  });
}

function sendDatagram(calls: DatagramCalls, address: string, message: string): void {
  const descriptor = calls.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return;
  const octets = Buffer.from(message);
  const to = unixSocketAddress(address);
  calls.sendto(descriptor, ptr(octets), octets.length, MSG_DONTWAIT_NOSIGNAL, ptr(to), to.length);
  calls.close(descriptor);
}

function monotonicMicros(calls: DatagramCalls): bigint {
  const time = new BigInt64Array(2);
  calls.clock_gettime(CLOCK_MONOTONIC, ptr(time));
  const [seconds = 0n, nanoseconds = 0n] = time;
  return seconds * 1_000_000n + nanoseconds / 1000n;
}
