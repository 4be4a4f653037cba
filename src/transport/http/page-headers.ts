/**
 * The headers of pages that this program makes itself, which load nothing, run nothing and are framed by none.
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

/** For an HTML page with one style sheet of its own, given as the text of its `style` element. */
export function styledPageHeaders(style: string): Record<string, string> {
  const hash = new Bun.CryptoHasher("sha256").update(style).digest("base64");
  return { ...PAGE_HEADERS, "Content-Security-Policy": `${POLICY}; style-src 'sha256-${hash}'` };
}
