/**
 * The normalized configuration, which the rest of the program receives.
 *
 * `load.ts` makes it from node.json, and workers receive it as plain JSON values. Attributes of node.json
 * keep their spelling (snake_case). Every default is filled in; file names are absolute.
 *
 * @module
 */

import type { SerializerName } from "#wamp/serializer-name.ts";

/** A whole node. */
export interface NodeConfig {
  /** The configuration file, an absolute name. */
  file: string;
  /** The folder to which file names in node.json are relative. */
  folder: string;
  controller: ControllerConfig;
  workers: WorkerConfig[];
}

/** The process that starts the workers. */
export interface ControllerConfig {
  id: string;
  /** When the end of a worker ends the node; empty: never, and workers are restarted. */
  shutdown: NodeShutdownTrigger[];
}

/** Crossbar's triggers; `shutdown_on_shutdown_requested` has no effect beside the others. */
export type NodeShutdownTrigger =
  | "shutdown_on_shutdown_requested"
  | "shutdown_on_worker_exit"
  | "shutdown_on_worker_exit_with_error"
  | "shutdown_on_last_worker_exit";

/** One worker. */
export type WorkerConfig = NativeWorkerConfig | GuestWorkerConfig | ContainerWorkerConfig;

/** A worker that is a process of this program. */
export type NativeWorkerConfig =
  | RouterWorkerConfig
  | ProxyWorkerConfig
  | WebSocketTesteeWorkerConfig;

/** A worker that routes messages, with its realms. */
export interface RouterWorkerConfig {
  type: "router";
  id: string;
  realms: RealmConfig[];
  /** Absent: there are none. */
  components?: RouterComponentsConfig;
  /** Absent: there are none. */
  authenticators?: AuthenticatorsConfig;
  transports: TransportConfig[];
}

/** A worker that accepts clients and forwards their sessions to routers. */
export interface ProxyWorkerConfig {
  type: "proxy";
  id: string;
  connections: Record<string, ConnectionConfig>;
  /** realm -> authrole -> ids of connections; `*` is every realm, or every role, without an entry. */
  routes: Record<string, Record<string, string[]>>;
  /** Undefined: the connections of a route take turns. */
  balancing?: BalancingConfig;
  /** Absent: there are none. */
  authenticators?: AuthenticatorsConfig;
  transports: TransportConfig[];
}

/** `type: guest`: any program, which the node starts and ends. */
export interface GuestWorkerConfig {
  type: "guest";
  id: string;
  /** A file below `options.workdir`, or a program in PATH. */
  executable: string;
  arguments: string[];
  options: GuestOptions;
}

/** How a guest is run. */
export interface GuestOptions {
  /** Absolute. */
  workdir: string;
  env: EnvironmentConfig;
  /** `pipe`: an open pipe to which nothing is written; else one JSON value is written. */
  stdin: "close" | "pipe" | { text: string; close: boolean };
  stdout: OutputHandling;
  stderr: OutputHandling;
  /** Null: no folder is watched. */
  watch: WatchConfig | null;
}

/** What becomes of a guest's output; both `close` and `drop` discard it. */
export type OutputHandling = "log" | "close" | "drop";

/** Folders whose changes restart a guest. */
export interface WatchConfig {
  /** Absolute; watched with all folders below them. */
  directories: string[];
  action: "restart" | null;
  /** Time without a further change before the restart, in milliseconds. */
  timeout: number;
}

/** The environment of a process. */
export interface EnvironmentConfig {
  /** All variables of the node, none, or those with these names. */
  inherit: boolean | string[];
  /** Set on top. */
  vars: Record<string, string>;
}

/** `type: container`: components in Python, which join routers as clients. */
export interface ContainerWorkerConfig {
  type: "container";
  id: string;
  options: PythonOptions & ContainerOptions;
  components: ComponentConfig[];
}

