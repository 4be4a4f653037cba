/**
 * YamuxStream: one stream of a yamux connection, used as a socket of its own.
 *
 * Each side grants the other the octets that its receiver has taken. So what a stream holds while its receiver
 * is paused is bounded by the window, and no other stream waits for it.
 *
 * @module
 */

import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import { OctetCollector } from "#transport/endpoint/octet-collector.ts";
import { Flag, FrameType, INITIAL_WINDOW } from "./frame-header.ts";
import type { FrameWriter } from "./frame-writer.ts";

/** What a stream needs of its connection. */
export interface StreamOwner {
  readonly frames: FrameWriter;
  /** Has the frames written soon. */
  schedule(): void;
  /** Calls `proceed` of a stream soon, when there is room for frames. */
  wait(stream: YamuxStream): void;
  /** The stream takes no more frames. */
  forget(stream: YamuxStream): void;
}

/** One stream; its owner attaches the receiver of its events before the first frame arrives. */
export class YamuxStream implements ConnectionSocket {
  readonly id: number;
  readonly #owner: StreamOwner;
  #events: ConnectionEvents | undefined;
  /** SYN or ACK, for the first frame. */
  #flags: number;
  /** Octets that the other side still takes. */
  #credit = INITIAL_WINDOW;
  /** Octets that the other side may still send, and those to be granted again. */
  #window = INITIAL_WINDOW;
  #taken = 0;
  /** What arrived while the receiver was paused; undefined: nothing. */
  #kept: OctetCollector | undefined;
  #isPaused = false;
  /** `write` has not taken all. */
  #isBlocked = false;
  /** FIN or RST, once this side sends nothing more, and whether it still has to be sent. */
  #last = 0;
  #isLastDue = false;
  #finReceived = false;
  #isEndTold = false;
  /** The other side has reset the stream, or the connection is closed, with this error. */
  #isReset = false;
  #error: Error | undefined;
  /** The receiver was told, or will be, that the stream is closed. */
  #isClosed = false;

  constructor(id: number, owner: StreamOwner, flags: number) {
    this.id = id;
    this.#owner = owner;
    this.#flags = flags;
  }

  /** Sets the receiver of the events. */
  attach(events: ConnectionEvents): void {
    this.#events = events;
  }

  write(octets: Uint8Array, offset = 0, length = octets.length - offset): number {
    if (this.#isClosed || this.#isReset || this.#last !== 0) return -1;
    const wanted = Math.min(length, this.#credit);
    const { frames } = this.#owner;
    const sent = wanted > 0 ? frames.data(this.id, this.#flags, octets, offset, wanted) : 0;
    if (sent > 0) this.#flags = 0;
    this.#credit -= sent;
    this.#isBlocked = sent < length;
    // Without credit the other side's window update continues.
    if (this.#isBlocked && this.#credit > 0) this.#owner.wait(this);
    this.#owner.schedule();
    return sent;
  }

  shutdown(): void {
    if (this.#isClosed || this.#last !== 0) return;
    this.#sendLast(Flag.fin);
    if (this.#finReceived) this.#close();
  }

  end(): void {
    if (this.#isClosed) return;
    this.shutdown();
    this.#close();
  }

  terminate(): void {
    if (this.#isClosed) return;
    this.#finReceived = true;
    this.#sendLast(Flag.rst);
    this.#close();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#isReset) queueMicrotask(() => this.proceed());
    else if (this.#kept !== undefined || this.#finReceived) this.#owner.wait(this);
  }

  /** Octets have arrived. Gives a sentence if the other side had no credit for them. */
  received(octets: Uint8Array): string | null {
    this.#window -= octets.length;
    if (this.#window < 0) return `stream ${this.id} has sent more octets than were granted`;
    if ((this.#isPaused || this.#kept !== undefined) && !this.#isClosed) {
      this.#kept ??= new OctetCollector();
      this.#kept.append(octets);
    } else {
      this.#deliver(octets);
    }
    return null;
  }

  /** The other side has granted more octets. */
  granted(octets: number): void {
    this.#credit += octets;
    if (this.#isBlocked) this.#owner.wait(this);
  }

  /** The other side sends nothing more. */
  finished(): void {
    this.#finReceived = true;
    if (this.#isClosed) this.#owner.forget(this);
    else this.#tellEnd();
  }

  /** The other side has reset the stream, or the connection is closed: what has arrived is still delivered. */
  reset(error?: Error): void {
    this.#finReceived = true;
    this.#isReset = true;
    this.#error = error;
    this.#isLastDue = false;
    this.#owner.forget(this);
    if (this.#kept === undefined) this.#close();
  }

  /** There is room for frames: goes on with what waits. */
  proceed(): void {
    this.#sendDue();
    if (!this.#isPaused) this.#deliverKept();
    this.#tellEnd();
    if (!this.#isBlocked || this.#isClosed || this.#isReset) return;
    this.#isBlocked = false;
    this.#events?.drained();
  }

  #deliverKept(): void {
    const kept = this.#kept?.octets;
    this.#kept = undefined;
    if (kept !== undefined) this.#deliver(kept);
  }

  #tellEnd(): void {
    if (!this.#finReceived || this.#kept !== undefined || this.#isClosed) return;
    if (this.#isReset) this.#close();
    else if (!this.#isEndTold) {
      this.#isEndTold = true;
      this.#events?.ended();
      if (this.#last !== 0) this.#close();
    }
  }

  #deliver(octets: Uint8Array): void {
    this.#taken += octets.length;
    if (!this.#isClosed) this.#events?.received(octets);
    if (this.#taken >= INITIAL_WINDOW / 2) this.#sendDue();
  }

  #sendLast(flag: number): void {
    this.#last = flag;
    this.#isLastDue = true;
    this.#sendDue();
  }

  /** Sends the frames without a payload that are due. */
  #sendDue(): void {
    if (this.#isReset) return;
    if (this.#sendWindowUpdate() && this.#sendLastFrame()) this.#owner.schedule();
    else this.#owner.wait(this);
  }

  #sendWindowUpdate(): boolean {
    if (this.#taken < INITIAL_WINDOW / 2 || this.#finReceived) return true;
    if (!this.#control(FrameType.windowUpdate, 0, this.#taken)) return false;
    this.#window += this.#taken;
    this.#taken = 0;
    return true;
  }

  #sendLastFrame(): boolean {
    if (!this.#isLastDue) return true;
    if (!this.#control(FrameType.data, this.#last, 0)) return false;
    this.#isLastDue = false;
    return true;
  }

  #control(type: number, flags: number, length: number): boolean {
    const isTaken = this.#owner.frames.control(type, this.#flags | flags, this.id, length);
    if (isTaken) this.#flags = 0;
    return isTaken;
  }

  /** Tells the receiver in a microtask, because it may be sending. */
  #close(): void {
    if (this.#finReceived) this.#owner.forget(this);
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#kept = undefined;
    queueMicrotask(() => this.#events?.closed(this.#error));
  }
}
