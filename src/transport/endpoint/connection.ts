/**
 * The socket and the events of one connection, as all of transport/ sees them.
 *
 * @module
 */

/** What a connection uses of a Bun socket, whether it was accepted or connected. */
export interface ConnectionSocket {
  /** The file descriptor; absent in tests. */
  readonly fd?: number | undefined;
  /** Gives the number of octets that the system took; negative: it takes none any more. */
  write(octets: Uint8Array, offset?: number, length?: number): number;
  /** Ends the writing side; reading goes on. */
  shutdown(): void;
  end(): void;
  terminate(): void;
  pause(): void;
  resume(): void;
}

/** Receives the events of one socket; a connection that is handed over changes its receiver. */
export interface ConnectionEvents {
  /** Whether a handshake is to come to its end before there is a session or a request. */
  readonly isInHandshake?: boolean;
  /** The socket has read octets, which nothing else uses: they may be changed, and are freed afterwards. */
  received(chunk: Uint8Array): void;
  /** The socket is writable again. */
  drained(): void;
  /** The other side sends nothing more; this side still may. */
  ended(): void;
  closed(error: Error | undefined): void;
}
