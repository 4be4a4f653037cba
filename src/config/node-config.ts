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
  /** realm -> authrole -> ids of connections; `*` is every realm, or every role, without its own. */
  routes: Record<string, Record<string, string[]>>;
  /** Undefined: in turn. */
  balancing?: BalancingConfig;
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
  limits?: TransportLimits;
  /** Addresses, CIDRs, or `unix`: whose word is taken for a client's address. */
  trusted_proxies?: string[];
}

/** Limits of a transport in one worker; null: unlimited. Undefined where there are none at all. */
export interface TransportLimits {
  max_connections: number | null;
  /** Of one IPv4 address, or the first 64 bits of an IPv6 address. */
  max_connections_per_address: number | null;
  /** Messages of one session. */
  max_messages_per_second: number | null;
  /** Messages of one session that may come at once. */
  max_messages_burst: number;
}

/** `type: websocket`: a port that is nothing but a WAMP WebSocket, whatever the path. */
export interface WebSocketTransportConfig extends WebSocketServiceConfig {
  id: string;
  endpoint: ListeningEndpointConfig;
  limits?: TransportLimits;
  /** Addresses, CIDRs, or `unix`: whose word is taken for a client's address. */
  trusted_proxies?: string[];
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
  limits?: TransportLimits;
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
  limits?: TransportLimits;
  /** As on a Web transport. */
  trusted_proxies?: string[];
}

/** Options of a RawSocket transport; sizes are octets. */
export interface RawSocketOptions extends BufferOptions, SessionEndOptions, KeepaliveOptions {
  max_message_size: number;
}

/** Pings to clients. Times are milliseconds. */
export interface KeepaliveOptions {
  /** Time without a sign of life after which a client is pinged; 0: never. */
  auto_ping_interval: number;
  /** Time to answer a ping; 0: unlimited. */
  auto_ping_timeout: number;
  /** Octets of a ping's payload. */
  auto_ping_size: number;
  /** Whether anything that a client sends is a sign of life, or only the answer to a ping. */
  auto_ping_restart_on_any_traffic: boolean;
}

/** How much may wait for either side of a session, and for how long. */
export interface BufferOptions {
  /** Octets from which a side counts as behind. */
  max_buffered: number;
  /** Milliseconds that a side may stay behind; 0: unlimited. */
  stall_timeout: number;
}

/** An end of a session that the close of its connection may tell alone; an outage of its router too. */
export type CloseOnlyEnd = "router_lost" | "shutdown";

/** How the sessions of clients end. */
export interface SessionEndOptions {
  /**
   * Proxy only. Ends that are told by the close alone, without GOODBYE or ABORT. Absent: all of them to
   * clients that are known to stay away otherwise, none to others.
   */
  told_by_close?: readonly CloseOnlyEnd[];
}

/** A socket to listen on. */
export type ListeningEndpointConfig = ListeningTcpConfig | ListeningUnixConfig;

/** A TCP port to listen on. */
export interface ListeningTcpConfig {
  type: "tcp";
  /** The first one where there is a range. */
  port: number;
  /** First and last port, of which the first free one is taken; undefined: only `port`. */
  portrange?: [number, number];
  /** Address to listen on; `0.0.0.0` or `::` for all. */
  interface: string;
  /** 6: connections over IPv4 are not taken; undefined: the interface decides. */
  version?: 6;
  /** Whether other processes may listen on the same port (SO_REUSEPORT). */
  shared: boolean;
  /** Connections that may wait to be accepted; undefined: 512, as Bun has it. */
  backlog?: number;
  /** Undefined: no TLS. */
  tls?: ListeningTlsConfig;
  /**
   * Addresses and ranges of load balancers, which have to begin each connection with a PROXY header;
   * undefined: PROXY protocol is not spoken.
   */
  trusted_proxies?: string[];
}

/** A certificate with its private key: absolute file names of PEM files. */
export interface CertificateConfig {
  key: string;
  certificate: string;
  chain_certificates: string[];
}

