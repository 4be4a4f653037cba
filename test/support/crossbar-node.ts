/** A configuration that Crossbar takes, with every kind of object and every variant of it. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./temporary-folder.ts";

const fixture = (name: string) => join(import.meta.dir, "../fixtures/tls", name);

/** A folder with the files that the configuration names, and a file name in it for the configuration. */
export function folderOfCrossbarNode(): string {
  const folder = temporaryFolder({ "a.zip": "", "a.bfbs": "" });
  mkdirSync(join(folder, "web"));
  return folder;
}

let sockets = 0;

function unix() {
  sockets += 1;
  return { type: "unix", path: `socket${sockets}` };
}

function tcp(port: number) {
  return { type: "tcp", port, interface: "127.0.0.1", version: 4, shared: true, backlog: 50 };
}

const listeningTls = {
  key: fixture("expired.key"),
  certificate: fixture("expired.pem"),
  chain_certificates: [],
  ca_certificates: [fixture("expired.pem")],
};

const connectingEndpoints = [
  { type: "unix", path: "router.sock", timeout: 5 },
  { type: "tcp", host: "127.0.0.1", port: 9000, version: 4, timeout: 5 },
  {
    type: "tcp",
    host: "localhost",
    port: 9001,
    tls: { hostname: "localhost", ca_certificates: [fixture("expired.pem")] },
  },
];

const hex = (octets: number) => "0a".repeat(octets);

const scramKeys = {
  iterations: 4096,
  memory: 512,
  salt: hex(16),
  "stored-key": hex(32),
  "server-key": hex(32),
  role: "anonymous",
};

const staticAuth = {
  anonymous: { type: "static", role: "anonymous", authid: "anyone", realm: "realm1" },
  ticket: { type: "static", principals: { alice: { ticket: "secret1", role: "anonymous" } } },
  wampcra: {
    type: "static",
    users: {
      alice: { secret: "secret1", role: "anonymous" },
      bob: { secret: "secret1", role: "anonymous", salt: "salt1", iterations: 100, keylen: 16 },
    },
  },
  scram: {
    type: "static",
    principals: {
      alice: { kdf: "pbkdf2", ...scramKeys },
      bob: { kdf: "argon2id-13", ...scramKeys },
    },
  },
  cryptosign: {
    type: "static",
    principals: { alice: { authorized_keys: [hex(32)], role: "anonymous", realm: "realm1" } },
  },
  cookie: { type: "static" },
};

const tlsAuth = {
  tls: {
    type: "static",
    principals: { alice: { "certificate-sha1": hex(20), role: "anonymous" } },
  },
};

const proxyAuth = {
  "anonymous-proxy": { type: "static" },
  "cryptosign-proxy": { type: "static", principals: { node2: { authorized_keys: [hex(32)] } } },
};

const dynamicAuth = (methods: string[]) =>
  Object.fromEntries(
    methods.map((method) => [
      method,
      {
        type: "dynamic",
        authenticator: "com.example.authenticate",
        "authenticator-realm": "realm1",
        "authenticator-role": "anonymous",
        "default-role": "anonymous",
      },
    ]),
  );

const dynamicMethods = ["anonymous", "ticket", "wampcra", "scram", "cryptosign"];

const websocketOptions = {
  allowed_origins: ["*"],
  allow_null_origin: true,
  enable_webstatus: true,
  max_message_size: 1_048_576,
  max_frame_size: 0,
  auto_fragment_size: 65_536,
  open_handshake_timeout: 2500,
  close_handshake_timeout: 1000,
  auto_ping_interval: 10_000,
  auto_ping_timeout: 5000,
  auto_ping_size: 12,
  auto_ping_restart_on_any_traffic: true,
  require_websocket_subprotocol: true,
  fail_by_drop: false,
  echo_close_codereason: false,
  external_port: 8080,
  show_server_version: true,
  tcp_nodelay: true,
  enable_hybi10: false,
  enable_rfc6455: true,
  validate_utf8: true,
  mask_server_frames: false,
  require_masked_client_frames: true,
  apply_mask: true,
  enable_flash_policy: false,
  flash_policy: null,
  compression: {
    deflate: {
      request_no_context_takeover: false,
      request_max_window_bits: 11,
      no_context_takeover: false,
      max_window_bits: 11,
      memory_level: 4,
    },
  },
};

const cookie = {
  name: "cbtid",
  length: 24,
  max_age: 864_000,
  secure: true,
  http_strict: true,
  same_site: "Lax",
  store: { type: "file", filename: "cookies", purge_on_startup: false },
};

const websocket = (auth: object) => ({
  type: "websocket",
  id: "service1",
  url: "ws://localhost:8080/ws",
  serializers: ["cbor", "json", "msgpack"],
  debug: false,
  auth,
  options: websocketOptions,
  cookie,
});

const bridgeOptions = {
  debug: false,
  key: "key1",
  secret: "secret1",
  require_tls: false,
  require_ip: ["127.0.0.1", "10.0.0.0/8"],
  post_body_limit: 8192,
  timestamp_delta_limit: 60,
};

