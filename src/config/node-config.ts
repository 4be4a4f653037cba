/**
 * The normalized configuration: what the rest of the program is handed.
 *
 * It is made from node.json by `load.ts`, sent to workers as plain JSON values, and keeps the
 * operator's spelling (snake_case) for every attribute that node.json has. Every default is filled
 * in; file names are absolute.
 *
 * @module
 */

import type { SerializerName } from "#wamp/peer.ts";

/** A whole node. */
export interface NodeConfig {
  /** The configuration file, absolute. */
  file: string;
  /** The folder from which relative paths count. */
  folder: string;
  controller: { id: string };
  workers: WorkerConfig[];
}

/** One worker process. */
export type WorkerConfig = RouterWorkerConfig | ProxyWorkerConfig | WebSocketTesteeWorkerConfig;

/** A worker that routes: realms live here. */
export interface RouterWorkerConfig {
  type: "router";
  id: string;
  realms: RealmConfig[];
  transports: TransportConfig[];
}

/** A worker that takes clients and carries their sessions to routers. */
export interface ProxyWorkerConfig {
  type: "proxy";
  id: string;
  connections: Record<string, ConnectionConfig>;
  /** realm -> authrole -> ids of connections. */
  routes: Record<string, Record<string, string[]>>;
  transports: TransportConfig[];
}

/** A worker that sends every WebSocket message back. */
export interface WebSocketTesteeWorkerConfig {
  type: "websocket-testee";
  id: string;
  /** Exactly one: `transport` in node.json. */
  transports: [WebSocketTesteeTransportConfig];
}

/** A realm of a router worker. */
export interface RealmConfig {
  name: string;
  roles: RoleConfig[];
}

/** A role of a realm. */
export interface RoleConfig {
  name: string;
  permissions: PermissionConfig[];
}

/** What a role may do on URIs that match. */
export interface PermissionConfig {
  uri: string;
  match: "exact" | "prefix" | "wildcard";
  allow: { call: boolean; register: boolean; publish: boolean; subscribe: boolean };
  disclose: { caller: boolean; publisher: boolean };
}

/** A listening transport. */
export type TransportConfig =
  | WebTransportConfig
  | WebSocketTransportConfig
  | RawSocketTransportConfig
  | UniversalTransportConfig
  | WebSocketTesteeTransportConfig;

/** `type: web`: Web services and WAMP over WebSocket by path. */
export interface WebTransportConfig {
  type: "web";
  id: string;
  endpoint: ListeningEndpointConfig;
  /** First path component (`"/"` for the root) -> service. */
  paths: Record<string, WebServiceConfig>;
}

/** `type: websocket`: a port that is nothing but a WAMP WebSocket, whatever the path. */
export interface WebSocketTransportConfig extends WebSocketServiceConfig {
  id: string;
  endpoint: ListeningEndpointConfig;
}

/** `type: websocket.testee`: sends every message back as it came; no WAMP, no subprotocol. */
export interface WebSocketTesteeTransportConfig {
  type: "websocket.testee";
  id: string;
  endpoint: ListeningEndpointConfig;
  options: WebSocketOptions;
}

/** `type: rawsocket`. */
export interface RawSocketTransportConfig extends SessionConfig {
  type: "rawsocket";
  id: string;
  endpoint: ListeningEndpointConfig;
  options: RawSocketOptions;
}

/** `type: universal`: RawSocket, and HTTP and WebSocket by path, on one endpoint. */
export interface UniversalTransportConfig {
  type: "universal";
  id: string;
  endpoint: ListeningEndpointConfig;
  /** Null: RawSocket is not spoken. */
  rawsocket: (SessionConfig & { options: RawSocketOptions }) | null;
  /** Web services and WebSockets; null: HTTP is not spoken. */
  paths: Record<string, WebServiceConfig> | null;
}

/** Options of a RawSocket transport; sizes are octets. */
export interface RawSocketOptions extends BufferOptions {
  max_message_size: number;
}

/** How much may wait for either side of a session, and for how long. */
export interface BufferOptions {
  /** Octets from which a side counts as behind. */
  max_buffered: number;
  /** Milliseconds that a side may stay behind; 0: unlimited. */
  stall_timeout: number;
}

/** A socket to listen on. */
export type ListeningEndpointConfig = ListeningTcpConfig | ListeningUnixConfig;

/** A TCP port to listen on. */
export interface ListeningTcpConfig {
  type: "tcp";
  port: number;
  /** Address to listen on; `0.0.0.0` or `::` for all. */
  interface: string;
  /** Whether other processes may listen on the same port (SO_REUSEPORT). */
  shared: boolean;
  /** Absolute file names of PEM files; undefined: no TLS. */
  tls?: {
    key: string;
    certificate: string;
    chain_certificates: string[];
    /** Authorities, one of which must have signed each client's certificate; undefined: none is asked for. */
    ca_certificates?: string[];
  };
  /**
   * Addresses and ranges of load balancers, which have to begin each connection with a PROXY preface;
   * undefined: PROXY protocol is not spoken.
   */
  trusted_proxies?: string[];
}

