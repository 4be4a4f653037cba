/**
 * ServedCertificates: until when the certificates are valid that this process shows to its clients.
 *
 * @module
 */

/** A certificate of a port. */
export interface ServedCertificate {
  port: number;
  /** The common name of its subject, or its first other name. */
  name: string;
  /** Unix time in seconds. */
  notAfter: number;
}

/** Those of each endpoint that has TLS; the endpoints set them. */
export const servedCertificates = new Map<object, readonly ServedCertificate[]>();
