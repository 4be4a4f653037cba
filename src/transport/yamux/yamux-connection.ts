/**
 * YamuxConnection: many streams over one connection, between a proxy and a router that offers it.
 *
 *     received octets --> paced input --> frames --> the streams' receivers
 *     the streams' writes --> gathered frames --> one write for each turn of the event loop
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import { type InputDecoder, PacedInput } from "#transport/endpoint/paced-input.ts";
import { writeFramesAtTurnEnd } from "#transport/endpoint/turn-end.ts";
import {
  Flag,
  FRAME_HEADER_OCTETS,
  FrameType,
  flagsAt,
  GoAwayReason,
  headerFault,
  lengthAt,
  streamAt,
  typeAt,
} from "./frame-header.ts";
import { FrameWriter } from "./frame-writer.ts";
import { type StreamOwner, YamuxStream } from "./yamux-stream.ts";

/** Streams of one connection that are open at the same time; a further one is reset. */
const MAX_STREAMS = 65_536;

const MAX_STREAM_ID = 2 ** 32 - 1;

/** How a connection is used. */
export interface YamuxOptions {
  /** Gives the receiver of a stream that the other side opens; absent: it may open none. */
  accept?(stream: YamuxStream): ConnectionEvents;
  /** The receiver of a stream has thrown; the stream is reset. */
  onStreamFailed?(error: string): void;
  /** The connection is closed, and so are its streams. */
  onClosed?(reason: string): void;
}

/** One connection and its streams. */
export class YamuxConnection implements ConnectionEvents, InputDecoder, StreamOwner {
  readonly frames: FrameWriter;
  readonly #socket: ConnectionSocket;
  readonly #options: YamuxOptions;
  readonly #input: PacedInput;
  readonly #streams = new Map<number, YamuxStream>();
  readonly #waiting = new Set<YamuxStream>();
  readonly #header = new Uint8Array(FRAME_HEADER_OCTETS);
  #headerOctets = 0;
  /** What is left of the present data frame, and its stream, unless that is unknown by now. */
  #payloadOctets = 0;
  #payloadStream: YamuxStream | undefined;
  /** Whether FIN came with the present data frame. */
  #isLastPayload = false;
  #nextId = 1;
  #isScheduled = false;
  #isGoingAway = false;
  #isEnding = false;
  #isClosed = false;
  #fault = "";

  constructor(socket: ConnectionSocket, options: YamuxOptions) {
    this.#socket = socket;
    this.#options = options;
    this.frames = new FrameWriter(socket);
    this.#input = new PacedInput(socket, this);
  }

  /** Whether streams can be opened. */
  get isUsable(): boolean {
    return !this.#isGoingAway && !this.#isClosed && this.#nextId <= MAX_STREAM_ID;
  }

