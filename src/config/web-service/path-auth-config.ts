/**
 * Normalized `auth` of a path whose requests act in the names of their clients.
 *
 * @module
 */

import type { TokenConfig } from "#config/auth/token-config.ts";

/** How the clients of a path are authenticated; at least one is not null. */
export interface PathAuthConfig {
  /** Bearer tokens. */
  bearer: TokenConfig | null;
  cookie: CookieLoginConfig | null;
}

/** The cookie of a WebSocket client that has joined. */
export interface CookieLoginConfig {
  /**
   * The path of the WebSocket, with a slash before each name: `/ws`; empty for the root. Null: the only one of the
   * transport where cookies are logins.
   */
  websocket: string | null;
}

/** The role of a path: that of all requests, or (`auth`) of clients whose tokens name none. Null: these are refused. */
export type PathRoleConfig =
  | { role: string; auth?: undefined }
  | { role: string | null; auth: PathAuthConfig };
