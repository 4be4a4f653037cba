/**
 * Normalized Web services, with WebSocket at a path.
 *
 * @module
 */

import type { MqttServiceConfig } from "#config/mqtt/mqtt-config.ts";
import type { SessionConfig } from "#config/options/session-config.ts";
import type { WebSocketOptions } from "#config/options/websocket-config.ts";
import type { WebSocketTesteeTransportConfig } from "#config/transport/testee-config.ts";
import type { CookieConfig } from "./cookie-config.ts";
import type { EventStreamServiceConfig } from "./event-stream-config.ts";
import type { LongPollServiceConfig } from "./longpoll-config.ts";
import type { PathRoleConfig } from "./path-auth-config.ts";
import type {
  ReverseProxyServiceConfig,
  WebSocketReverseProxyServiceConfig,
} from "./reverse-proxy-config.ts";
import type { UploadServiceConfig } from "./upload-config.ts";
import type { WapServiceConfig } from "./wap-config.ts";
import type { WebhookServiceConfig } from "./webhook-config.ts";

/** The service at a path of a Web transport; a testee is the only service of its transport. */
export type WebServiceConfig =
  | StaticServiceConfig
  | ArchiveServiceConfig
  | NodeInfoServiceConfig
  | WebSocketServiceConfig
  | LongPollServiceConfig
  | WebSocketTesteeTransportConfig
  | JsonServiceConfig
  | RedirectServiceConfig
  | BridgeServiceConfig
  | WebhookServiceConfig
  | UploadServiceConfig
  | ReverseProxyServiceConfig
  | WebSocketReverseProxyServiceConfig
  | EventStreamServiceConfig
  | WapServiceConfig
  | CatalogServiceConfig
  | UnavailableServiceConfig
  | PathServiceConfig;

/** `type: static`. */
export interface StaticServiceConfig {
  type: "static";
  /** Absolute. */
  directory: string;
  options: {
    enable_directory_listing: boolean;
    /** Suffix (`.min.js`) -> media type; the longest suffix wins. */
    mime_types: Record<string, string>;
    /** Seconds for Cache-Control max-age; null: no such header. */
    cache_timeout: number | null;
    /** File served for what is missing, or null. */
    default_file: string | null;
    /** Whether pages of any origin may read the files. */
    allow_cross_origin: boolean;
  };
}

/** `type: archive`. */
export interface ArchiveServiceConfig {
  type: "archive";
  /** The ZIP file, absolute. */
  archive: string;
  /** URL from which a missing file is downloaded if `download` is true. */
  origin: string | null;
  download: boolean;
  cache: boolean;
  /** Added to paths of folders; may be empty. */
  default_object: string;
  /** Empty, or a folder with a slash at its end. */
  object_prefix: string;
  mime_types: Record<string, string>;
  /** Accepted SHA-256 digests in lower-case hex; empty: any. */
  hashes: string[];
  options: {
    /** File of the archive served for what is missing, or null. */
    default_file: string | null;
    /** Whether pages of any origin may read the files. */
    allow_cross_origin: boolean;
  };
}

/** `type: nodeinfo`. */
export interface NodeInfoServiceConfig {
  type: "nodeinfo";
  /** Addresses and CIDRs of clients that may see it; null: any. */
  require_ip: string[] | null;
  /** What clients have to send; null: nothing. */
  token: string | null;
}

/** `type: json`. */
export interface JsonServiceConfig {
  type: "json";
  /** JSON, with the digits of the file and the order of its attributes. */
  text: string;
  options: {
    /** Whether pages of any origin may read the value. */
    allow_cross_origin: boolean;
    discourage_caching: boolean;
  };
}

/** `type: redirect`. */
export interface RedirectServiceConfig {
  type: "redirect";
  url: string;
}

/** `type: caller` and `type: publisher`: the HTTP bridge. */
export type BridgeServiceConfig = BridgeConfig & PathRoleConfig;

interface BridgeConfig {
  type: "caller" | "publisher";
  realm: string;
  options: {
    /** With `secret`: every request must be signed. Either both are null or neither is. */
    key: string | null;
    secret: string | null;
    require_tls: boolean;
    /** Addresses and CIDRs; null: any. */
    require_ip: string[] | null;
    /** Octets. */
    post_body_limit: number;
    /** Seconds; 0: none. */
    timestamp_delta_limit: number;
    /** Milliseconds for an answer. */
    call_timeout: number;
    /** Whether an ERROR has a status of its own; false: 200, as in Crossbar. */
    error_status_codes: boolean;
    /** Milliseconds for which an answer is given again; 0: an Idempotency-Key is ignored. */
    idempotency_key_lifetime: number;
  };
}

/** `type: catalog`. */
export interface CatalogServiceConfig {
  type: "catalog";
  /** Binary schemas of FlatBuffers, absolute. */
  files: string[];
}

/** A path type of Crossbar that this program does not have. */
export interface UnavailableServiceConfig {
  type: "unavailable";
  /** Set where it would run Python. */
  isPython?: true;
}

/** `type: path`. */
export interface PathServiceConfig {
  type: "path";
  paths: Record<string, WebServiceConfig>;
}

/** `type: websocket` (and `websocket-proxy`, which normalizes to it). */
export interface WebSocketServiceConfig extends SessionConfig {
  type: "websocket";
  options: WebSocketOptions;
  /** Undefined: no cookie is issued. */
  cookie?: CookieConfig;
  /** Clients with the subprotocol `mqtt`; absent: there are none. */
  mqtt?: MqttServiceConfig;
}
