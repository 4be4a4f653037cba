/**
 * RateLimitedPeer: a client that is read no faster than `max_messages_per_second`.
 *
 * It wraps a transport's peer, only where the rate is limited. Every message is delivered; after messages
 * that came too fast the client is not read for a while, so that the kernel's buffers slow it down and
 * no message is lost.
 *
 * @module
 */

import type { TransportLimits } from "#config/options/limits-config.ts";
import type { SessionConfig } from "#config/options/session-config.ts";
import type { Logger } from "#observe/logger.ts";
import type {
  GivenUp,
  MessageParts,
  Peer,
  PeerHandler,
  TransportDetails,
  WireMessage,
} from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import type { AcceptPeerWithSession } from "./listener.ts";
import { TokenBucket } from "./token-bucket.ts";

/** `accept` with rate-limited peers, where the transport limits the rate; else `accept` itself. */
export function rateLimitedAccept(
  limits: TransportLimits | undefined,
  accept: AcceptPeerWithSession,
  log: Logger,
): AcceptPeerWithSession {
  const rate = limits?.max_messages_per_second ?? null;
  if (limits === undefined || rate === null) return accept;
  return (peer: Peer, session: SessionConfig) => {
    const bucket = new TokenBucket(rate, limits.max_messages_burst, performance.now());
    const limited = new RateLimitedPeer(peer, bucket, log);
    limited.attach(accept(limited, session));
    return limited;
  };
}

/** The peer of the session, and the handler of the transport's peer. */
class RateLimitedPeer implements Peer, PeerHandler {
  readonly serializer: SerializerName;
  readonly details: TransportDetails;
  readonly maxSendOctets: number;
  readonly #peer: Peer;
  readonly #bucket: TokenBucket;
  readonly #log: Logger;
  #handler: PeerHandler | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isPausedBySession = false;
  #wasSlowed = false;

  constructor(peer: Peer, bucket: TokenBucket, log: Logger) {
    this.serializer = peer.serializer;
    this.details = peer.details;
    this.maxSendOctets = peer.maxSendOctets;
    this.#peer = peer;
    this.#bucket = bucket;
    this.#log = log;
  }

  /** Sets the session's handler. */
  attach(handler: PeerHandler): void {
    this.#handler = handler;
  }

  get isClosing(): boolean {
    return this.#peer.isClosing ?? false;
  }

  get bufferedOctets(): number {
    return this.#peer.bufferedOctets;
  }

  send(message: WireMessage): boolean {
    return this.#peer.send(message);
  }

  beginMessage(octets: number): boolean {
    return this.#peer.beginMessage?.(octets) ?? false;
  }

  sendPart(octets: Uint8Array): boolean {
    return this.#peer.sendPart?.(octets) ?? true;
  }

  get isAmidMessage(): boolean {
    return this.#peer.isAmidMessage ?? false;
  }

  takeBackMessage(): void {
    this.#peer.takeBackMessage?.();
  }

  cork(body: () => void): void {
    this.#peer.cork(body);
  }

  pause(): void {
    this.#isPausedBySession = true;
    this.#peer.pause();
  }

  resume(): void {
    this.#isPausedBySession = false;
    if (this.#timer === undefined) this.#peer.resume();
  }

  limitMessages(octets: number): void {
    this.#peer.limitMessages?.(octets);
  }

  close(code: number, reason: string): void {
    this.#stop();
    this.#peer.close(code, reason);
  }

  onMessage(message: WireMessage): void {
    this.#count();
    this.#handler?.onMessage(message);
  }

  onLongMessage(head: Uint8Array, octets: number): MessageParts | null {
    const parts = this.#handler?.onLongMessage?.(head, octets) ?? null;
    if (parts !== null) this.#count();
    return parts;
  }

  onOversized(message: WireMessage): boolean {
    this.#count();
    return this.#handler?.onOversized?.(message) ?? false;
  }

  onBurst(deliver: () => void): void {
    if (this.#handler?.onBurst) this.#handler.onBurst(deliver);
    else deliver();
  }

  onGivenUp(end: GivenUp): void {
    this.#handler?.onGivenUp?.(end);
  }

  isLeaving(): boolean {
    return this.#handler?.isLeaving?.() ?? false;
  }

  onDrain(): void {
    this.#handler?.onDrain();
  }

  onClose(reason: string): void {
    this.#stop();
    this.#handler?.onClose(reason);
  }

  #count(): void {
    const waitMs = this.#bucket.take(performance.now());
    if (waitMs === 0 || this.#timer !== undefined) return;
    if (!this.#wasSlowed) {
      this.#wasSlowed = true;
      this.#log.info("client slowed down", { peer: this.details.peer });
    }
    this.#peer.pause();
    this.#wait(waitMs);
  }

  /** Several messages may come in one read, so a further wait may be due after the first. */
  #wait(delayMs: number): void {
    this.#timer = setTimeout(() => {
      const remainingMs = this.#bucket.waitMs(performance.now());
      this.#timer = undefined;
      if (remainingMs > 0) this.#wait(remainingMs);
      else if (!this.#isPausedBySession) this.#peer.resume();
    }, delayMs);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
