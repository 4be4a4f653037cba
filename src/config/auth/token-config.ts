/**
 * Normalized rules for tokens that are signed JWTs: bearer tokens of HTTP, and tickets.
 *
 * @module
 */

/** Which tokens are accepted, and what is read of them. */
export interface TokenConfig {
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
  /** Absent: cookies have no tokens. */
  cookie?: TokenCookieConfig;
}

/** A cookie that has a token. */
export interface TokenCookieConfig {
  name: string;
  /** Patterns of the origins of the pages whose cookie counts; none of them matches every host. */
  allowed_origins: string[];
}

/** Where the keys are that tokens are signed with. */
export type KeySourceConfig =
  | { type: "secret"; secret: string }
  /** Absolute. */
  | { type: "file"; file: string }
  /** `refresh_interval` and `lifetime` in milliseconds. */
  | { type: "url"; url: string; refresh_interval: number; lifetime: number };

/** `type: jwt` of the authmethod `ticket`. */
export interface TokenTicketConfig extends TokenConfig {
  type: "jwt";
  /** Role of clients whose tokens name none; null: they are refused. */
  "default-role": string | null;
  /** Claims that become the client's `authextra`; null: it is what its HELLO says. */
  extra_claims: string[] | null;
}
