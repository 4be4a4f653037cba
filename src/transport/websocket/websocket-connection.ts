/**
 * WebSocketStream: one WebSocket that a client opened, spoken on a plain stream: frames in,
 * messages out, and back (RFC 6455). What messages mean is told by who extends it.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { WebSocketOptions } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { ConnectionSocket } from "#transport/endpoint/connection.ts";
import { Keepalive, type KeepaliveTarget } from "#transport/endpoint/keepalive.ts";
import { type DrainObserver, SocketWriter } from "#transport/endpoint/socket-writer.ts";
import { CloseCode } from "#wamp/peer.ts";
import { fittingReason } from "./close-reason.ts";
import { FIN, MAX_SERVER_HEAD_OCTETS, Opcode, RSV1, writeServerHead } from "./frame.ts";
import { type DecoderLimits, FrameDecoder, type FrameHandler } from "./frame-decoder.ts";
import type { DeflateCodec } from "./permessage-deflate.ts";

/** Who is told when a WebSocket is over. */
export interface WebSocketOwner {
  forget(stream: WebSocketConnection): void;
}

/** What is known of a connection when it becomes a WebSocket. */
export interface WebSocketConnectionOptions {
  socket: ConnectionSocket;
  options: WebSocketOptions;
  /** Where the client is, for the log. */
  peer: string;
  log: Logger;
  /** Null: nothing is compressed. */
  codec: DeflateCodec | null;
  owner: WebSocketOwner;
}

/** Waiting octets before a message at which a client that does not read is closed. */
const MOST_BUFFERED_OCTETS = 16 * 1024 * 1024;

/** How long a closing side may take for what is queued, where node.json does not say. */
const DEFAULT_CLOSE_TIMEOUT_MS = 1000;

/** Reused for every frame, as its octets are copied at once. */
const head = new Uint8Array(MAX_SERVER_HEAD_OCTETS);