/** A Unix domain socket to listen on. */
export interface ListeningUnixConfig {
  type: "unix";
  /** Absolute file name. */
  path: string;
  /** Mode of the socket file, as a number (0o600). */
  permission: number;
}

/** A socket to connect to. */
export type ConnectingEndpointConfig =
  | { type: "tcp"; host: string; port: number; timeoutMs: number }
  | { type: "unix"; path: string; timeoutMs: number };

/** How to reach a router. */
export interface ConnectionConfig {
  id: string;
  transport: ConnectingTransportConfig;
  /** How the proxy proves itself for the clients it vouches for. */
  auth: "anonymous-proxy";
}

/** A connecting transport. */
export type ConnectingTransportConfig = ConnectingWebSocketConfig | ConnectingRawSocketConfig;

/** WAMP over WebSocket to a router. */
export interface ConnectingWebSocketConfig {
  type: "websocket";
  endpoint: ConnectingEndpointConfig;
  /** `ws://host:port/path`; its path and host go into the request. */
  url: string;
  /** In order of preference, never empty. */
  serializers: SerializerName[];
}

/** WAMP over RawSocket to a router. */
export interface ConnectingRawSocketConfig {
  type: "rawsocket";
  endpoint: ConnectingEndpointConfig;
  serializer: SerializerName;
  /** Longest message, in octets, that we announce to take. */
  max_message_size: number;
}

/** How sessions begin on a WebSocket path or a RawSocket transport. */
export interface SessionConfig {
  /** Serializers that clients may choose from, never empty. */
  serializers: SerializerName[];
  /** Who authenticates: these methods here, or (`passthrough`) the router behind a proxy. */
  auth: AuthConfig | "passthrough";
  /** Proxy only. The one connection for every realm and role; null: the worker's routes decide. */
  backend: string | null;
  options: BufferOptions;
}

/** Configured authmethods. */
export interface AuthConfig {
  anonymous?: { type: "static"; role: string; authid?: string };
  ticket?: { type: "static"; principals: Record<string, { ticket: string; role: string }> };
  /** Router only: takes the identity that a proxy vouches for, over Unix sockets only. */
  "anonymous-proxy"?: { type: "static" };
}

/** What stands at a path of a web server; a testee is always alone there. */
export type WebServiceConfig =
  | StaticServiceConfig
  | ArchiveServiceConfig
  | NodeInfoServiceConfig
  | WebSocketServiceConfig
  | WebSocketTesteeTransportConfig
  | JsonServiceConfig
  | RedirectServiceConfig
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
  };
}

/** `type: archive`. */
export interface ArchiveServiceConfig {
  type: "archive";
  /** The ZIP file, absolute. */
  archive: string;
  /** Where to download it from when the file is missing and `download` is set. */
  origin: string | null;
  download: boolean;
  cache: boolean;
  default_object: string | null;
  object_prefix: string | null;
  mime_types: Record<string, string>;
  /** Accepted SHA-256 digests in lower-case hex; empty: any. */
  hashes: string[];
}

/** `type: nodeinfo`. */
export interface NodeInfoServiceConfig {
  type: "nodeinfo";
}

/** `type: json`. */
export interface JsonServiceConfig {
  type: "json";
  value: unknown;
}

/** `type: redirect`. */
export interface RedirectServiceConfig {
  type: "redirect";
  url: string;
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
}

/** Options of a WebSocket path. Times are milliseconds, sizes octets; 0 means off. */
export interface WebSocketOptions extends BufferOptions {
  allowed_origins: string[];
  allow_null_origin: boolean;
  enable_webstatus: boolean;
  max_message_size: number;
  open_handshake_timeout: number;
  close_handshake_timeout: number;
  auto_ping_interval: number;
  auto_ping_timeout: number;
  auto_ping_size: number;
  auto_ping_restart_on_any_traffic: boolean;
  require_websocket_subprotocol: boolean;
  /** Longest frame that is taken. */
  max_frame_size: number;
  /** Longest payload of a frame that is sent; longer messages are sent in several. */
  auto_fragment_size: number;
  /** Whether a client that breaks the protocol is cut off without a close frame. */
  fail_by_drop: boolean;
  /** Whether a client's close frame is answered with its own reason. */
  echo_close_codereason: boolean;
  /** Port that the Host header has to name; null: any. */
  external_port: number | null;
  /** Whether answers name this program and its release (header Server). */
  show_server_version: boolean;
  compression: { deflate: DeflateOptions } | null;
}

/** `compression.deflate`; windows are bits, 9 to 15, 0 where the client may choose its own. */
export interface DeflateOptions {
  /** Window of what the server compresses. */
  max_window_bits: number;
  /** Whether each message of the server is compressed by itself. */
  no_context_takeover: boolean;
  /** Window that clients are asked to keep to. */
  request_max_window_bits: number;
  /** Whether clients are asked to compress each message by itself. */
  request_no_context_takeover: boolean;
  /** Memory of the compressor, 1 to 9, as zlib has it. */
  memory_level: number;
}
