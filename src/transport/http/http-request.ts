/**
 * HttpRequest: the head of one request, as services read it.
 *
 * The fetch standard's Request refuses the methods CONNECT and TRACE, which have to be answered.
 *
 * @module
 */

/** A request whose head is well-formed. */
export interface HttpRequest {
  method: string;
  /** Its target; the host is "localhost" where the target names none, whatever the Host header says. */
  url: URL;
  headers: Headers;
  /** Whether the version is HTTP/1.0, which has no upgrade (RFC 9110, section 7.8). */
  isHttp10: boolean;
}

/** A request, and where it came from. */
export interface ClientRequest extends HttpRequest {
  /** IP address of the client; null on a Unix socket. */
  address: string | null;
  isSecure: boolean;
}

/** Whether a Host header is one host, perhaps with a port; several headers are joined by a comma. */
export function isHost(host: string): boolean {
  return /^([\w.~!$&'()*+;=%-]+|\[[\da-f:.]+\])(:\d*)?$/i.test(host);
}