/** `endpoint.tls` of a listening endpoint; its own certificate is for whatever no other is for. */
export interface ListeningTlsConfig extends CertificateConfig {
  /** Certificates by the name that a client asks for (SNI), in lower case. */
  certificates?: (CertificateConfig & { hostnames: string[] })[];
  /** Authorities, one of which must have signed each client's certificate; absent: none is asked for. */
  ca_certificates?: string[];
  /** Oldest version of TLS; absent: 1.2. */
  min_version?: "1.2" | "1.3";
  /** Ciphers of TLS 1.2, in OpenSSL's notation; absent: the program's own list. */
  ciphers?: string;
}

/** A Unix domain socket to listen on. */
export interface ListeningUnixConfig {
  type: "unix";
  /** Absolute file name. */
  path: string;
  /** Mode of the socket file, as a number (0o600). */
  permission: number;
  /** Connections that may wait to be accepted; undefined: 512, as Bun has it. */
  backlog?: number;
}

/** A TCP port to connect to. */
export interface ConnectingTcpConfig {
  type: "tcp";
  host: string;
  port: number;
  /** IP version of the address that the host's name is resolved to; undefined: either. */
  version?: 4 | 6;
  timeoutMs: number;
  tls?: ConnectingTlsConfig;
}

/** A socket to connect to. */
export type ConnectingEndpointConfig =
  | ConnectingTcpConfig
  | { type: "unix"; path: string; timeoutMs: number };

/** `endpoint.tls` of a connecting endpoint. */
export interface ConnectingTlsConfig {
  /** Name that the router's certificate has to be for; absent: the endpoint's host. */
  hostname?: string;
  /** PEM files of whom to trust, absolute; absent: the authorities that Bun knows. */
  ca_certificates?: string[];
  /** The certificate that is shown to a router which asks for one. */
  own?: CertificateConfig;
}

/** How to reach a router. */
export interface ConnectionConfig {
  id: string;
  transport: ConnectingTransportConfig;
  /** How the proxy proves itself for the clients it vouches for. */
  auth: "anonymous-proxy" | "cryptosign-proxy";
  /** Undefined: whether the router is up is not followed, as there is no other to go to. */
  health_check?: HealthCheckConfig;
}

/** When a router counts as down, and when as up again. */
export interface HealthCheckConfig {
  /** Milliseconds between two checks. */
  interval: number;
  /** Successes in a row after which it is up. */
  rise: number;
  /** Failures in a row after which it is down. */
  fall: number;
  /** Whether it is checked while it is up too, or only until it is. */
  while_up: boolean;
}

/** How the connections of one route share its sessions. */
export interface BalancingConfig {
  policy: "round_robin" | "least_sessions";
  /** Milliseconds in which a router that is up again comes to its full share; 0: at once. */
  slow_start: number;
}

/** A connecting transport. */
export type ConnectingTransportConfig = ConnectingWebSocketConfig | ConnectingRawSocketConfig;

/** WAMP over WebSocket to a router. */
export interface ConnectingWebSocketConfig {
  type: "websocket";
  endpoint: ConnectingEndpointConfig;
  /** `ws://host:port/path` or `wss://`; its path and host go into the request. */
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
  options: BufferOptions & SessionEndOptions;
  /** Undefined: a client may take as long and fail as often as it likes. */
  joining?: JoiningConfig;
}

/** How long joining may take, in milliseconds, and how often it may fail. */
export interface JoiningConfig {
  /** From the connection, or the last GOODBYE, to HELLO. */
  hello_timeout: number;
  /** From HELLO to WELCOME. */
  join_timeout: number;
  /** From CHALLENGE to AUTHENTICATE. */
  authenticate_timeout: number;
  /** Of one address; 0: any number. */
  max_auth_failures_per_minute: number;
}

