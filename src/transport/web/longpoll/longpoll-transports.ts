/**
 * LongPollTransports: the open long-poll transports of a worker by their ids, and the ways to those of the other
 * workers of its node.
 *
 * Several workers share a port, and the system chooses one of them for each connection of a client. Each of them has
 * a socket in one folder, to which the others hand the requests for its transports over.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { withinTime } from "#base/within-time.ts";
import type { StreamingService } from "#transport/web/streaming-service.ts";
import type { LongPollPeer } from "./longpoll-peer.ts";
import { newTransportId, newWorkerId, originOf } from "./transport-id.ts";

/** The transports of one worker. */
export class LongPollTransports {
  /** Names this worker in the ids of its transports. */
  readonly worker = newWorkerId();
  /** Null: requests cannot be handed over. */
  readonly #folder: string | null;
  /** By a hash, so that the time of a look-up tells nothing about the ids. */
  readonly #open = new Map<string, LongPollPeer>();
  readonly #services = new Map<string, StreamingService>();
  /** Requests that other workers are answering. */
  #handedOver = 0;
  #allAnswered: PromiseWithResolvers<void> | undefined;

  /** `folder` has the sockets of the workers of the node; null: there is none. */
  constructor(folder: string | null) {
    this.#folder = folder;
  }

  /** The number of open transports. */
  get size(): number {
    return this.#open.size;
  }

  /** Adds a transport that was opened at a place; gives its id. */
  add(peer: LongPollPeer, place: string): string {
    const id = newTransportId({ worker: this.worker, place });
    this.#open.set(hashOf(id), peer);
    return id;
  }

  /** The open transport with this id; undefined: there is none in this worker. */
  find(id: string): LongPollPeer | undefined {
    return this.#open.get(hashOf(id));
  }

  remove(id: string): void {
    this.#open.delete(hashOf(id));
  }

  /** Sets the service of a place. */
  serve(place: string, service: StreamingService): void {
    this.#services.set(place, service);
  }

  /** The service for the place of an id; undefined: there is none in this worker. */
  serviceFor(id: string): StreamingService | undefined {
    return this.#services.get(originOf(id)?.place ?? "");
  }

  /** The socket file of this worker; null: there is none. */
  get ownSocket(): string | null {
    return this.#folder === null ? null : this.#socketIn(this.#folder, this.worker);
  }

  /** The socket file of another worker; null: there is no such worker. */
  socketOf(worker: string): string | null {
    if (this.#folder === null) return null;
    const file = this.#socketIn(this.#folder, worker);
    return existsSync(file) ? file : null;
  }

  /** Notes that a request is handed over to another worker, or (-1) is over. */
  noteHandedOver(change: 1 | -1): void {
    this.#handedOver += change;
    if (this.#handedOver === 0) this.#allAnswered?.resolve();
  }

  /** Waits until other workers have answered all requests that were handed over, or the time is over. */
  async untilAnswered(timeoutMs: number): Promise<void> {
    if (this.#handedOver === 0) return;
    this.#allAnswered ??= Promise.withResolvers<void>();
    await withinTime(this.#allAnswered.promise, timeoutMs);
  }

  #socketIn(folder: string, worker: string): string {
    return join(folder, `${worker}.sock`);
  }
}

function hashOf(id: string): string {
  return new Bun.CryptoHasher("sha256").update(id).digest("base64");
}