/** How components are run. */
export interface PythonOptions {
  /** File of the interpreter; absent: found in the environment. */
  python?: string;
  /** Absolute folders in which modules are searched first. */
  pythonpath: string[];
  env: EnvironmentConfig;
  /** Title of the process; absent: by the type of the worker. */
  title?: string;
  /** Processors by number; empty: all. */
  cpu_affinity: number[];
  /** Time for all components of the worker to become ready, in milliseconds. */
  ready_timeout: number;
}

/** What a component or an authenticator loads: `module.name`, or an entry point of a package. */
export type PythonName = { name: string } | { package: string; entrypoint: string };

/** The components of a router worker: they join its own realms. */
export interface RouterComponentsConfig {
  list: ComponentConfig[];
  options: PythonOptions;
}

/** The authenticators in Python of a worker, for authmethods of type `function`. */
export interface AuthenticatorsConfig {
  list: AuthenticatorConfig[];
  options: PythonOptions;
}

/** An authenticator in Python. */
export interface AuthenticatorConfig {
  /** Made from `create`; it names the authenticator in the log. */
  id: string;
  type: "authenticator";
  /** `package.module.function`, which makes the authenticator. */
  create: string;
  /** First argument of the function, as JSON. */
  config: string;
  /** Parts of `config`, inner ones first; absent: none. */
  parts?: PythonPart[];
}

/** A part of a value for which JSON has none, made in Python in the place of what JSON has there. */
export interface PythonPart {
  path: (string | number)[];
  /** A `set` is made of the list in its place. */
  type: "date" | "datetime" | "bytes" | "set";
  /** ISO 8601 for dates, base64 for octets. */
  text: string;
}

/** When a container ends, and which components are started again. */
export interface ContainerOptions {
  shutdown:
    | "shutdown-manual"
    | "shutdown-on-last-component-stopped"
    | "shutdown-on-any-component-stopped"
    | "shutdown-on-any-component-failed";
  restart: "restart-never" | "restart-always" | "restart-on-failed";
}

/** A component of a container, or of a router worker. */
export interface ComponentConfig {
  id: string;
  type: "class" | "function" | "wamplet";
  realm: string;
  /** Of a router's component. */
  role?: string;
  /** `package.module.Class`, for `class`. */
  classname?: string;
  /** Event -> `module.function`, for `function`. */
  callbacks?: Record<string, string>;
  /** Python package and entry point, for `wamplet`. */
  package?: string;
  entrypoint?: string;
  /** JSON of an object, with the digits of the file. */
  extra: string;
  /** Parts of `extra`, inner ones first; absent: none. */
  parts?: PythonPart[];
  /** How a container's component connects, in autobahn's terms; files are absolute. */
  transport: Record<string, unknown>;
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
  /** Present: it decides, and there are no permissions. */
  authorizer?: AuthorizerConfig;
}

/** A procedure that decides which actions a role may perform. */
export interface AuthorizerConfig {
  /** URI of the procedure. */
  authorizer: string;
  /** Milliseconds until a request is refused because there is no answer. */
  "authorizer-timeout": number;
}

/** Actions that a role may take on matching URIs. */
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
  /** Addresses, CIDRs or `unix` of HTTP proxies that are trusted to name the address of a client. */
  trusted_proxies?: string[];
}

/** Limits of a transport in one worker; null: unlimited. */
export interface TransportLimits {
  max_connections: number | null;
  /** Of one IPv4 address, or the first 64 bits of an IPv6 address. */
  max_connections_per_address: number | null;
  /** Messages of one session. */
  max_messages_per_second: number | null;
  /** Messages of one session that may come at once. */
  max_messages_burst: number;
}

