/**
 * A Peer over one WebSocket that a client opened, spoken on a plain stream: frames in, messages
 * out, and back.
 *
 * JSON travels in text frames as octets, so that nothing becomes a string on the way.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { WebSocketOptions } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";
import {
  type DrainObserver,
  SocketWriter,
  type WritableSocket,
} from "#transport/endpoint/socket-writer.ts";
import {
  CloseCode,
  isLongerThan,
  type Peer,
  type PeerHandler,
  type SerializerName,
  type TransportDetails,
  type WireMessage,
} from "#wamp/peer.ts";
import { fittingReason } from "./close-reason.ts";
import { FIN, MAX_SERVER_HEAD_OCTETS, Opcode, RSV1, writeServerHead } from "./frame.ts";
import { type DecoderTaker, FrameDecoder } from "./frame-decoder.ts";
import { Keepalive } from "./keepalive.ts";
import type { DeflateCodec } from "./permessage-deflate.ts";

/** What a peer uses of its stream. */
export interface StreamSocket extends WritableSocket {
  pause(): void;
  resume(): void;
}

/** What is known of a connection when its peer is made. */
export interface StreamPeerOptions {
  socket: StreamSocket;
  options: WebSocketOptions;
  details: TransportDetails;
  log: Logger;
  /** Null: nothing is compressed. */
  codec: DeflateCodec | null;
}

/** Waiting octets before a message at which a client that does not read is closed. */
const MOST_BUFFERED_OCTETS = 16 * 1024 * 1024;

/** How long a closing side may take for what is queued, where node.json does not say. */
const DEFAULT_CLOSE_TIMEOUT_MS = 1000;

/** Reused for every frame, as its octets are copied at once. */
const head = new Uint8Array(MAX_SERVER_HEAD_OCTETS);

