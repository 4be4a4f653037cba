/**
 * The headers of pages that this program makes itself, which load nothing and are framed by none. A script runs only on
 * the page of the node.
 *
 * @module
 */

const POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const COMMON = { "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer" };

/** For a text. */
export const TEXT_HEADERS = {
  "Content-Type": "text/plain; charset=utf-8",
  "Content-Security-Policy": POLICY,
  ...COMMON,
} as const;

/** For an HTML page without a style sheet. */
export const PAGE_HEADERS = {
  ...TEXT_HEADERS,
  "Content-Type": "text/html; charset=utf-8",
} as const;

/** For an HTML page with one style sheet of its own. */
export function styledPageHeaders(style: string): Record<string, string> {
  const policy = `${POLICY}; style-src ${hashOf(style)}`;
  return { ...PAGE_HEADERS, "Content-Security-Policy": policy };
}

/** For an HTML page with one style sheet and one script of its own, which may connect to its own origin. */
export function scriptedPageHeaders(style: string, script: string): Record<string, string> {
  const sources = `style-src ${hashOf(style)}; script-src ${hashOf(script)}; connect-src 'self'`;
  // For the empty icon, without which browsers ask the server for one.
  const policy = `${POLICY}; ${sources}; img-src data:`;
  return { ...PAGE_HEADERS, "Content-Security-Policy": policy };
}

function hashOf(text: string): string {
  return `'sha256-${new Bun.CryptoHasher("sha256").update(text).digest("base64")}'`;
}