/** `type: websocket`: WAMP over WebSocket only, at every path. */
export interface WebSocketTransportConfig extends WebSocketServiceConfig {
  id: string;
  endpoint: ListeningEndpointConfig;
  limits?: TransportLimits;
  /** Addresses, CIDRs or `unix` of HTTP proxies that are trusted to name the address of a client. */
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
  /** Null: no RawSocket. */
  rawsocket: (SessionConfig & { options: RawSocketOptions }) | null;
  /** Web services and WebSockets; null: no HTTP. */
  paths: Record<string, WebServiceConfig> | null;
  limits?: TransportLimits;
  /** As on a Web transport. */
  trusted_proxies?: string[];
}

/** Options of a RawSocket transport; sizes are octets. */
export interface RawSocketOptions
  extends BufferOptions,
    IncompleteMessageOptions,
    SessionEndOptions,
    KeepaliveOptions {
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
  /** Whether any traffic of a client is a sign of life, or only its answer to a ping. */
  auto_ping_restart_on_any_traffic: boolean;
}

/** Limits of messages that have begun to arrive. */
export interface IncompleteMessageOptions {
  /** Milliseconds in which a message must be complete; 0: unlimited. */
  message_timeout: number;
  /** Octets that all incomplete messages of a worker may hold when one of this transport grows. */
  max_incomplete: number;
}

/** Limits of the octets that wait for one side of a session. */
export interface BufferOptions {
  /** Octets from which a side counts as behind. */
  max_buffered: number;
  /** Milliseconds that a side may be behind; 0: unlimited. */
  stall_timeout: number;
  /** Octets that may wait for all clients of a worker when more has to wait for one of this transport. */
  max_outgoing: number;
}

/** An end that a client may learn from the close alone, without GOODBYE or ABORT; it covers a router outage. */
export type CloseOnlyEnd = "router_lost" | "shutdown";

/** How the sessions of clients end. */
export interface SessionEndOptions {
  /**
   * Proxy only. Ends after which the connection is closed without GOODBYE or ABORT. Absent: all of them for
   * clients that are known to reconnect only then, none for others.
   */
  told_by_close?: readonly CloseOnlyEnd[];
}

/** A socket to listen on. */
export type ListeningEndpointConfig = ListeningTcpConfig | ListeningUnixConfig;

/** A TCP port to listen on. */
export interface ListeningTcpConfig {
  type: "tcp";
  /** The first port where there is a range. */
  port: number;
  /** First and last port, of which the first free one is taken; undefined: only `port`. */
  portrange?: [number, number];
  /** Address to listen on; `0.0.0.0` or `::` for all. */
  interface: string;
  /** 6: connections over IPv4 are not accepted; undefined: the interface decides. */
  version?: 6;
  /** Whether other processes may listen on the same port (SO_REUSEPORT). */
  shared: boolean;
  /** Connections that may wait to be accepted; undefined: 512, as Bun has it. */
  backlog?: number;
  /** Undefined: no TLS. */
  tls?: ListeningTlsConfig;
  /**
   * Addresses and ranges of load balancers, which must begin each connection with a PROXY header;
   * undefined: no PROXY protocol.
   */
  trusted_proxies?: string[];
}

/** A certificate with its private key: absolute file names of PEM files. */
export interface CertificateConfig {
  key: string;
  certificate: string;
  chain_certificates: string[];
}

/** `endpoint.tls` of a listening endpoint; its own certificate is used when no `certificates` entry matches. */
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
  /** Name that the router's certificate must have; absent: the endpoint's host. */
  hostname?: string;
  /** PEM files of trusted authorities, absolute; absent: those that Bun has. */
  ca_certificates?: string[];
  /** The certificate for routers that ask for one. */
  own?: CertificateConfig;
}

/** A connection to a router. */
export interface ConnectionConfig {
  id: string;
  transport: ConnectingTransportConfig;
  /** How the proxy authenticates to the router, which then trusts what it says of its clients. */
  auth: "anonymous-proxy" | "cryptosign-proxy";
  /** Undefined: the router is not checked, as there is no other to use instead. */
  health_check?: HealthCheckConfig;
}