/** Configured authmethods. */
export interface AuthConfig {
  anonymous?: { type: "static"; role: string; authid?: string } | DynamicAuthConfig;
  ticket?:
    | { type: "static"; principals: Record<string, { ticket: string; role: string }> }
    | DynamicAuthConfig;
  wampcra?: { type: "static"; users: Record<string, WampCraUser> } | DynamicAuthConfig;
  scram?: { type: "static"; principals: Record<string, ScramPrincipal> } | DynamicAuthConfig;
  cryptosign?:
    | {
        type: "static";
        principals: Record<string, CryptosignPrincipal>;
        /** By realm; there are no principals where there are trustroots. */
        trustroots?: Record<string, TrustrootConfig>;
      }
    | DynamicAuthConfig;
  tls?: { type: "static"; principals: Record<string, TlsPrincipal> } | DynamicAuthConfig;
  /** Clients with the cookie of an earlier join need no proof. */
  cookie?: Record<string, never>;
  /** Router only: takes the identity that a proxy vouches for, over Unix sockets only. */
  "anonymous-proxy"?: { type: "static" };
  /** Router only: the same from proxies that sign with the key of their node; by the node's id. */
  "cryptosign-proxy"?:
    | { type: "static"; principals: Record<string, ProxyPrincipalConfig> }
    | DynamicAuthConfig;
}

/** A node whose proxies are trusted. */
export interface ProxyPrincipalConfig {
  /** Ed25519 public keys in lower-case hex, of which it has one. */
  authorized_keys: string[];
}

/** `type: dynamic` of an authmethod: a WAMP procedure is asked. */
export interface DynamicAuthConfig {
  type: "dynamic";
  /** URI of the procedure. */
  authenticator: string;
  /** Realm that it is called on; null: the one that the client asks for. */
  "authenticator-realm": string | null;
  /** Role that it is called as; null: `trusted`. */
  "authenticator-role": string | null;
  /** Role of clients for which the authenticator names none; null: they are refused. */
  "default-role": string | null;
  /** Milliseconds until a client is refused for want of an answer. */
  "authenticator-timeout": number;
}

/** A user of WAMP-CRA; `salt`, `iterations` and `keylen` (octets) are all there, or none is. */
export interface WampCraUser {
  secret: string;
  role: string;
  salt?: string;
  iterations?: number;
  keylen?: number;
}

/** A principal of SCRAM; keys and salt are in lower-case hex, `memory` is KiB (argon2id-13 only). */
export interface ScramPrincipal {
  kdf: "pbkdf2" | "argon2id-13";
  iterations: number;
  memory?: number;
  salt: string;
  "stored-key": string;
  "server-key": string;
  role: string;
}

/** A principal of WAMP-cryptosign; keys are Ed25519, in lower-case hex. */
export interface CryptosignPrincipal {
  authorized_keys: string[];
  role: string;
  realm?: string;
}

/** What the certificate of a root authority says; addresses are `0x` and hex in lower case. */
export interface TrustrootConfig {
  /** A decimal number. */
  chain_id: string;
  verifying_contract: string;
  issuer: string;
  realm_address: string;
  role: string;
  /** Realm that delegates join, whatever they ask for. */
  realm?: string;
}

/** A principal by its certificate, whose fingerprints are spelled as in `ClientCertificate`. */
export interface TlsPrincipal {
  "certificate-sha1"?: string;
  "certificate-sha256"?: string;
  role: string;
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
  | BridgeServiceConfig
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

/** `type: caller` and `type: publisher`: the HTTP bridge. */
export interface BridgeServiceConfig {
  type: "caller" | "publisher";
  realm: string;
  /** The role to call or publish as. */
  role: string;
  options: {
    /** With `secret`: every request has to be signed. Both are null, or neither. */
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
  };
}

/** A path type of Crossbar that is not offered here. */
export interface UnavailableServiceConfig {
  type: "unavailable";
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
}

/** A cookie that is issued in the handshake. */
export interface CookieConfig {
  name: string;
  /** Characters of its value. */
  length: number;
  /** Seconds that it is good for. */
  max_age: number;
  secure: boolean;
  /** HttpOnly. */
  http_strict: boolean;
  same_site: "Strict" | "Lax" | "None" | null;
  /** Where known cookies are kept; a file name is absolute. */
  store: { type: "memory" } | { type: "file"; filename: string };
}

/** Options of a WebSocket path. Times are milliseconds, sizes octets; 0 means off. */
export interface WebSocketOptions extends BufferOptions, SessionEndOptions, KeepaliveOptions {
  allowed_origins: string[];
  allow_null_origin: boolean;
  enable_webstatus: boolean;
  max_message_size: number;
  open_handshake_timeout: number;
  close_handshake_timeout: number;
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
