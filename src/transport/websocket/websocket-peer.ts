/**
 * A Peer over one WebSocket that a client opened.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { WebSocketOptions } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";
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
import { Keepalive } from "./keepalive.ts";
import { maxMessageOctets } from "./serve-options.ts";
import type { OpenSocket, SocketEvents, WebSocketData } from "./socket-events.ts";

/** Waiting octets before a message at which a peer that does not read is closed. */
const mostBufferedOctets = 16 * 1024 * 1024;

/** How long a closing peer may take for what is queued, where node.json does not say. */
const defaultCloseTimeoutMs = 1000;

/** What comes with the upgrade of a WAMP client. */
export interface PeerData extends WebSocketData {
  readonly details: TransportDetails;
  readonly accept: (peer: Peer) => PeerHandler;
}

type ClientSocket = Bun.ServerWebSocket<PeerData>;

/** Makes the peer of a socket whose data are `PeerData`. */
export function openPeer(socket: OpenSocket): SocketEvents {
  return new WebSocketPeer(socket as ClientSocket);
}

/** The client at the other end of a WebSocket. */
class WebSocketPeer implements Peer, SocketEvents {
  readonly serializer: SerializerName;
  readonly isText: boolean;
  readonly details: TransportDetails;
  /** WebSocket has no way to announce a limit. */
  readonly maxSendOctets = Number.POSITIVE_INFINITY;
  readonly #socket: ClientSocket;
  readonly #options: WebSocketOptions;
  readonly #log: Logger;
  /** Undefined: no pings are configured. */
  readonly #keepalive: Keepalive | undefined;
  readonly #maxMessageOctets: number;
  readonly #compresses: boolean;
  #handler: PeerHandler | undefined;
  #state: "open" | "closing" | "closed" = "open";
  #isBehind = false;
  #closing = { code: 0, reason: "" };
  #closeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: ClientSocket) {
    const { options, details, log } = socket.data;
    this.serializer = details.serializer;
    this.isText = details.serializer === "json";
    this.details = details;
    this.#socket = socket;
    this.#options = options;
    this.#log = log;
    this.#maxMessageOctets = maxMessageOctets(options);
    this.#compresses = options.compression !== null;
    if (options.auto_ping_interval > 0) {
      this.#keepalive = new Keepalive(options, {
        ping: (payload) => void socket.ping(payload),
        isPaused: () => socket.isPaused,
        expire: () => this.#expire(),
      });
    }
  }

  get bufferedOctets(): number {
    return this.#socket.getBufferedAmount();
  }

  send(message: WireMessage): boolean {
    if (this.#state !== "open") return true;
    const socket = this.#socket;
    const status =
      typeof message === "string"
        ? socket.sendText(message, this.#compresses)
        : socket.sendBinary(message as Uint8Array<ArrayBuffer>, this.#compresses);
    if (status > 0) return !this.#isBehind;
    const waiting = socket.getBufferedAmount();
    const { max_buffered } = this.#options;
    // Bun says 0 when it dropped the message: a session with a hole in it must not go on.
    if (status === 0 || waiting - message.length > mostBufferedOctets + 2 * max_buffered) {
      this.#giveUp();
      return true;
    }
    if (waiting > max_buffered) this.#isBehind = true;
    return !this.#isBehind;
  }

  cork(body: () => void): void {
    this.#socket.cork(body);
  }

  pause(): void {
    if (this.#state === "open") this.#socket.pause();
  }

  resume(): void {
    if (this.#state !== "open" || !this.#socket.isPaused) return;
    this.#keepalive?.resumed();
    this.#socket.resume();
  }

  close(code: number, reason: string): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#closing = { code, reason: fittingReason(reason) };
    this.#keepalive?.stop();
    // A paused socket would not see that the other side ended too.
    this.#socket.resume();
    if (this.#socket.getBufferedAmount() === 0) {
      this.#finishClose();
      return;
    }
    const timeoutMs = this.#options.close_handshake_timeout || defaultCloseTimeoutMs;
    this.#closeTimer = setTimeout(() => this.#socket.terminate(), timeoutMs);
  }

  /** The socket is open: the session begins. */
  opened(): void {
    this.#guard(() => {
      this.#handler = this.#socket.data.accept(this);
    });
  }

  /** A whole message arrived. */
  received(message: string | Uint8Array): void {
    this.#keepalive?.heard();
    if (this.#state !== "open") return;
    if ((typeof message === "string") !== this.isText) {
      const expected = this.isText ? "text" : "binary";
      this.close(CloseCode.unsupportedData, `${this.serializer} travels in ${expected} messages`);
    } else if (isLongerThan(message, this.#maxMessageOctets)) {
      this.#guard(() => this.#refuseOversized(message));
    } else {
      // Not guarded by a closure, of which there would be one a message.
      try {
        this.#handler?.onMessage(message);
      } catch (thrown) {
        this.#handlerFailed(thrown);
      }
    }
  }

  /** A ping arrived; Bun has answered it. */
  pinged(): void {
    this.#keepalive?.heard();
    if (this.#socket.getBufferedAmount() > mostBufferedOctets + 2 * this.#options.max_buffered) {
      this.#giveUp();
    }
  }

  /** A pong arrived. */
  ponged(payload: Uint8Array): void {
    this.#keepalive?.heardPong(payload);
  }

  /** The other side took octets that were waiting. */
  drained(): void {
    const waiting = this.#socket.getBufferedAmount();
    if (this.#state === "closing") {
      if (waiting === 0) this.#finishClose();
    } else if (this.#isBehind && waiting <= this.#options.max_buffered / 4) {
      this.#isBehind = false;
      this.#guard(() => this.#handler?.onDrain());
    }
  }

  /** The connection ended. */
  ended(code: number, reason: string): void {
    if (this.#state === "closed") return;
    const told = reason || this.#closing.reason || `WebSocket closed with code ${code}`;
    this.#state = "closed";
    this.#keepalive?.stop();
    clearTimeout(this.#closeTimer);
    // Bun reports the end inside its own close(); whoever called that is not ready to hear it.
    queueMicrotask(() => this.#guard(() => this.#handler?.onClose(told)));
  }

  #refuseOversized(message: WireMessage): void {
    if (this.#handler?.onOversized?.(message)) return;
    const limit = this.#maxMessageOctets;
    this.close(CloseCode.messageTooBig, `the longest message here has ${limit} octets`);
  }

  #finishClose(): void {
    this.#socket.close(this.#closing.code, this.#closing.reason);
  }

  /** Closes on a client that lets more wait than the sessions' own limits allow. */
  #giveUp(): void {
    const waiting = this.#socket.getBufferedAmount();
    this.#log.warn("client did not read", { peer: this.details.peer, waiting });
    this.close(CloseCode.policyViolation, "too many octets are waiting to be read");
  }

  #expire(): void {
    this.#log.info("client did not answer a ping", { peer: this.details.peer });
    this.#closing.reason = "no answer to a ping";
    this.#socket.terminate();
  }

  /** A fault in one session must not reach another. */
  #guard(body: () => void): void {
    try {
      body();
    } catch (thrown) {
      this.#handlerFailed(thrown);
    }
  }

  #handlerFailed(thrown: unknown): void {
    this.#log.error("session failed", { peer: this.details.peer, error: sentenceOf(thrown) });
    this.close(CloseCode.internalError, "internal error");
  }
}