/** Rules by which a router counts as down or up. */
export interface HealthCheckConfig {
  /** Milliseconds between two checks. */
  interval: number;
  /** Successes in a row after which it is up. */
  rise: number;
  /** Failures in a row after which it is down. */
  fall: number;
  /** Whether a router that is up is checked too. */
  while_up: boolean;
}

/** How the connections of one route share its sessions. */
export interface BalancingConfig {
  policy: "round_robin" | "least_sessions";
  /** Milliseconds after which a router that is up again gets its full share; 0: at once. */
  slow_start: number;
}

/** A connecting transport. */
export type ConnectingTransportConfig = ConnectingWebSocketConfig | ConnectingRawSocketConfig;

/** WAMP over WebSocket to a router. */
export interface ConnectingWebSocketConfig {
  type: "websocket";
  endpoint: ConnectingEndpointConfig;
  /** `ws://host:port/path` or `wss://`: host and path of the HTTP request. */
  url: string;
  /** In order of preference, never empty. */
  serializers: SerializerName[];
}

/** WAMP over RawSocket to a router. */
export interface ConnectingRawSocketConfig {
  type: "rawsocket";
  endpoint: ConnectingEndpointConfig;
  serializer: SerializerName;
  /** The longest message that is accepted, in octets, as announced in the handshake. */
  max_message_size: number;
}

/** The sessions of a WebSocket path or a RawSocket transport. */
export interface SessionConfig {
  /** Serializers that clients may choose from; with none no client can join. */
  serializers: SerializerName[];
  /** The authmethods; `passthrough`: the router behind a proxy authenticates. */
  auth: AuthConfig | "passthrough";
  /** Proxy only. The one connection for every realm and role; null: the worker's routes decide. */
  backend: string | null;
  options: BufferOptions & SessionEndOptions;
  /** Undefined: no limits. */
  joining?: JoiningConfig;
}

/** Limits of joining; times are milliseconds. */
export interface JoiningConfig {
  /** From the connection, or the last GOODBYE, to HELLO. */
  hello_timeout: number;
  /** From HELLO to WELCOME. */
  join_timeout: number;
  /** From CHALLENGE to AUTHENTICATE. */
  authenticate_timeout: number;
  /** Failed attempts of one address; 0: any number. */
  max_auth_failures_per_minute: number;
}

/** Configured authmethods. */
export interface AuthConfig {
  anonymous?: { type: "static"; role: string; authid?: string } | AskingAuthConfig;
  ticket?:
    | { type: "static"; principals: Record<string, { ticket: string; role: string }> }
    | AskingAuthConfig;
  wampcra?: { type: "static"; users: Record<string, WampCraUser> } | AskingAuthConfig;
  scram?: { type: "static"; principals: Record<string, ScramPrincipal> } | AskingAuthConfig;
  cryptosign?:
    | {
        type: "static";
        principals: Record<string, CryptosignPrincipal>;
        /** By realm; `principals` is empty where there are trustroots. */
        trustroots?: Record<string, TrustrootConfig>;
      }
    | AskingAuthConfig;
  tls?: { type: "static"; principals: Record<string, TlsPrincipal> } | AskingAuthConfig;
  /** Clients with the cookie of an earlier join need no credentials. */
  cookie?: Record<string, never>;
  /** Router only, over Unix sockets only: trusts the identity that a proxy names. */
  "anonymous-proxy"?: { type: "static" };
  /** Router only: the same for proxies that sign with the key of their node; by the id of the node. */
  "cryptosign-proxy"?:
    | { type: "static"; principals: Record<string, ProxyPrincipalConfig> }
    | AskingAuthConfig;
}

/** The name of an authmethod. */
export type Authmethod = keyof AuthConfig;

/** A node whose proxies are trusted. */
export interface ProxyPrincipalConfig {
  /** Ed25519 public keys in lower-case hex, one of which is that of the node. */
  authorized_keys: string[];
}

/** An authmethod that asks an authenticator about each client. */
export type AskingAuthConfig = DynamicAuthConfig | FunctionAuthConfig;

