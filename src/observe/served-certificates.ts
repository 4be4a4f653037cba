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

/** Of certificates with the same name on a port the one that is valid for the shortest time. */
export function earliestCertificates(): ServedCertificate[] {
  const found = new Map<string, ServedCertificate>();
  for (const one of [...servedCertificates.values()].flat()) {
    const key = `${one.port} ${one.name}`;
    const other = found.get(key);
    if (other === undefined || one.notAfter < other.notAfter) found.set(key, one);
  }
  return [...found.values()];
}
