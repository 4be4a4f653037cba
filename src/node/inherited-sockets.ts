/**
 * InheritedSockets: the listening sockets that a node gets at its start, and the transports that use them.
 *
 *     from a service manager       LISTEN_FDS of sd_listen_fds(3), by the address; the manager keeps them open, so that
 *                                  each restart of a worker, and all workers of a shared port, get the same one
 *     from the node before         those of its workers, by the ids of worker and transport, or by the address
 *
 * A worker gets a descriptor when it is spawned, as one of its own.
 *
 * @module
 */

import { closeSync } from "node:fs";
import { resolve } from "node:path";
import {
  adoptDescriptor,
  canonicalAddress,
  type ListeningAddress,
  listeningAddressOf,
} from "#base/listening-descriptor.ts";
import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { NativeWorkerConfig } from "#config/node/worker-config.ts";
import type { Logger } from "#observe/logger.ts";

/** A transport of a worker, by their ids. */
export interface TransportPlace {
  worker: string;
  transport: string;
}

/** A descriptor that this process has inherited. */
export interface InheritedDescriptor {
  descriptor: number;
  /** The transport that it is of in the node before; null: it is from a service manager. */
  origin: TransportPlace | null;
  /** Its name, for the log. */
  name: string;
}

/** A socket for a transport. */
export interface ClaimedSocket {
  transport: string;
  descriptor: number;
  /** Null for a Unix socket. */
  port: number | null;
  /** Whether the node removes the file of a Unix socket at its end. */
  isOwn: boolean;
}

interface InheritedSocket extends InheritedDescriptor {
  address: ListeningAddress;
  /** The transports that it was given to. */
  users: TransportPlace[];
}

/** The first inherited descriptor (SD_LISTEN_FDS_START). */
const FIRST_DESCRIPTOR = 3;

const VARIABLES = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "LISTEN_PIDFDID"];

const WILDCARDS = ["0.0.0.0", "::"];

/** The descriptors of a service manager, whose variables are removed from `environment`. */
export function activatedDescriptors(
  environment: Record<string, string | undefined>,
): InheritedDescriptor[] {
  const [count, pid, names = ""] = VARIABLES.map((name) => environment[name]);
  for (const name of VARIABLES) delete environment[name];
  // As for sd_listen_fds: the variables may be those of a process before.
  if (Number(pid) !== process.pid) return [];
  const texts = names.split(":");
  return Array.from({ length: Number(count) || 0 }, (_, index) => ({
    descriptor: FIRST_DESCRIPTOR + index,
    origin: null,
    name: texts[index] || "unknown",
  }));
}

/** The sockets of one node. */
export class InheritedSockets {
  readonly #sockets: InheritedSocket[] = [];
  readonly #folder: string;

  /** `folder` is that of the node. Descriptors that do not listen are logged, and left alone. */
  constructor(descriptors: readonly InheritedDescriptor[], folder: string, log: Logger) {
    this.#folder = folder;
    for (const inherited of descriptors) {
      const { descriptor, name } = inherited;
      const address = listeningAddressOf(descriptor);
      if (address === null) {
        log.warn("inherited descriptor not used: it is no stream socket that listens", {
          descriptor,
          name,
        });
        continue;
      }
      adoptDescriptor(descriptor);
      this.#sockets.push({ ...inherited, address, users: [] });
    }
  }

  /** Those of a service manager, for a node that follows this one. */
  get activated(): InheritedDescriptor[] {
    return this.#sockets
      .filter(({ origin }) => origin === null)
      .map(({ descriptor, origin, name }) => ({ descriptor, origin, name }));
  }

  /** Whether a transport got its socket from a service manager. */
  isActivated(place: TransportPlace): boolean {
    return this.#sockets.some(
      ({ origin, users }) => origin === null && users.some((one) => isSamePlace(one, place)),
    );
  }

  /** Whether there is a socket for such an endpoint. */
  hasFor(endpoint: ListeningEndpointConfig): boolean {
    return this.#sockets.some(({ address }) => this.#fits(address, endpoint));
  }

  /** Takes the sockets for the transports of a worker that is about to be spawned. */
  claim({ id, transports }: NativeWorkerConfig): ClaimedSocket[] {
    return transports.flatMap(({ id: transport, endpoint }) => {
      const place = { worker: id, transport };
      const socket = this.#socketFor(place, endpoint);
      if (socket === undefined) return [];
      const { descriptor, address, origin, users } = socket;
      if (!users.some((one) => isSamePlace(one, place))) users.push(place);
      const port = address.type === "tcp" ? address.port : null;
      return [{ transport, descriptor, port, isOwn: origin !== null }];
    });
  }

  /** The worker has been spawned, or could not be; it keeps its own descriptors. */
  release(claimed: readonly ClaimedSocket[]): void {
    const spent = new Set(claimed.filter(({ isOwn }) => isOwn).map((one) => one.descriptor));
    this.#close(({ descriptor }) => spent.has(descriptor));
  }

  /** All workers have been spawned: logs what no transport uses, and closes it if nobody else keeps it. */
  reportUnused(log: Logger): void {
    for (const { address, name, users, origin } of this.#sockets) {
      if (users.length > 0) continue;
      const where = address.type === "unix" ? address.path : `${address.host} ${address.port}`;
      if (origin !== null)
        log.info("socket closed: no transport listens there any more", { where });
      else log.warn("inherited socket not used: no transport listens there", { where, name });
    }
    this.#close(({ origin, users }) => origin !== null && users.length === 0);
  }

  #close(isMeant: (socket: InheritedSocket) => boolean): void {
    for (const socket of this.#sockets.filter(isMeant)) {
      closeSync(socket.descriptor);
      this.#sockets.splice(this.#sockets.indexOf(socket), 1);
    }
  }

  #socketFor(place: TransportPlace, endpoint: ListeningEndpointConfig) {
    const isShared = endpoint.type === "tcp" && endpoint.shared;
    const fitting = this.#sockets.filter(({ address }) => this.#fits(address, endpoint));
    return (
      fitting.find(({ origin }) => origin !== null && isSamePlace(origin, place)) ??
      fitting.find(({ users }) => users.some((user) => isSamePlace(user, place))) ??
      fitting.find(({ users }) => users.length === 0) ??
      fitting
        .filter(({ origin }) => origin === null && isShared)
        .sort((one, other) => one.users.length - other.users.length)[0]
    );
  }

  #fits(address: ListeningAddress, endpoint: ListeningEndpointConfig): boolean {
    if (endpoint.type === "unix" || address.type === "unix") {
      if (endpoint.type !== "unix" || address.type !== "unix") return false;
      // Where its name is long, a worker binds it relative to the folder, in which it runs.
      return endpoint.path === resolve(this.#folder, address.path);
    }
    const [first, last] = endpoint.portrange ?? [endpoint.port, endpoint.port];
    const isInRange = address.port >= first && address.port <= last;
    return isInRange && isSameHost(address.host, endpoint.interface);
  }
}

/** A socket for all addresses is one of IPv6, which takes IPv4 too, or of IPv4. */
function isSameHost(host: string, configured: string): boolean {
  const other = canonicalAddress(configured);
  return host === other || [host, other].every((each) => WILDCARDS.includes(each));
}

function isSamePlace(one: TransportPlace, other: TransportPlace): boolean {
  return one.worker === other.worker && one.transport === other.transport;
}