/** What every such authmethod has. */
export interface AuthenticatorRules {
  /** Role of clients for which the authenticator returns none; null: they are refused. */
  "default-role": string | null;
  /** Milliseconds after which a client is refused if there is no answer. */
  "authenticator-timeout": number;
}

/** `type: function` of an authmethod: a function of Python decides. */
export interface FunctionAuthConfig extends AuthenticatorRules {
  type: "function";
  /** Its id among the authenticators of the worker. */
  authenticator: string;
}

/** `type: dynamic` of an authmethod: a WAMP procedure decides. */
export interface DynamicAuthConfig extends AuthenticatorRules {
  type: "dynamic";
  /** URI of the procedure. */
  authenticator: string;
  /** Realm that it is called on; null: the one that the client asks for. */
  "authenticator-realm": string | null;
  /** Role that it is called as; null: `trusted`. */
  "authenticator-role": string | null;
}

/** A user of WAMP-CRA; `salt`, `iterations` and `keylen` (octets) are given together or not at all. */
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

/** The certificate of a root authority; addresses are `0x` and lower-case hex. */
export interface TrustrootConfig {
  /** A decimal number. */
  chain_id: string;
  verifying_contract: string;
  issuer: string;
  realm_address: string;
  role: string;
  /** Realm that delegates join, whichever they ask for. */
  realm?: string;
}

/** A principal by the fingerprint of its certificate, spelled as in `ClientCertificate`. */
export interface TlsPrincipal {
  "certificate-sha1"?: string;
  "certificate-sha256"?: string;
  role: string;
}

/** The service at a path of a Web transport; a testee is the only service of its transport. */
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
  /** URL from which a missing file is downloaded if `download` is true. */
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
  /** JSON, with the digits of the file. */
  text: string;
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
  /** The role that calls or publishes. */
  role: string;
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
  };
}

/** A path type of Crossbar that this program does not have. */
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
  /** Seconds until it expires. */
  max_age: number;
  secure: boolean;
  /** HttpOnly. */
  http_strict: boolean;
  same_site: "Strict" | "Lax" | "None" | null;
  /** Where known cookies are kept; a file name is absolute. */
  store: { type: "memory" } | { type: "file"; filename: string };
}

/** Options of a WebSocket path. Times are milliseconds, sizes octets; 0 means off. */
export interface WebSocketOptions
  extends BufferOptions,
    IncompleteMessageOptions,
    SessionEndOptions,
    KeepaliveOptions {
  allowed_origins: string[];
  allow_null_origin: boolean;
  enable_webstatus: boolean;
  max_message_size: number;
  open_handshake_timeout: number;
  close_handshake_timeout: number;
  require_websocket_subprotocol: boolean;
  /** The longest frame that is accepted. */
  max_frame_size: number;
  /** The longest payload of a frame that is sent; a longer message is sent in several frames. */
  auto_fragment_size: number;
  /** Whether a client that violates the protocol is cut off without a close frame. */
  fail_by_drop: boolean;
  /** Whether a close frame is answered with its own code and reason. */
  echo_close_codereason: boolean;
  /** Port that the Host header must name; null: any. */
  external_port: number | null;
  /** Whether answers name this program and its release (header Server). */
  show_server_version: boolean;
  compression: { deflate: DeflateOptions } | null;
}

/** `compression.deflate`; windows are bits, 9 to 15, 0 where the client may choose its own. */
export interface DeflateOptions {
  /** Window of the server's compressor. */
  max_window_bits: number;
  /** Whether each message of the server is compressed on its own. */
  no_context_takeover: boolean;
  /** Window that clients are asked to keep to. */
  request_max_window_bits: number;
  /** Whether clients are asked to compress each message on its own. */
  request_no_context_takeover: boolean;
  /** Memory of the compressor, 1 to 9, as in zlib. */
  memory_level: number;
}
