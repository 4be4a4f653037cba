/**
 * Which Web pages may connect: `allowed_origins` and `allow_null_origin` against the Origin header.
 *
 * A pattern matches an origin as browsers write it (`https://good.example`) and also with its port
 * spelled out (`https://good.example:443`), so that operators may write either. `*` stands for any
 * run of characters.
 *
 * @module
 */

const defaultPorts: Record<string, string> = { http: "80", https: "443", ws: "80", wss: "443" };

/** How origins are judged on one WebSocket path. */
export interface OriginRules {
  allowed_origins: readonly string[];
  allow_null_origin: boolean;
}

/** Whether a request with this Origin header may connect; programs that send none may. */
export function isOriginAllowed(origin: string | null, rules: OriginRules): boolean {
  if (origin === null) return true;
  const written = origin.trim().toLowerCase();
  // Pages without an origin of their own: sandboxed frames, and local files as some browsers say it.
  if (written === "null" || written.startsWith("file:")) return rules.allow_null_origin;
  const spellings = spellingsOf(written);
  return rules.allowed_origins.some((pattern) =>
    spellings.some((spelling) => matchesWildcard(pattern.toLowerCase(), spelling)),
  );
}

/** The origin with and without the port that its scheme implies; none for what is no origin. */
function spellingsOf(origin: string): string[] {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^\s/?#@]+?)(?::(\d{1,5}))?$/.exec(origin);
  if (parts === null) return [];
  const [, scheme = "", host = "", port] = parts;
  const implied = defaultPorts[scheme];
  if (port === undefined)
    return implied === undefined ? [origin] : [origin, `${origin}:${implied}`];
  return port === implied ? [origin, `${scheme}://${host}`] : [origin];
}

/** Compares without a regular expression: an origin is the client's text and may be long. */
function matchesWildcard(pattern: string, text: string): boolean {
  const [head = "", ...rest] = pattern.split("*");
  const tail = rest.pop();
  if (tail === undefined) return text === pattern;
  if (!text.startsWith(head)) return false;
  let position = head.length;
  for (const part of rest) {
    const found = text.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  return text.length - tail.length >= position && text.endsWith(tail);
}
