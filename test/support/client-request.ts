/** A request as Web services get it. */

import type { ClientRequest } from "#transport/http/http-request.ts";

/** GET of a path, from this machine without TLS unless something else is said. */
export function clientRequest(
  path: string,
  headers: Record<string, string> = {},
  peer = "tcp4:127.0.0.1:49816",
): ClientRequest {
  const { pathname, search } = new URL(`http://localhost${path}`);
  return {
    method: "GET",
    url: { pathname, search },
    headers: new Headers(headers),
    isHttp10: false,
    framing: { kind: "length", octets: 0 },
    peer,
    isSecure: false,
    strictTransport: "",
  };
}
