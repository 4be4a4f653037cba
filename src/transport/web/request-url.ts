/**
 * The URL of a request that Bun's Web server has read.
 *
 * @module
 */

/** Stands where a request of HTTP/1.0 names no host, which it need not (RFC 9112, section 3.2). */
const NO_HOST = "http://localhost";

/** Gives the URL; null when there is none, or the request names two hosts. */
export function urlOf(request: Request): URL | null {
  const host = request.headers.get("host");
  // Without a Host header Bun gives the target alone; a version that needs one it refuses by itself.
  if (host === null && request.url.startsWith("/")) return URL.parse(`${NO_HOST}${request.url}`);
  // A Host header that is no host leaves a URL that cannot be parsed; of two, Bun joins the values.
  return host?.includes(",") ? null : URL.parse(request.url);
}
