/**
 * The normalized cookie of a WebSocket path, or of one for long polling.
 *
 * @module
 */

/** A cookie that is issued in the handshake, or when a transport is opened. */
export interface CookieConfig {
  name: string;
  /** Characters of its value. */
  length: number;
  /** Seconds until it expires. */
  max_age: number;
  secure: boolean;
  /** HttpOnly. */
  http_strict: boolean;
  same_site: "Strict" | "Lax" | "None" | null;
  /** Where known cookies are kept; a file name is absolute. */
  store: { type: "memory" } | { type: "file"; filename: string };
}
