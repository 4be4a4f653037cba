/**
 * SocketWriter: what is sent on one Bun socket, gathered into few writes and queued when it stalls.
 *
 * @module
 */

/** Octets queued before a message at which a connection is given up, whoever failed to stop. */
const MOST_QUEUED_OCTETS = 32 * 1024 * 1024;

const GATHER_OCTETS = 64 * 1024;
const QUEUE_BLOCK_OCTETS = 64 * 1024;
const CLOSE_DEADLINE_MS = 1000;

/** What the writer uses of a Bun socket. */
export interface WritableSocket {
  write(octets: Uint8Array, offset: number, length: number): number;
  shutdown(): void;
  terminate(): void;
}

/** Is told when a side that was behind has caught up. */
export interface DrainObserver {
  caughtUp(): void;
}

/** Most connections never queue anything. */
const nothing: QueueBlock[] = [];

/**
 * The octets of one burst are gathered here and written in a microtask, that is as soon as the
 * running socket event has been handled. One buffer serves all sockets, because only one of them is
 * written to at a time; a writer that finds it taken makes its holder write first.
 */
const gathered = Buffer.allocUnsafeSlow(GATHER_OCTETS);
let gatheredOctets = 0;
let holder: SocketWriter | null = null;
let flushIsScheduled = false;

function flushHolder(): void {
  flushIsScheduled = false;
  holder?.flush();
}

/** A block of the queue: octets from `start` to `end` still have to be written. */
interface QueueBlock {
  octets: Uint8Array;
  start: number;
  end: number;
}

/** Writes to one socket. Octets handed in are borrowed; what cannot go out at once is copied. */
export class SocketWriter {
  readonly #socket: WritableSocket;
  readonly #maxBuffered: number;
  readonly #observer: DrainObserver;
  #queue = nothing;
  #queuedOctets = 0;
  #isBehind = false;
  #isEnding = false;
  #isOver = false;
  #deadline: ReturnType<typeof setTimeout> | null = null;

  /** `maxBuffered`: octets that may be queued before the other side counts as behind. */
  constructor(socket: WritableSocket, maxBuffered: number, observer: DrainObserver) {
    this.#socket = socket;
    this.#maxBuffered = maxBuffered;
    this.#observer = observer;
  }

  /** Octets that wait in this process for the other side to take them. */
  get bufferedOctets(): number {
    return this.#queuedOctets + (holder === this ? gatheredOctets : 0);
  }

