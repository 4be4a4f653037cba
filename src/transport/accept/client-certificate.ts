/**
 * clientCertificate: the certificate that a client authenticated with in its TLS handshake.
 *
 * @module
 */

import type { Socket } from "bun";

import type { ClientCertificate } from "#wamp/peer.ts";

/** Gives the verified certificate of a connection; undefined when the client sent none. */
export function clientCertificate(socket: Socket<unknown>): ClientCertificate | undefined {
  const certificate = socket.getPeerCertificate();
  if (!certificate?.fingerprint || !certificate.fingerprint256) return undefined;
  return {
    sha1: certificate.fingerprint,
    sha256: certificate.fingerprint256,
    subject: { ...certificate.subject } as ClientCertificate["subject"],
  };
}
