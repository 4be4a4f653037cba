/**
 * Peer and PeerHandler: all that a session knows of the connection to its other side.
 *
 * @module
 */

/** Names of the serializers, as in `wamp.2.<name>` and in node.json. */
export type SerializerName = "json" | "msgpack" | "cbor";

/**
 * One serialized WAMP message. JSON in a WebSocket text frame is a string, as Bun hands it over;
 * everything else is octets (JSON on RawSocket: UTF-8). Octets are borrowed: whoever keeps them
 * after the call that passed them must copy them.
 */
export type WireMessage = string | Uint8Array;

/** How a connection came in; authenticators and the router may see it. */
export interface TransportDetails {
  /** Crossbar's spelling: `tcp4:127.0.0.1:49816`, `tcp6:[::1]:49816` or `unix:/path`. */
  peer: string;
  type: "websocket" | "rawsocket";
  serializer: SerializerName;
  isSecure: boolean;
  /** Whether the connection came through a Unix domain socket of this machine. */
  isUnixSocket: boolean;
  /** Value of the cookie by which the client is recognized; it is told to nobody. */
  cookieId?: string;
  /** What that cookie stands for; absent: there is no cookie. */
  cookie?: ClientCookie;
  /** Absent: none was asked for. */
  clientCertificate?: ClientCertificate;
  /**
   * Channel id of `tls-unique` (RFC 5929): SHA-256 of the handshake's first Finished message, as
   * Autobahn has it. Undefined over TLS 1.3, which has none; absent without TLS.
   */
  tlsUnique?(): Uint8Array | undefined;
}

/** The cookie of a WebSocket client, which may stand for a join; values must be what WAMP can say. */
export interface ClientCookie {
  /** What was remembered last; undefined: nothing, or it is no longer good. */
  recall(): Record<string, unknown> | undefined;
  remember(login: Record<string, unknown>): void;
  forget(): void;
}

/** A certificate that a client has proved to own, and that a configured authority has signed. */
export interface ClientCertificate {
  /** Fingerprints in Crossbar's spelling: capital hex digits, a colon after every two. */
  sha1: string;
  sha256: string;
  /** Attributes of its subject: `CN`, `O` and so on. */
  subject: Record<string, string | string[]>;
}

/** What is known of a connection whatever it speaks. */
export type ConnectionDetails = Omit<TransportDetails, "type" | "serializer">;

/** The other side of one open connection: a client or a router. */
export interface Peer {
  readonly serializer: SerializerName;
  /** Whether messages for this peer are strings: JSON over WebSocket. */
  readonly isText: boolean;
  readonly details: TransportDetails;
  /** Longest message, in octets, that the other side announced to take; Infinity when unknown. */
  readonly maxSendOctets: number;
  /** Octets that wait in this process for the other side to take them. */
  readonly bufferedOctets: number;
  /**
   * Sends one message. False: taken, but the peer is behind; stop the source until `onDrain`.
   * A message for a peer that is closed is dropped and answered true.
   */
  send(message: WireMessage): boolean;
  /** Sends all messages that `body` sends in as few writes as possible. */
  cork(body: () => void): void;
  /** Stops reading from the other side. Pings go on being answered where the transport can. */
  pause(): void;
  resume(): void;
  /**
   * From now on no longer messages are taken; Infinity: as long as the transport allows. What is a
   * little longer is still handed on, so that it can be answered.
   */
  limitMessages?(octets: number): void;
  /**
   * Sends what is queued, then closes. `code` is a WebSocket close code; RawSocket has none.
   * `onClose` follows. A peer that does not finish within a deadline is cut off.
   */
  close(code: number, reason: string): void;
}

/** What a session is told about its peer. Nothing is called after `onClose`. */
export interface PeerHandler {
  onMessage(message: WireMessage): void;
  /**
   * Messages of one read are about to come: `deliver` calls `onMessage` for each of them, so that
   * what they lead to can be corked. Has to call `deliver` exactly once, before it returns.
   */
  onBurst?(deliver: () => void): void;
  /**
   * A message came in that is longer than this side takes, though not so long that it could not be
   * read; false when there is no way to answer it. Without this the peer closes with 1009.
   */
  onOversized?(message: WireMessage): boolean;
  /**
   * Whether the other side has sent GOODBYE and is still owed the answer; its close waits for that, though
   * not for long. Without this there is never such an answer.
   */
  isLeaving?(): boolean;
  /** The peer took what it was behind with. */
  onDrain(): void;
  /** The connection ended, whoever ended it; called exactly once. */
  onClose(reason: string): void;
}

/**
 * Longest HELLO and AUTHENTICATE: who has proved nothing yet is not given more memory and time. The
 * longest that is usual, a chain of eight certificates, has about 12,000 octets.
 */
export const MAX_JOIN_OCTETS = 65_536;

/** Whether a message has more octets than that; a string counts as the UTF-8 that is sent. */
export function isLongerThan(message: WireMessage, octets: number): boolean {
  if (message.length > octets) return true;
  // A UTF-16 unit becomes at most three octets, so most strings need not be measured.
  return (
    typeof message === "string" &&
    message.length * 3 > octets &&
    Buffer.byteLength(message) > octets
  );
}

/** WebSocket close codes that sessions use (RFC 6455, section 7.4.1; 1012: its IANA registry). */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  /** Not sent: the connection ends without a close frame. */
  abnormal: 1006,
  policyViolation: 1008,
  messageTooBig: 1009,
  internalError: 1011,
  serviceRestart: 1012,
} as const;