  /** Opens a stream. */
  open(): YamuxStream {
    const stream = new YamuxStream(this.#nextId, this, Flag.syn);
    this.#nextId += 2;
    this.#streams.set(stream.id, stream);
    return stream;
  }

  /** Opens no more streams; closes the connection when none is left. */
  close(): void {
    if (this.#isGoingAway) return;
    this.#isGoingAway = true;
    this.frames.control(FrameType.goAway, 0, 0, GoAwayReason.normal);
    this.schedule();
    this.#endIfUnused();
  }

  received(chunk: Uint8Array): void {
    this.#input.received(chunk);
  }

  drained(): void {
    this.frames.drained();
    this.#turn();
  }

  ended(): void {
    this.#socket.end();
  }

  closed(error: Error | undefined): void {
    this.#isClosed = true;
    this.#input.stop();
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    this.#waiting.clear();
    for (const stream of streams) stream.reset(error);
    this.#options.onClosed?.(this.#fault || error?.message || "connection closed");
  }

  decode(octets: Uint8Array): number {
    let at = 0;
    while (at < octets.length) {
      const octetsDone =
        this.#payloadOctets > 0 ? this.#payload(octets, at) : this.#frame(octets, at);
      at += octetsDone;
      if (!this.#input.mayContinue(octetsDone)) break;
    }
    return this.#fault === "" ? at : octets.length;
  }

  schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    writeFramesAtTurnEnd(() => {
      this.#isScheduled = false;
      this.#turn();
    });
  }

  wait(stream: YamuxStream): void {
    this.#waiting.add(stream);
    this.schedule();
  }

  forget(stream: YamuxStream): void {
    this.#streams.delete(stream.id);
    this.#endIfUnused();
  }

  /** Writes what is gathered, then lets the streams that wait go on. */
  #turn(): void {
    if (this.#isClosed) return;
    this.frames.flush();
    if (!this.frames.isEmpty) return;
    if (this.#isEnding) this.#socket.end();
    else this.#proceed();
  }

  /** Gives each stream that waits a turn, in order; they wait again where the connection takes no more. */
  #proceed(): void {
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const stream of waiting) stream.proceed();
  }

  /** Hands octets of a data frame to its stream; gives their number. */
  #payload(octets: Uint8Array, at: number): number {
    const end = Math.min(octets.length, at + this.#payloadOctets);
    this.#payloadOctets -= end - at;
    const stream = this.#payloadStream;
    if (stream !== undefined) this.#deliver(stream, octets.subarray(at, end));
    if (this.#payloadOctets === 0 && this.#isLastPayload) this.#payloadStream?.finished();
    return end - at;
  }

  /** A stream whose receiver throws is reset, and no other. */
  #deliver(stream: YamuxStream, octets: Uint8Array): void {
    try {
      const fault = stream.received(octets);
      if (fault !== null) this.#violation(fault);
    } catch (thrown) {
      this.#options.onStreamFailed?.(sentenceOf(thrown));
      stream.terminate();
    }
  }

  /** Reads a header, or the part of it that is here; gives the number of octets. */
  #frame(octets: Uint8Array, at: number): number {
    if (this.#headerOctets === 0 && octets.length - at >= FRAME_HEADER_OCTETS) {
      this.#begin(octets, at);
      return FRAME_HEADER_OCTETS;
    }
    const taken = Math.min(octets.length - at, FRAME_HEADER_OCTETS - this.#headerOctets);
    this.#header.set(octets.subarray(at, at + taken), this.#headerOctets);
    this.#headerOctets += taken;
    if (this.#headerOctets === FRAME_HEADER_OCTETS) {
      this.#headerOctets = 0;
      this.#begin(this.#header, 0);
    }
    return taken;
  }

  /** Begins with a frame, whose header is here. */
  #begin(octets: Uint8Array, at: number): void {
    const fault = headerFault(octets, at);
    const type = typeAt(octets, at);
    const length = lengthAt(octets, at);
    if (fault !== null) this.#violation(fault);
    else if (type === FrameType.ping) this.#answerPing(flagsAt(octets, at), length);
    else if (type === FrameType.goAway) this.#noteGoAway();
    else this.#beginStreamFrame(type, flagsAt(octets, at), streamAt(octets, at), length);
  }

  /** The other side accepts no more streams. */
  #noteGoAway(): void {
    this.#isGoingAway = true;
    this.#endIfUnused();
  }

  #answerPing(flags: number, value: number): void {
    if ((flags & Flag.ack) !== 0) return;
    this.frames.control(FrameType.ping, Flag.ack, 0, value);
    this.schedule();
  }

  /** Frames of a stream that is closed by now are read over. */
  #beginStreamFrame(type: number, flags: number, id: number, length: number): void {
    const stream = (flags & Flag.syn) === 0 ? this.#streams.get(id) : this.#accept(id);
    const isData = type === FrameType.data;
    this.#payloadOctets = isData ? length : 0;
    this.#payloadStream = stream;
    this.#isLastPayload = (flags & Flag.fin) !== 0;
    if ((flags & Flag.rst) !== 0) {
      this.#payloadStream = undefined;
      stream?.reset();
      return;
    }
    if (!isData) stream?.granted(length);
    if (this.#payloadOctets === 0 && this.#isLastPayload) stream?.finished();
  }

  #accept(id: number): YamuxStream | undefined {
    const { accept } = this.#options;
    if (accept === undefined || this.#streams.has(id)) {
      this.#violation(`stream ${id} cannot be opened`);
      return undefined;
    }
    if (this.#isGoingAway || this.#streams.size >= MAX_STREAMS) {
      this.frames.control(FrameType.windowUpdate, Flag.rst, id, 0);
      this.schedule();
      return undefined;
    }
    const stream = new YamuxStream(id, this, Flag.ack);
    this.#streams.set(id, stream);
    stream.attach(accept(stream));
    return stream;
  }

  #violation(sentence: string): void {
    if (this.#fault !== "") return;
    this.#fault = `protocol violation: ${sentence}`;
    this.frames.control(FrameType.goAway, 0, 0, GoAwayReason.protocolError);
    this.frames.flush();
    this.#input.stop();
    this.#socket.terminate();
  }

  #endIfUnused(): void {
    if (!this.#isGoingAway || this.#streams.size > 0) return;
    this.#isEnding = true;
    this.schedule();
  }
}
