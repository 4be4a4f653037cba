/**
 * SocketWriter: writes to one socket. Gathers what it is sent in one turn of the event loop into one write, and queues
 * what the system does not take.
 *
 * @module
 */

import { holdMessageMemory } from "#base/message-memory.ts";
import { freeOctets, keepOctets } from "#base/octet-ownership.ts";
import { outgoingMemory, type WaitingWriter } from "#base/outgoing-memory.ts";
import { TransportEnd } from "#wamp/peer.ts";
import type { ConnectionSocket } from "./connection.ts";
import { eventTurns, type TurnTaker } from "./event-turns.ts";
import { GatherBuffer, type Gatherer } from "./gather-buffer.ts";
import { writeAtTurnEnd } from "./turn-end.ts";

/**
 * With more octets than this, and twice `maxBuffered`, in its queue a connection is terminated at the next
 * message. The limits of the sessions are lower.
 */
const MAX_QUEUED_OCTETS = 32 * 1024 * 1024;

const GATHER_OCTETS = 64 * 1024;
const QUEUE_BLOCK_OCTETS = 64 * 1024;

/** More octets than this may not wait for a client that reads slowly, while the memory is scarce, nor amid a long message. */
const SCARCE_OCTETS = 64 * 1024;

/** Time for a client to take something of what waits for it at the end, and so often at most. */
const CLOSE_STEP_MS = 1000;
const MAX_CLOSE_STEPS = 10;

/** Observes the queue of a writer. */
export interface DrainObserver {
  /** The queue was longer than `maxBuffered` and has become short again. */
  onQueueDrained(): void;
  /** The connection is terminated, because so many octets wait for it, or for all clients. */
  onQueueOverflow?(queuedOctets: number, reason: string): void;
}

/** Shared by all writers, because most connections never queue anything. */
const EMPTY_QUEUE: QueueBlock[] = [];

/** What all sockets are sent in one turn. */
const gathered = new GatherBuffer(GATHER_OCTETS);

/** In place of a writer's place there. */
const NOWHERE = -1;

function flushGathered(): void {
  gathered.flush();
}

/** A block of the queue; the octets from `start` to `end` are not written yet. */
interface QueueBlock {
  octets: Uint8Array<ArrayBuffer>;
  start: number;
  end: number;
}

/** Writes to one socket. Octets are borrowed: those that cannot be written at once are copied, unless they may be kept. */
export class SocketWriter implements TurnTaker, WaitingWriter, Gatherer {
  readonly maxOutgoing: number;
  takenAt = 0;
  readonly #socket: ConnectionSocket;
  readonly maxBuffered: number;
  readonly #observer: DrainObserver;
  readonly #isOfClient: boolean;
  #queue = EMPTY_QUEUE;
  #queuedOctets = 0;
  /** Its place in `gathered`, if it has octets there. */
  #place = NOWHERE;
  #needsDrain = false;
  #state: "open" | "ending" | "dropped" = "open";
  #deadline: ReturnType<typeof setTimeout> | null = null;

  /**
   * `maxBuffered`: with more octets queued, `write` answers false. `maxOutgoing`: what may wait for all clients
   * of the process; absent where the other side is a router, for which the messages of clients wait.
   */
  constructor(
    socket: ConnectionSocket,
    maxBuffered: number,
    observer: DrainObserver,
    maxOutgoing?: number,
  ) {
    this.#socket = socket;
    this.maxBuffered = maxBuffered;
    this.#observer = observer;
    this.#isOfClient = maxOutgoing !== undefined;
    this.maxOutgoing = maxOutgoing ?? Number.POSITIVE_INFINITY;
  }

  /** Octets that this process holds until the system takes them. */
  get bufferedOctets(): number {
    return this.#queuedOctets + (this.#place === NOWHERE ? 0 : gathered.lengthAt(this.#place));
  }