  /**
   * Sends octets after those sent before. False: taken, but the other side is behind; `caughtUp`
   * follows. After `end` or `drop` octets are dropped and answered true.
   */
  write(octets: Uint8Array): boolean {
    if (this.#isEnding || this.#isOver) return true;
    if (this.#queuedOctets > MOST_QUEUED_OCTETS) this.#abandon();
    else if (this.#queuedOctets > 0) this.#enqueue(octets);
    else this.#gather(octets);
    if (this.#queuedOctets <= this.#maxBuffered) return true;
    this.#isBehind = true;
    return false;
  }

  /** Sends the first octets of a header and a payload behind them, as `write` does. */
  writeFrame(header: Uint8Array, headerOctets: number, payload: Uint8Array): boolean {
    const before = holder === this ? gatheredOctets : 0;
    const fits = before + headerOctets + payload.length <= GATHER_OCTETS;
    if (this.#queuedOctets > 0 || !fits || this.#isEnding || this.#isOver) {
      this.write(header.subarray(0, headerOctets));
      return this.write(payload);
    }
    this.#hold();
    let at = gatheredOctets;
    for (let index = 0; index < headerOctets; index++) gathered[at++] = header[index] as number;
    gathered.set(payload, at);
    gatheredOctets = at + payload.length;
    return true;
  }

  /**
   * Sends a header and text behind it, as `write` does. `fill` writes the header once the number of
   * the text's octets is known.
   */
  writeText(
    text: string,
    headerOctets: number,
    fill: (target: Uint8Array, at: number, octets: number) => void,
  ): boolean {
    if (this.#isEnding || this.#isOver) return true;
    // A UTF-16 unit becomes at most three octets.
    const most = headerOctets + text.length * 3;
    if (this.#queuedOctets > 0 || most > GATHER_OCTETS) {
      const octets = Buffer.from(text);
      const header = new Uint8Array(headerOctets);
      fill(header, 0, octets.length);
      this.write(header);
      return this.write(octets);
    }
    this.#hold();
    if (gatheredOctets + most > GATHER_OCTETS) {
      this.flush();
      return this.writeText(text, headerOctets, fill);
    }
    const octets = gathered.write(text, gatheredOctets + headerOctets, "utf8");
    fill(gathered, gatheredOctets, octets);
    gatheredOctets += headerOctets + octets;
    return true;
  }

  /** Writes what was gathered, now. */
  flush(): void {
    if (holder !== this) return;
    const octets = gatheredOctets;
    holder = null;
    gatheredOctets = 0;
    this.#writeOrQueue(gathered, 0, octets);
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
      block.start += written;
      this.#queuedOctets -= written;
      if (written < length) break;
      this.#queue.shift();
    }
    if (this.#isEnding) {
      if (this.#queuedOctets === 0) this.#socket.shutdown();
    } else if (this.#isBehind && this.#queuedOctets <= this.#maxBuffered / 4) {
      this.#isBehind = false;
      this.#observer.caughtUp();
    }
  }

  /**
   * Sends what is queued, then ends the connection. It is shut down for writing first, because
   * closing at once can lose octets that the system has taken but not sent; a connection that is
   * not over within a second is cut off.
   */
  end(): void {
    if (this.#isEnding || this.#isOver) return;
    this.flush();
    this.#isEnding = true;
    this.#deadline = setTimeout(() => this.#socket.terminate(), CLOSE_DEADLINE_MS);
    if (this.#queuedOctets === 0) this.#socket.shutdown();
  }

  /** The connection is over: forgets everything. */
  drop(): void {
    this.#isOver = true;
    if (holder === this) {
      holder = null;
      gatheredOctets = 0;
    }
    this.#queue = nothing;
    this.#queuedOctets = 0;
    if (this.#deadline !== null) clearTimeout(this.#deadline);
  }

  /** Makes this the writer whose octets are gathered. */
  #hold(): void {
    if (holder === this) return;
    holder?.flush();
    holder = this;
    if (flushIsScheduled) return;
    flushIsScheduled = true;
    queueMicrotask(flushHolder);
  }

  #gather(octets: Uint8Array): void {
    this.#hold();
    const room = GATHER_OCTETS - gatheredOctets;
    if (octets.length <= room) {
      gathered.set(octets, gatheredOctets);
      gatheredOctets += octets.length;
      return;
    }
    // The head of a message that is too long fills the buffer, so that no small write goes before it.
    gathered.set(octets.subarray(0, room), gatheredOctets);
    gatheredOctets = GATHER_OCTETS;
    this.flush();
    if (this.#isOver) return;
    if (this.#queuedOctets > 0) this.#enqueue(octets.subarray(room));
    else this.#writeOrQueue(octets, room, octets.length);
  }

  #writeOrQueue(octets: Uint8Array, start: number, end: number): void {
    const written = this.#socket.write(octets, start, end - start);
    if (written < 0) this.#abandon();
    else if (written < end - start) this.#enqueue(octets.subarray(start + written, end));
  }

  #enqueue(octets: Uint8Array): void {
    this.#queuedOctets += octets.length;
    const tail = this.#queue.at(-1);
    const room = tail === undefined ? 0 : tail.octets.length - tail.end;
    const fitting = Math.min(room, octets.length);
    if (tail !== undefined && fitting > 0) {
      tail.octets.set(octets.subarray(0, fitting), tail.end);
      tail.end += fitting;
    }
    const rest = octets.length - fitting;
    if (rest === 0) return;
    const block = new Uint8Array(Math.max(QUEUE_BLOCK_OCTETS, rest));
    block.set(octets.subarray(fitting));
    if (this.#queue === nothing) this.#queue = [];
    this.#queue.push({ octets: block, start: 0, end: rest });
  }

  /**
   * The system no longer takes octets for this connection. A paused socket is not told that its
   * other side is gone, so it is cut off here; later, for the caller is amid sending.
   */
  #abandon(): void {
    this.drop();
    queueMicrotask(() => this.#socket.terminate());
  }
}
