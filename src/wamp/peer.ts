/**
 * Peer and PeerHandler: the connection of a session to a client or a router, whatever the transport.
 *
 * @module
 */

import type { SerializerName } from "./serializer-name.ts";

/**
 * The octets of one serialized WAMP message, UTF-8 when it is JSON. They are borrowed: valid only during the call
 * that passes them, so code that keeps them must copy them.
 */
export type WireMessage = Uint8Array;

/** The transport of a connection, as authenticators and the router may see it. */
export interface TransportDetails {
  /** In Crossbar's notation: `tcp4:127.0.0.1:49816`, `tcp6:[::1]:49816` or `unix:/path`. */
  peer: string;
  type: "websocket" | "rawsocket" | "longpoll" | "mqtt";
  serializer: SerializerName;
  isSecure: boolean;
  /** Whether the connection came through a Unix domain socket of this machine. */
  isUnixSocket: boolean;
  /** Value of the cookie that identifies the client; a secret, which is sent to no other peer. */
  cookieId?: string;
  /** The login that the cookie stands for; absent when there is no cookie. */
  cookie?: ClientCookie;
  /** The token in a cookie of the client's handshake; absent: tokens are not taken from cookies, or there is none. */
  cookieToken?: CookieToken;
  /** Absent when none was requested. */
  clientCertificate?: ClientCertificate;
  /** The span that the client's request belongs to, of a server before this node (W3C Trace Context). */
  traceparent?: string;
  /**
   * Channel id of `tls-unique` (RFC 5929): SHA-256 of the handshake's first Finished message, as
   * Autobahn computes it. Undefined over TLS 1.3, which has none; absent without TLS.
   */
  tlsUnique?(): Uint8Array | undefined;
}

/** The cookie of a client over WebSocket or HTTP, which may replace a login; its values must be WAMP values. */
export interface ClientCookie {
  /** The login remembered last; undefined when there is none or it has expired. */
  recall(): Record<string, unknown> | undefined;
  remember(login: Record<string, unknown>): void;
  forget(): void;
}

/** A token, which is a secret; or why a handshake has none that counts, although it has such a cookie. */
export type CookieToken = { token: string } | { fault: string };

/** A certificate that a configured authority has signed and whose key the client owns. */
export interface ClientCertificate {
  /** Fingerprints in Crossbar's notation: upper case hex digits with colons after every two. */
  sha1: string;
  sha256: string;
  /** Attributes of its subject: `CN`, `O` and so on. */
  subject: Record<string, string | string[]>;
}

/** The details of a connection before its protocol is known. */
export type ConnectionDetails = Omit<TransportDetails, "type" | "serializer">;

/** Takes a message part by part, before it is complete. */
export interface MessageParts {
  /** Takes the next octets, which are borrowed and may be changed. */
  take(octets: Uint8Array): void;
}

/** The other side of one open connection: a client or a router. */
export interface Peer {
  readonly serializer: SerializerName;
  readonly details: TransportDetails;
  /** Longest message, in octets, that the other side accepts; Infinity when it announced none. */
  readonly maxSendOctets: number;
  /** Octets that wait in this process until the other side reads them. */
  readonly bufferedOctets: number;
  /** Whether the transport is closing the connection; absent: it does so only when its session does. */
  readonly isClosing?: boolean;
  /**
   * Sends one message. False: it is queued, but the peer reads too slowly; pause the source until
   * `onDrain`. A message for a closed peer is dropped, and the answer is true.
   */
  send(message: WireMessage): boolean;
  /**
   * Begins a message of so many octets that `sendPart` sends. False, or absent: this peer can be sent only whole
   * messages now.
   */
  beginMessage?(octets: number): boolean;
  /**
   * Sends the next octets of the message that was begun, which may be changed. False: as of `send`; the last part is the
   * message's end.
   */
  sendPart?(octets: Uint8Array): boolean;
  /**
   * Whether a message that was begun is not complete. Until it is, other messages wait; when the connection is
   * closed before, they are dropped.
   */
  readonly isAmidMessage?: boolean;
  /** Gives up the message that was begun, if nothing of it has been sent: what waits for its end is sent now. */
  takeBackMessage?(): void;
  /** Sends the messages that `body` sends in as few writes as possible. */
  cork(body: () => void): void;
  /** Stops reading from the other side; no message comes until `resume`. */
  pause(): void;
  resume(): void;
  /**
   * Limits the messages that are accepted from now on; Infinity: only the transport limits them.
   * A message that is slightly longer still reaches `onOversized`, so that it can be answered.
   */
  limitMessages?(octets: number): void;
  /**
   * Sends what is queued, then closes. `code` is a WebSocket close code; RawSocket has none.
   * `onClose` follows. After a deadline the connection is cut.
   */
  close(code: number, reason: string): void;
  /**
   * Closes a connection over which nothing is under way, in either direction: both sides have said GOODBYE, and this
   * one last heard. Nothing is waited for, where the transport has no closing handshake. Absent: only `close`.
   */
  closeIdle?(reason: string): void;
}

/** Why a transport ends a connection that keeps to its protocol. */
export interface GivenUp {
  /** WebSocket close code. */
  code: number;
  /** For GOODBYE or ABORT. */
  uri: string;
  sentence: string;
}

/** The events of a peer. Nothing is called after `onClose`. */
export interface PeerHandler {
  onMessage(message: WireMessage): void;
  /**
   * A message of so many octets has begun with these. Gives what takes all its octets, these included. Null, or
   * absent: it is passed to `onMessage` when it is complete. A message that has begun may never be completed.
   */
  onLongMessage?(head: Uint8Array, octets: number): MessageParts | null;
  /**
   * Precedes the messages of one read: `deliver` calls `onMessage` for each of them, so that what is
   * sent in response can be corked. Must call `deliver` exactly once, before it returns.
   */
  onBurst?(deliver: () => void): void;
  /**
   * A message is longer than this side accepts, but short enough to be read. Returns whether it was
   * answered. When it was not, or the handler lacks this method, the peer closes with 1009.
   */
  onOversized?(message: WireMessage): boolean;
  /** The connection cannot go on: the session sends its last message and closes the peer. */
  onGivenUp?(end: GivenUp): void;
  /**
   * Whether the other side has sent GOODBYE and is still owed the answer; its close waits for that, though
   * not for long. Without this there is never such an answer.
   */
  isLeaving?(): boolean;
  /** The other side has read enough that `send` may continue. */
  onDrain(): void;
  /** The connection ended, on either side; called exactly once. */
  onClose(reason: string): void;
}

/**
 * Longest HELLO and AUTHENTICATE, so that a client gets no more memory and time before it is
 * authenticated. The longest usual one, with a chain of eight certificates, has about 12,000 octets.
 */
export const MAX_JOIN_OCTETS = 65_536;

/** Reasons in `onClose` with which transports end a connection by themselves. */
export const TransportEnd = {
  noPong: "no answer to a ping",
  tooMuchWaits: "too many octets are waiting to be read",
  tooMuchWaitsForAll:
    "what waits for all clients takes too much memory, and much of it waits for this one",
} as const;

/** WebSocket close codes that sessions use (RFC 6455, section 7.4.1; 1012, 1013: its IANA registry). */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  /** Never sent: the close frame names no code. */
  none: 1005,
  /** Never sent: the connection ended without a close frame. */
  abnormal: 1006,
  policyViolation: 1008,
  messageTooBig: 1009,
  internalError: 1011,
  serviceRestart: 1012,
  tryAgainLater: 1013,
} as const;