/** The client at the other end of a WebSocket. The owner of the socket hands its events on to here. */
export class WebSocketStreamPeer implements Peer, DecoderTaker, DrainObserver {
  readonly isText = false;
  readonly serializer: SerializerName;
  readonly details: TransportDetails;
  /** WebSocket has no way to announce a limit. */
  readonly maxSendOctets = Number.POSITIVE_INFINITY;
  readonly #socket: StreamSocket;
  readonly #options: WebSocketOptions;
  readonly #log: Logger;
  readonly #decoder: FrameDecoder;
  readonly #writer: SocketWriter;
  readonly #keepalive: Keepalive | undefined;
  readonly #messageHead: number;
  readonly #codec: DeflateCodec | null;
  #handler: PeerHandler | undefined;
  #isPaused = false;
  /** Reading waits until the other side takes the answers to its pings. */
  #waitsForPongs = false;
  #state: "open" | "closing" | "closed" = "open";
  #closeReason = "";
  #closeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor({ socket, options, details, log, codec }: StreamPeerOptions) {
    this.serializer = details.serializer;
    this.details = details;
    this.#socket = socket;
    this.#options = options;
    this.#log = log;
    this.#codec = codec;
    this.#messageHead = FIN | (details.serializer === "json" ? Opcode.text : Opcode.binary);
    this.#writer = new SocketWriter(socket, options.max_buffered, this);
    this.#decoder = new FrameDecoder(
      {
        // Up to twice the limit a message is read, so that what is too long can be answered.
        maxMessageOctets: 2 * options.max_message_size,
        maxFrameOctets: options.max_frame_size || Number.POSITIVE_INFINITY,
        inflater: codec,
      },
      this,
    );
    if (options.auto_ping_interval > 0) {
      this.#keepalive = new Keepalive(options, {
        ping: (payload) => this.#sendFrame(FIN | Opcode.ping, payload),
        isPaused: () => this.#isPaused,
        expire: () => this.#expire(),
      });
    }
  }

  get bufferedOctets(): number {
    return this.#writer.bufferedOctets;
  }

  /** Names who is told of messages; to be called once, before the first octets are handed in. */
  attach(handler: PeerHandler): void {
    this.#handler = handler;
  }

  send(message: WireMessage): boolean {
    if (this.#state !== "open") return true;
    if (this.#writer.bufferedOctets > MOST_BUFFERED_OCTETS + 2 * this.#options.max_buffered) {
      this.#giveUp();
      return true;
    }
    const octets = typeof message === "string" ? Buffer.from(message) : message;
    if (this.#codec === null) return this.#sendMessage(this.#messageHead, octets);
    return this.#sendMessage(this.#messageHead | RSV1, this.#codec.deflate(octets));
  }

  cork(body: () => void): void {
    try {
      body();
    } finally {
      this.#writer.flush();
    }
  }

  pause(): void {
    this.#isPaused = true;
    this.#applyPause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#keepalive?.resumed();
    this.#applyPause();
  }

  close(code: number, reason: string): void {
    if (this.#state !== "open") return;
    this.#closeReason = fittingReason(reason);
    this.#sendClose(code, this.#closeReason);
    const timeoutMs = this.#options.close_handshake_timeout || DEFAULT_CLOSE_TIMEOUT_MS;
    // The other side answers with a close frame; then, or after this time, the connection ends.
    this.#closeTimer = setTimeout(() => this.#socket.terminate(), timeoutMs);
  }

  /** The socket has read octets. */
  received(chunk: Uint8Array): void {
    const fault = this.#decoder.push(chunk);
    if (fault === null || this.#state !== "open") return;
    this.#closeReason = fittingReason(fault.sentence);
    if (this.#options.fail_by_drop) {
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

  /** The socket is closed. */
  closed(error: Error | undefined): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#keepalive?.stop();
    clearTimeout(this.#closeTimer);
    this.#decoder.stop();
    this.#writer.drop();
    const why = error === undefined ? "without a close frame" : `by an error: ${error.message}`;
    const state = `connection closed ${why}`;
    this.#handler?.onClose(this.#closeReason || state);
  }

  /** A whole message arrived. */
  takeMessage(payload: Uint8Array, isText: boolean): boolean {
    this.#keepalive?.heard();
    if (this.#state !== "open") return true;
    if (isText !== (this.serializer === "json")) {
      const expected = isText ? "binary" : "text";
      this.close(CloseCode.unsupportedData, `${this.serializer} travels in ${expected} messages`);
      return false;
    }
    try {
      if (isLongerThan(payload, this.#options.max_message_size)) this.#refuseOversized(payload);
      else this.#handler?.onMessage(payload);
    } catch (thrown) {
      this.#handlerFailed(thrown);
    }
    return true;
  }

  /** A ping arrived. */
  takePing(payload: Uint8Array): boolean {
    this.#keepalive?.heard();
    if (this.#state === "open" && !this.#sendFrame(FIN | Opcode.pong, payload)) {
      this.#waitsForPongs = true;
      this.#applyPause();
    }
    return true;
  }

  /** A pong arrived. */
  takePong(payload: Uint8Array): void {
    this.#keepalive?.heardPong(payload);
  }

  /** The other side closes, or answers our close frame. */
  takeClose(code: number, reason: string): void {
    this.#closeReason ||= reason || `WebSocket closed with code ${code}`;
    if (this.#state === "open") {
      const echoed = this.#options.echo_close_codereason ? fittingReason(reason) : "";
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
      this.#handler?.onDrain();
    } catch (thrown) {
      this.#handlerFailed(thrown);
    }
  }

  /** Sends a message in as many frames as `auto_fragment_size` asks for. */
  #sendMessage(first: number, payload: Uint8Array): boolean {
    const longest = this.#options.auto_fragment_size;
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
    this.#writer.write(octets === head.length ? head : head.subarray(0, octets));
    return this.#writer.write(payload);
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

  #refuseOversized(message: Uint8Array): void {
    if (this.#handler?.onOversized?.(message)) return;
    const limit = this.#options.max_message_size;
    this.close(CloseCode.messageTooBig, `the longest message here has ${limit} octets`);
  }

  /** Closes on a client that lets more wait than the sessions' own limits allow. */
  #giveUp(): void {
    const waiting = this.#writer.bufferedOctets;
    this.#log.warn("client did not read", { peer: this.details.peer, waiting });
    this.close(CloseCode.policyViolation, "too many octets are waiting to be read");
  }

  #expire(): void {
    this.#log.info("client did not answer a ping", { peer: this.details.peer });
    this.#closeReason = "no answer to a ping";
    this.#socket.terminate();
  }

  #handlerFailed(thrown: unknown): void {
    this.#log.error("session failed", { peer: this.details.peer, error: sentenceOf(thrown) });
    this.close(CloseCode.internalError, "internal error");
  }

  #applyPause(): void {
    if (this.#state !== "open") return;
    if (this.#isPaused || this.#waitsForPongs) this.#socket.pause();
    else this.#socket.resume();
  }
}
