/**
 * isOriginAllowed: checks the Origin header against `allowed_origins` and `allow_null_origin`.
 *
 * A pattern matches an origin as browsers send it (`https://good.example`) and with its default port
 * added (`https://good.example:443`), so operators may write either. `*` matches any run of characters.
 *
 * @module
 */

const DEFAULT_PORTS: Record<string, string> = { http: "80", https: "443", ws: "80", wss: "443" };

/** The origins that may connect to one WebSocket path. */
export interface OriginRules {
  allowed_origins: readonly string[];
  allow_null_origin: boolean;
}

/** Whether a request with this Origin header may connect; null, as of programs: it may. */
export function isOriginAllowed(origin: string | null, rules: OriginRules): boolean {
  if (origin === null) return true;
  const normalized = origin.trim().toLowerCase();
  // Pages with an opaque origin: sandboxed frames, and local files, for which some browsers send file:.
  if (normalized === "null" || normalized.startsWith("file:")) return rules.allow_null_origin;
  const spellings = spellingsOf(normalized);
  return rules.allowed_origins.some((pattern) =>
    spellings.some((spelling) => matchesWildcard(pattern.toLowerCase(), spelling)),
  );
}

/** The origin with and without the default port of its scheme; empty for a malformed origin. */
function spellingsOf(origin: string): string[] {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^\s/?#@]+?)(?::(\d{1,5}))?$/.exec(origin);
  if (parts === null) return [];
  const [, scheme = "", host = "", port] = parts;
  const defaultPort = DEFAULT_PORTS[scheme];
  if (port === undefined)
    return defaultPort === undefined ? [origin] : [origin, `${origin}:${defaultPort}`];
  return port === defaultPort ? [origin, `${scheme}://${host}`] : [origin];
}

/** Matches without a regular expression, because an origin is the client's text and may be long. */
function matchesWildcard(pattern: string, text: string): boolean {
  const [prefix = "", ...parts] = pattern.split("*");
  const suffix = parts.pop();
  if (suffix === undefined) return text === pattern;
  if (!text.startsWith(prefix)) return false;
  let position = prefix.length;
  for (const part of parts) {
    const found = text.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  return text.length - suffix.length >= position && text.endsWith(suffix);
}