  /**
   * Sends octets. False: they are taken, but more than `maxBuffered` are queued; `onQueueDrained`
   * follows. After `end` or `drop` octets are discarded and answered true.
   */
  write(octets: Uint8Array): boolean {
    if (this.#state !== "open") return true;
    if (this.#queuedOctets > MAX_QUEUED_OCTETS + 2 * this.maxBuffered)
      this.#overflow(TransportEnd.tooMuchWaits);
    else if (this.#queuedOctets > 0) this.#enqueue(octets, 0, octets.length);
    else this.#gather(octets);
    if (!this.#isBehind()) return true;
    this.#needsDrain = true;
    return false;
  }

  /** Sends the first `headerOctets` of a header, then a payload; answers as `write` does. */
  writeFrame(header: Uint8Array, headerOctets: number, payload: Uint8Array): boolean {
    const octets = headerOctets + payload.length;
    if (this.#queuedOctets > 0 || octets > gathered.space || this.#state !== "open") {
      this.write(header.subarray(0, headerOctets));
      return this.write(payload);
    }
    const at = this.#extend(octets);
    const target = gathered.octets;
    for (let index = 0; index < headerOctets; index++) target[at + index] = header[index] as number;
    target.set(payload, at + headerOctets);
    return true;
  }

  /**
   * Sends octets of a long message that arrives part by part. False: they are taken, but the next ones should come
   * later; `onQueueDrained` follows.
   */
  writePart(octets: Uint8Array): boolean {
    const isGathered = this.#place !== NOWHERE || octets.length <= GATHER_OCTETS;
    if (this.#state !== "open" || this.#queuedOctets > 0 || isGathered) this.write(octets);
    else this.#writeOrQueue(octets, 0, octets.length);
    return this.takesParts();
  }

  /** Whether the next part of a long message may come; false: much of it waits, and `onQueueDrained` follows. */
  takesParts(): boolean {
    if (this.#queuedOctets <= SCARCE_OCTETS && !this.#isBehind()) return true;
    this.#needsDrain = true;
    return false;
  }

  /** Counts octets that wait for this side, in the queue or elsewhere. The connection may be given up for them. */
  hold(octets: Uint8Array): void {
    if (this.#isOfClient) outgoingMemory.hold(this, octets);
    else holdMessageMemory(octets.length);
  }

  /** Octets that were counted do not wait any more; to be called before `drop`. */
  release(octets: Uint8Array): void {
    if (this.#isOfClient) outgoingMemory.release(this, octets);
    else holdMessageMemory(-octets.length);
  }

  /** Writes the gathered octets now. */
  flush(): void {
    if (this.#place === NOWHERE) return;
    const octets = gathered.take(this.#place);
    const { source, start } = gathered;
    this.#place = NOWHERE;
    this.#writeOrQueue(source, start, start + octets);
  }

  /** The socket is writable again. */
  drained(): void {
    for (let block = this.#queue[0]; block !== undefined; block = this.#queue[0]) {
      const length = block.end - block.start;
      const written = this.#socket.write(block.octets, block.start, length);
      if (written < 0) {
        this.#abandon();
        return;
      }
      if (written > 0) this.takenAt = performance.now();
      block.start += written;
      this.#queuedOctets -= written;
      if (written < length) break;
      this.#queue.shift();
      this.#release(block);
    }
    if (this.#queue.length === 0) outgoingMemory.leave(this);
    if (this.#state === "ending") {
      if (this.#queuedOctets === 0) this.#socket.shutdown();
    } else if (this.#needsDrain && this.#queuedOctets <= this.maxBuffered / 4) {
      this.#needsDrain = false;
      this.#observer.onQueueDrained();
    }
  }

  /**
   * Sends what is queued, then shuts the socket down for writing: closing it at once could lose octets
   * that the system has taken but not sent. A connection that is not closed is finished after a second in
   * which nothing was taken, and at the latest after ten.
   */
  end(): void {
    if (this.#state !== "open") return;
    this.flush();
    if (this.#isDropped) return;
    this.#state = "ending";
    this.#awaitClose(MAX_CLOSE_STEPS);
    if (this.#queuedOctets === 0) this.#socket.shutdown();
  }

  /**
   * Closes the connection, whose other side sends nothing more: then closing it loses nothing that the system has
   * taken. What is queued is sent first, as `end` does.
   */
  endIdle(): void {
    if (this.#state !== "open") return;
    this.flush();
    if (this.#isDropped) return;
    if (this.#queuedOctets > 0) {
      this.end();
      return;
    }
    this.#state = "ending";
    this.#socket.end();
    // A connection with TLS is closed when the other side has ended it too.
    if (!this.#isDropped) this.#awaitClose(MAX_CLOSE_STEPS);
  }

  /** Closes the connection now. The system still delivers what it has taken, unless more is queued. */
  finish(): void {
    this.flush();
    if (this.#queuedOctets > 0) {
      this.#socket.terminate();
      return;
    }
    this.#socket.shutdown();
    this.#socket.end();
  }

  #awaitClose(steps: number): void {
    const queuedOctets = this.#queuedOctets;
    this.#deadline = setTimeout(() => {
      const isRead = this.#queuedOctets < queuedOctets;
      if (isRead && steps > 1) this.#awaitClose(steps - 1);
      else this.finish();
    }, CLOSE_STEP_MS);
  }

  /** The connection is closed: discards everything. */
  drop(): void {
    this.#state = "dropped";
    this.#needsDrain = false;
    this.#place = NOWHERE;
    const queue = this.#queue;
    this.#queue = EMPTY_QUEUE;
    this.#queuedOctets = 0;
    for (const block of queue) this.#release(block);
    outgoingMemory.leave(this);
    if (this.#deadline !== null) clearTimeout(this.#deadline);
  }

  get #isDropped(): boolean {
    return this.#state === "dropped";
  }

  /** Makes room for octets in `gathered`, where there has to be space; gives where they begin. */
  #extend(octets: number): number {
    if (this.#place === NOWHERE) {
      if (gathered.isUnused) writeAtTurnEnd(flushGathered);
      this.#place = gathered.open(this);
    }
    return gathered.extend(this.#place, octets);
  }

  #gather(octets: Uint8Array): void {
    const { space } = gathered;
    if (octets.length <= space) {
      gathered.octets.set(octets, this.#extend(octets.length));
      return;
    }
    // The begin of a long message fills the buffer, so that no small write goes before it.
    if (space > 0) gathered.octets.set(octets.subarray(0, space), this.#extend(space));
    gathered.flush();
    if (this.#isDropped) return;
    if (this.#queuedOctets > 0) this.#enqueue(octets, space, octets.length);
    else if (this.#keep(octets, space, octets.length)) eventTurns.wait(this);
    else this.#writeOrQueue(octets, space, octets.length);
  }

  /** Goes on with a long message: writing it to many sockets in one turn would hold up all others. */
  takeTurn(): void {
    if (!this.#isDropped) this.drained();
  }

  #writeOrQueue(octets: Uint8Array, start: number, end: number): void {
    const written = this.#socket.write(octets, start, end - start);
    if (written < 0) this.#abandon();
    else if (written < end - start) this.#enqueue(octets, start + written, end);
  }

  #enqueue(octets: Uint8Array, start: number, end: number): void {
    if (this.#keep(octets, start, end)) return;
    this.#queuedOctets += end - start;
    const copied = this.#fillTail(octets, start, end);
    if (start + copied === end) return;
    const block = new Uint8Array(Math.max(QUEUE_BLOCK_OCTETS, end - start - copied));
    block.set(octets.subarray(start + copied, end));
    this.#push({ octets: block, start: 0, end: end - start - copied });
  }

  /** Queues octets without a copy; false: they may not be kept. */
  #keep(octets: Uint8Array, start: number, end: number): boolean {
    const kept = keepOctets(octets);
    if (kept === undefined) return false;
    this.#queuedOctets += end - start;
    this.#push({ octets: kept, start, end });
    return true;
  }

  #push(block: QueueBlock): void {
    if (this.#queue === EMPTY_QUEUE) this.#queue = [];
    if (this.#queue.length === 0) this.takenAt = performance.now();
    this.#queue.push(block);
    this.hold(block.octets);
  }

  #release({ octets }: QueueBlock): void {
    this.release(octets);
    freeOctets(octets);
  }

  #isBehind(): boolean {
    const queued = this.#queuedOctets;
    if (queued > this.maxBuffered) return true;
    return queued > SCARCE_OCTETS && outgoingMemory.isScarce(this.maxOutgoing);
  }

  /** Copies octets to the free end of the last block, and gives their number. */
  #fillTail(octets: Uint8Array, start: number, end: number): number {
    const tail = this.#queue.at(-1);
    if (tail === undefined) return 0;
    const fitting = Math.min(tail.octets.length - tail.end, end - start);
    tail.octets.set(octets.subarray(start, start + fitting), tail.end);
    tail.end += fitting;
    return fitting;
  }

  /** Discards what waits, because it takes too much of the memory for all clients. */
  giveUp(): void {
    this.#overflow(TransportEnd.tooMuchWaitsForAll);
  }

  #overflow(reason: string): void {
    const queuedOctets = this.#queuedOctets;
    this.#abandon();
    this.#observer.onQueueOverflow?.(queuedOctets, reason);
  }

  /**
   * The connection takes no more octets. A paused socket gets no event when its other side is gone, so
   * it is terminated here; in a microtask, because the caller is still sending.
   */
  #abandon(): void {
    this.drop();
    queueMicrotask(() => this.#socket.terminate());
  }
}