/** A WebSocket; takes the events of its socket. */
export abstract class WebSocketConnection implements FrameHandler, DrainObserver, KeepaliveTarget {
  protected readonly options: WebSocketOptions;
  readonly #peer: string;
  readonly #socket: ConnectionSocket;
  readonly #log: Logger;
  readonly #owner: WebSocketOwner;
  readonly #codec: DeflateCodec | null;
  readonly #decoder: FrameDecoder;
  readonly #limits: DecoderLimits;
  readonly #writer: SocketWriter;
  readonly #keepalive: Keepalive | undefined;
  #isPaused = false;
  /** Reading waits until the other side takes the answers to its pings. */
  #waitsForPongs = false;
  #state: "open" | "closing" | "closed" = "open";
  #closeReason = "";
  #closeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor({ socket, options, peer, log, codec, owner }: WebSocketConnectionOptions) {
    this.options = options;
    this.#owner = owner;
    this.#peer = peer;
    this.#socket = socket;
    this.#log = log;
    this.#codec = codec;
    this.#writer = new SocketWriter(socket, options.max_buffered, this);
    this.#limits = {
      // Up to twice the limit a message is read, so that what is too long can be answered.
      maxMessageOctets: 2 * options.max_message_size,
      maxFrameOctets: options.max_frame_size || Number.POSITIVE_INFINITY,
      inflater: codec,
    };
    this.#decoder = new FrameDecoder(this.#limits, this);
    if (options.auto_ping_interval > 0) this.#keepalive = new Keepalive(options, this);
  }

  /** Takes a whole message, `octets` of which are borrowed. */
  protected abstract onWebSocketMessage(octets: Uint8Array, isText: boolean): void;

  /** The client took what it was behind with. */
  protected abstract onWebSocketDrain(): void;

  /** The connection is over. */
  protected abstract onWebSocketClose(reason: string): void;

  /** Octets that wait in this process for the client to take them. */
  get bufferedOctets(): number {
    return this.#writer.bufferedOctets;
  }

  /** Whether messages can be sent and are taken. */
  protected get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Sends one message. False: taken, but the client is behind; `onStreamDrain` follows. */
  protected sendMessage(octets: Uint8Array, isText: boolean): boolean {
    if (this.#state !== "open") return true;
    if (this.#writer.bufferedOctets > MOST_BUFFERED_OCTETS + 2 * this.options.max_buffered) {
      this.#giveUp();
      return true;
    }
    const first = FIN | (isText ? Opcode.text : Opcode.binary);
    if (this.#codec === null) return this.#sendFrames(first, octets);
    return this.#sendFrames(first | RSV1, this.#codec.deflate(octets));
  }

  /** Writes all that `body` sends in as few writes as possible. */
  cork(body: () => void): void {
    try {
      body();
    } finally {
      this.#writer.flush();
    }
  }

  /** From now on no longer messages are taken, nor any that the options do not allow. */
  limitMessages(octets: number): void {
    this.#limits.maxMessageOctets = 2 * Math.min(octets, this.options.max_message_size);
  }

  /** Stops reading. */
  pause(): void {
    this.#isPaused = true;
    this.#applyPause();
  }

  /** Reads again. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#keepalive?.resumed();
    this.#applyPause();
  }

  /**
   * Sends what is queued and a close frame; the connection ends once the client has answered. With
   * the code 1006 there is no close frame, and the connection ends at once.
   */
  close(code: number, reason: string): void {
    if (this.#state !== "open") return;
    this.#closeReason = fittingReason(reason);
    if (code === CloseCode.abnormal) {
      this.#state = "closing";
      this.#keepalive?.stop();
      this.#endStream();
      return;
    }
    this.#sendClose(code, this.#closeReason);
    const timeoutMs = this.options.close_handshake_timeout || DEFAULT_CLOSE_TIMEOUT_MS;
    this.#closeTimer = setTimeout(() => this.#socket.terminate(), timeoutMs);
  }

  /** The socket has read octets, which are changed. */
  received(chunk: Uint8Array): void {
    const fault = this.#decoder.push(chunk);
    if (fault === null || this.#state !== "open") return;
    this.#closeReason = fittingReason(fault.sentence);
    if (this.options.fail_by_drop) {
      this.#socket.terminate();
      return;
    }
    this.#sendClose(fault.code, this.#closeReason);
    this.#endStream();
  }

  /** The socket is writable again. */
  drained(): void {
    this.#writer.drained();
  }

  /** The client sends nothing more, so a WebSocket is over. */
  ended(): void {
    this.#socket.end();
  }

  /** Cuts the connection off. */
  terminate(): void {
    this.#socket.terminate();
  }

  /** The socket is closed. */
  closed(error: Error | undefined): void {
    if (this.#state === "closed") return;
    this.#owner.forget(this);
    this.#state = "closed";
    this.#keepalive?.stop();
    clearTimeout(this.#closeTimer);
    this.#decoder.stop();
    this.#writer.drop();
    const why = error === undefined ? "without a close frame" : `by an error: ${error.message}`;
    this.onWebSocketClose(this.#closeReason || `connection closed ${why}`);
  }

  /** The decoder has a whole message. */
  handleMessage(octets: Uint8Array, isText: boolean): boolean {
    this.#keepalive?.heard();
    if (this.#state !== "open") return true;
    try {
      this.onWebSocketMessage(octets, isText);
    } catch (thrown) {
      this.#failed(thrown);
    }
    return true;
  }

  /** The decoder has a ping. */
  handlePing(payload: Uint8Array): boolean {
    this.#keepalive?.heard();
    if (this.#state === "open" && !this.#sendFrame(FIN | Opcode.pong, payload)) {
      this.#waitsForPongs = true;
      this.#applyPause();
    }
    return true;
  }

  /** The decoder has a pong. */
  handlePong(payload: Uint8Array): void {
    this.#keepalive?.heardPong(payload);
  }

  /** The client closes, or answers our close frame. */
  handleClose(code: number, reason: string): void {
    this.#closeReason ||= reason || `WebSocket closed with code ${code}`;
    if (this.#state === "open") {
      const echoed = this.options.echo_close_codereason ? fittingReason(reason) : "";
      this.#sendClose(code === 1005 ? CloseCode.normal : code, echoed);
    }
    this.#endStream();
  }

  /** The writer's queue has become short again. */
  caughtUp(): void {
    if (this.#waitsForPongs) {
      this.#waitsForPongs = false;
      this.#applyPause();
    }
    try {
      this.onWebSocketDrain();
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  /** Sends a ping; keepalive asks for it. */
  ping(payload: Uint8Array): void {
    this.#sendFrame(FIN | Opcode.ping, payload);
  }

  /** Whether nothing is read from the client at present. */
  isPaused(): boolean {
    return this.#isPaused || this.#waitsForPongs;
  }

  /** The client did not answer a ping in time. */
  expire(): void {
    this.#log.info("client did not answer a ping", { peer: this.#peer });
    this.#closeReason = "no answer to a ping";
    this.#socket.terminate();
  }

  /** Sends a message in as many frames as `auto_fragment_size` asks for. */
  #sendFrames(first: number, payload: Uint8Array): boolean {
    const longest = this.options.auto_fragment_size;
    if (longest === 0 || payload.length <= longest) return this.#sendFrame(first, payload);
    this.#sendFrame(first & ~FIN, payload.subarray(0, longest));
    let at = longest;
    for (; payload.length - at > longest; at += longest) {
      this.#sendFrame(Opcode.continuation, payload.subarray(at, at + longest));
    }
    return this.#sendFrame(FIN | Opcode.continuation, payload.subarray(at));
  }

  #sendFrame(first: number, payload: Uint8Array): boolean {
    const octets = writeServerHead(head, 0, first, payload.length);
    return this.#writer.writeFrame(head, octets, payload);
  }

  #sendClose(code: number, reason: string): void {
    this.#state = "closing";
    this.#keepalive?.stop();
    const text = Buffer.from(reason);
    const payload = Buffer.allocUnsafe(2 + text.length);
    payload.writeUInt16BE(code, 0);
    payload.set(text, 2);
    this.#sendFrame(FIN | Opcode.close, payload);
    this.#writer.flush();
    // What still comes in has to be read: the other side's close frame lies behind it.
    this.#socket.resume();
  }

  /** Ends the stream behind what is queued; a server closes first (RFC 6455, section 7.1.1). */
  #endStream(): void {
    this.#decoder.stop();
    this.#writer.end();
  }

  /** Closes on a client that lets more wait than the sessions' own limits allow. */
  #giveUp(): void {
    this.#log.warn("client did not read", { peer: this.#peer, waiting: this.bufferedOctets });
    this.close(CloseCode.policyViolation, "too many octets are waiting to be read");
  }

  /** A fault in one session must not reach another. */
  #failed(thrown: unknown): void {
    this.#log.error("session failed", { peer: this.#peer, error: sentenceOf(thrown) });
    this.close(CloseCode.internalError, "internal error");
  }

  #applyPause(): void {
    if (this.#state !== "open") return;
    if (this.isPaused()) this.#socket.pause();
    else this.#socket.resume();
  }
}