const paths = () => ({
  "/": {
    type: "static",
    id: "service2",
    directory: "web",
    options: {
      enable_directory_listing: false,
      mime_types: { ".min.js": "text/javascript" },
      cache_timeout: 3600,
      default_file: "index.html",
    },
  },
  ws: websocket(staticAuth),
  dynamic: {
    type: "websocket",
    auth: dynamicAuth(dynamicMethods),
    cookie: { store: { type: "memory" } },
  },
  zip: {
    type: "archive",
    id: "service3",
    archive: "a.zip",
    origin: "https://localhost/a.zip",
    download: false,
    cache: true,
    default_object: "index.html",
    object_prefix: "web",
    mime_types: { ".svg": "image/svg+xml" },
    hashes: [hex(32)],
    options: { default_file: "index.html" },
  },
  info: { type: "nodeinfo", id: "service4" },
  json: {
    type: "json",
    id: "service5",
    value: { a: [1, "b", null, { c: true }] },
    options: { prettify: false, allow_cross_origin: true, discourage_caching: false },
  },
  elsewhere: { type: "redirect", id: "service6", url: "https://localhost/" },
  call: {
    type: "caller",
    id: "service7",
    realm: "realm1",
    role: "anonymous",
    options: bridgeOptions,
  },
  app: {
    type: "reverseproxy",
    id: "service10",
    host: "localhost",
    port: 9090,
    path: "/base",
    forwarded_port: 8443,
    forwarded_proto: "https",
  },
  relay: {
    type: "websocket-reverseproxy",
    id: "service11",
    url: "ws://localhost/relay",
    options: { max_message_size: 65_536 },
    backend: {
      type: "websocket",
      endpoint: { type: "tcp", host: "localhost", port: 9091 },
      url: "ws://localhost:9091/ws",
    },
  },
  publish: { type: "publisher", realm: "realm1", role: "anonymous", options: bridgeOptions },
  hook: {
    type: "webhook",
    id: "service10",
    realm: "realm1",
    role: "anonymous",
    options: {
      debug: false,
      topic: "com.example.hook",
      post_body_limit: 8192,
      success_response: "taken",
      error_response: "not taken",
      github_secret: "secret1",
    },
  },
  poll: {
    type: "longpoll",
    id: "service8",
    options: {
      debug: false,
      debug_transport_id: "kjmd3sBLOUnb3Fyr",
      request_timeout: 10,
      session_timeout: 30,
      queue_limit_bytes: 131_072,
      queue_limit_messages: 100,
    },
  },
  pages: {
    type: "wap",
    id: "service12",
    path: "/pages",
    templates: "web",
    sandbox: true,
    routes: [{ path: "/a/<int:x>", method: "GET", call: "com.example.page", render: "a.html" }],
    wamp: { realm: "realm1", authrole: "anonymous" },
  },
  catalog: { type: "catalog", id: "service13", path: "/catalog", filename: "a.bfbs" },
  inner: {
    type: "path",
    id: "service9",
    paths: { "/": { type: "nodeinfo" }, ws: { type: "websocket" } },
  },
});

const webOptions = {
  access_log: false,
  display_tracebacks: false,
  hsts: false,
  hsts_max_age: 31_536_000,
  client_timeout: 60,
};

const transports = (port: number) => [
  {
    type: "web",
    id: "transport1",
    max_connections: 1000,
    endpoint: { ...tcp(port), user_timeout: 0 },
    paths: paths(),
    options: webOptions,
  },
  {
    type: "websocket",
    id: "transport2",
    max_connections: 1000,
    endpoint: { ...tcp(port + 1), tls: listeningTls },
    url: "ws://localhost:8080",
    serializers: ["json"],
    debug: false,
    auth: { ...tlsAuth, ticket: staticAuth.ticket },
    options: websocketOptions,
    cookie,
  },
  {
    type: "rawsocket",
    id: "transport3",
    max_connections: 1000,
    endpoint: { ...unix(), backlog: 50 },
    serializers: ["cbor"],
    debug: false,
    auth: dynamicAuth(dynamicMethods),
    options: { max_message_size: 1_048_576 },
  },
  {
    type: "universal",
    id: "transport4",
    max_connections: 1000,
    endpoint: { type: "tcp", portrange: [port + 10, port + 20], shared: false },
    rawsocket: { type: "rawsocket", id: "transport5", serializers: ["cbor"], options: {} },
    websocket: { ws: websocket(staticAuth) },
    web: {
      type: "web",
      id: "transport6",
      paths: { info: { type: "nodeinfo" } },
      options: webOptions,
    },
  },
  {
    type: "websocket.testee",
    id: "transport7",
    endpoint: unix(),
    url: "ws://localhost:8080",
    debug: false,
    options: websocketOptions,
  },
];

const manhole = {
  endpoint: { type: "tcp", port: 6022 },
  users: [{ user: "oberstet", password: "secret1" }],
};

