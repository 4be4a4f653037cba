/**
 * isOriginAllowed: checks the Origin header against `allowed_origins` and `allow_null_origin`.
 *
 * An origin is read as a URL, then its scheme, each label of its host, and its port are compared:
 *
 *     https://good.example       the port of the scheme; Crossbar wants it written
 *     https://*.good.example:*   hosts below good.example, of any depth; any port
 *     http://localhost*          labels that begin with localhost; any port, because the * is at the end
 *     *                          any origin
 *
 * In Crossbar `*` matches any characters of `scheme://host:port`, so `http://localhost*` matches
 * `http://localhost.evil.example` too. Here it does not go beyond a label, but for one that begins a host.
 *
 * @module
 */

const DEFAULT_PORTS: Record<string, string> = { http: "80", https: "443", ws: "80", wss: "443" };

/** The origins that may connect to one WebSocket path. */
export interface OriginRules {
  allowed_origins: readonly string[];
  allow_null_origin: boolean;
}

/** An origin, or a pattern for origins. */
interface Origin {
  scheme: string;
  /** The labels of the host; an address in brackets is one. */
  labels: string[];
  /** Empty: the default port of the scheme. */
  port: string;
}

/** Whether a request with this Origin header may connect; null, as of programs: it may. */
export function isOriginAllowed(origin: string | null, rules: OriginRules): boolean {
  if (origin === null) return true;
  const normalized = origin.trim().toLowerCase();
  // Pages with an opaque origin: sandboxed frames, and local files, for which some browsers send file:.
  if (normalized === "null" || normalized.startsWith("file:")) return rules.allow_null_origin;
  const parsed = parseOrigin(normalized);
  if (parsed === null) return false;
  return rules.allowed_origins.some((pattern) => {
    const wanted = parsePattern(pattern.toLowerCase());
    return wanted !== null && matches(wanted, parsed);
  });
}

/** Null: it is no origin. */
function parseOrigin(origin: string): Origin | null {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/\\?#@]+$/.test(origin)) return null;
  const url = URL.parse(origin);
  if (url === null || url.hostname === "") return null;
  const scheme = url.protocol.slice(0, -1);
  return { scheme, labels: labelsOf(url.hostname), port: portOf(scheme, url.port) };
}

/** Null: it is no pattern for origins, such as a host without a scheme. */
function parsePattern(pattern: string): Origin | null {
  // A * at the begin stands for the scheme too.
  const whole = !pattern.includes("://") && pattern.startsWith("*") ? `*://${pattern}` : pattern;
  const parts = /^([a-z0-9+.*-]+):\/\/(\[[^\]]*\]|[^:/]*)(?::([\d*]+))?$/.exec(whole);
  if (parts === null) return null;
  const [, scheme = "", host = "", port = host.endsWith("*") ? "*" : ""] = parts;
  return { scheme, labels: labelsOf(host), port: portOf(scheme, port) };
}

function labelsOf(host: string): string[] {
  return host.startsWith("[") ? [host] : host.split(".");
}

function portOf(scheme: string, port: string): string {
  return port === DEFAULT_PORTS[scheme] ? "" : port;
}

function matches(pattern: Origin, origin: Origin): boolean {
  // With a scheme of any kind the default port may be written as well.
  const defaultPort = DEFAULT_PORTS[origin.scheme] ?? "";
  const isPort =
    matchesWildcard(pattern.port, origin.port) ||
    (origin.port === "" && matchesWildcard(pattern.port, defaultPort));
  return (
    isPort &&
    matchesWildcard(pattern.scheme, origin.scheme) &&
    matchesLabels(pattern.labels, origin.labels)
  );
}

/** Compares from the last label; a first label `*` stands for one or more. */
function matchesLabels(pattern: readonly string[], labels: readonly string[]): boolean {
  const hasAnyDepth = pattern[0] === "*" && labels.length > pattern.length;
  if (labels.length !== pattern.length && !hasAnyDepth) return false;
  const offset = labels.length - pattern.length;
  return pattern.every((one, index) => matchesWildcard(one, labels[index + offset] ?? ""));
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
