/**
 * tlsUnique: the name of one TLS connection, to which a client can bind its authentication.
 *
 * @module
 */

import type { Socket } from "bun";

/**
 * SHA-256 of the first Finished message of the handshake (`tls-unique`, RFC 5929): the client's, or
 * the server's where a session is resumed. Undefined over TLS 1.3, which has no such binding.
 */
export function tlsUnique(socket: Socket<unknown>): Uint8Array | undefined {
  const finished = socket.isSessionReused()
    ? socket.getTLSFinishedMessage()
    : socket.getTLSPeerFinishedMessage();
  if (finished === undefined || finished.length === 0) return undefined;
  return new Bun.CryptoHasher("sha256").update(finished).digest();
}