const environment = { inherit: ["PATH"], vars: { NAME: "value" } };

const nativeOptions = {
  disabled: false,
  extra: {},
  title: "worker",
  python: "/usr/bin/python3",
  pythonpath: ["."],
  cpu_affinity: [0],
  env: environment,
  expose_controller: true,
  expose_shared: false,
};

const router = {
  type: "router",
  id: "router1",
  options: nativeOptions,
  manhole,
  connections: [],
  realms: [
    {
      name: "realm1",
      id: "realm001",
      options: {
        event_dispatching_chunk_size: 100,
        uri_check: "loose",
        enable_meta_api: true,
        bridge_meta_api: false,
      },
      store: {
        type: "memory",
        limit: 100,
        "event-history": [{ uri: "com.example.", match: "prefix", limit: 10 }],
      },
      roles: [
        {
          name: "anonymous",
          id: "role001",
          permissions: [
            {
              uri: "com.example.",
              match: "prefix",
              allow: { call: true, register: true, publish: true, subscribe: true },
              disclose: { caller: true, publisher: true },
              cache: true,
              validate: { call: "com.example.Type", extra: {} },
            },
          ],
        },
        { name: "authorized", authorizer: "com.example.authorize" },
        { name: "any", "allow-by-default": false },
      ],
    },
  ],
  transports: [...transports(10_000), { type: "rawsocket", endpoint: unix(), auth: proxyAuth }],
  components: [
    {
      type: "class",
      id: "component1",
      classname: "example.Session",
      realm: "realm1",
      role: "anonymous",
      references: [],
      extra: { a: 1 },
    },
    {
      type: "function",
      id: "component2",
      realm: "realm1",
      role: "anonymous",
      callbacks: { join: "example.on_join" },
      extra: { a: 1 },
    },
  ],
};

const connection = (endpoint: object, others: object) => ({
  transport: { endpoint, options: {}, ...others },
  auth: { "cryptosign-proxy": { type: "static" } },
});

const proxy = {
  type: "proxy",
  id: "proxy1",
  options: { ...nativeOptions, reactor: { linux: "epoll" }, traceback: false },
  manhole,
  connections: {
    one: connection(connectingEndpoints[0] as object, {
      type: "rawsocket",
      serializer: "cbor",
      url: "rs://localhost",
    }),
    two: connection(connectingEndpoints[1] as object, {
      type: "websocket",
      url: "ws://localhost",
      serializers: ["cbor"],
      max_retries: 3,
      headers: {},
    }),
    three: {
      transport: { type: "rawsocket", endpoint: connectingEndpoints[0] },
      auth: { "anonymous-proxy": { type: "static" } },
    },
  },
  routes: { realm1: { anonymous: "one", other: ["one", "two"] } },
  transports: transports(11_000),
};

const componentTransports = connectingEndpoints.flatMap((endpoint) => [
  {
    type: "websocket",
    id: "transport8",
    endpoint,
    url: "ws://localhost:9000",
    serializers: ["cbor"],
    options: websocketOptions,
  },
  {
    type: "rawsocket",
    id: "transport9",
    endpoint,
    serializer: "cbor",
    url: "rs://localhost:9000",
    debug: false,
    options: { max_message_size: 65_536 },
  },
]);

const container = {
  type: "container",
  id: "container1",
  manhole,
  connections: [],
  options: { ...nativeOptions, shutdown: "shutdown-manual", restart: "restart-always" },
  components: componentTransports.flatMap((transport) => [
    { type: "class", classname: "example.Session", realm: "realm1", transport, extra: { a: 1 } },
    {
      type: "function",
      realm: "realm1",
      transport,
      auth: { anonymous: { type: "static" } },
      callbacks: { join: "example.on_join", leave: "example.on_leave" },
      extra: { a: [1] },
    },
  ]),
};

const guest = {
  type: "guest",
  id: "guest1",
  executable: "/bin/sh",
  arguments: ["-c", "exit"],
  options: {
    env: environment,
    workdir: "web",
    stdin: { type: "json", value: { a: [1] }, close: true },
    stdout: "log",
    stderr: "drop",
    watch: { directories: ["web"], action: "restart", timeout: 1 },
  },
};

const testee = {
  type: "websocket-testee",
  id: "testee1",
  options: nativeOptions,
  transport: {
    ...transports(12_000)[1],
    endpoint: tcp(12_100),
    auth: { anonymous: { type: "static" } },
  },
};

/** The configuration. */
export const crossbarNode = {
  $schema: "https://example.com/schema.json",
  version: 2,
  controller: {
    id: "node1",
    options: {
      title: "node",
      shutdown: ["shutdown_on_shutdown_requested"],
      enable_parallel_worker_start: false,
    },
    manhole,
    connections: [],
    keyring: { type: "file", path: "key.priv" },
  },
  workers: [
    router,
    proxy,
    container,
    guest,
    { type: "guest", executable: "/bin/true", options: { stdin: "close" } },
    testee,
  ],
};
