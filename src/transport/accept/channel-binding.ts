/**
 * The name of one TLS connection, to which a client can bind its proof of who it is.
 *
 * @module
 */

import type { Socket } from "bun";

/** Methods of Bun's TLS sockets that its types have not for all of them. */
interface TlsSocket {
  isSessionReused(): boolean;
  getTLSFinishedMessage(): Buffer | undefined;
  getTLSPeerFinishedMessage(): Buffer | undefined;
}

/**
 * SHA-256 of the first Finished message of the handshake (`tls-unique`, RFC 5929): the client's, or
 * ours where a session is resumed. Undefined over TLS 1.3, which has no such binding.
 */
export function tlsUnique(socket: Socket<unknown>): Uint8Array | undefined {
  const tls = socket as unknown as TlsSocket;
  const finished = tls.isSessionReused()
    ? tls.getTLSFinishedMessage()
    : tls.getTLSPeerFinishedMessage();
  if (finished === undefined || finished.length === 0) return undefined;
  return new Bun.CryptoHasher("sha256").update(finished).digest();
}
