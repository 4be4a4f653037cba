/**
 * Normalized `auth` of a path whose requests act in the names of their clients.
 *
 * @module
 */

/** How the clients of a path are authenticated; at least one is not null. */
export interface PathAuthConfig {
  bearer: BearerConfig | null;
  cookie: CookieLoginConfig | null;
}

/** Bearer tokens that are signed JWTs. */
export interface BearerConfig {
  issuer: string;
  /** A token is for one of these. */
  audience: string[];
  keys: KeySourceConfig;
  algorithms: string[];
  /** Seconds. */
  clock_tolerance: number;
  /** Names of claims, from the outermost to the one that is meant. */
  authid_claim: string[];
  authrole_claim: string[];
  /** Roles that tokens may name, the first that a token names counts; null: any but `trusted`. */
  roles: string[] | null;
  /** A token has all of them. */
  scopes: string[];
}

/** Where the keys are that tokens are signed with. */
export type KeySourceConfig =
  | { type: "secret"; secret: string }
  /** Absolute. */
  | { type: "file"; file: string }
  /** `refresh_interval` and `lifetime` in milliseconds. */
  | { type: "url"; url: string; refresh_interval: number; lifetime: number };

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
