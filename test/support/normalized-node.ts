/** The structure of a normalized configuration, so that a test can compare a value with the types of NodeConfig. */

import * as v from "valibot";
import type { NodeConfig } from "#config/node/node-config.ts";
import type { WebServiceConfig } from "#config/web-service/web-service-config.ts";

const text = v.string();
const texts = v.array(v.string());
const count = v.pipe(v.number(), v.integer());
const flag = v.boolean();
const serializer = v.picklist(["json", "msgpack", "cbor"]);
const serializers = v.pipe(v.array(serializer), v.minLength(1));
const absolute = v.pipe(v.string(), v.startsWith("/"));
const mapOf = <S extends v.GenericSchema<unknown, unknown>>(value: S) => v.record(text, value);

/** An attribute that is absent rather than undefined, as JSON has no undefined. */
const maybe = v.exactOptional;

const certificate = {
  key: absolute,
  certificate: absolute,
  chain_certificates: v.array(absolute),
};

const matchPolicy = v.picklist(["exact", "prefix", "wildcard"]);

const port = v.pipe(count, v.minValue(1), v.maxValue(65_535));

const listening = v.variant("type", [
  v.strictObject({
    type: v.literal("tcp"),
    port,
    portrange: maybe(v.strictTuple([count, count])),
    interface: text,
    version: maybe(v.literal(6)),
    backlog: maybe(count),
    shared: flag,
    share_with_other_nodes: maybe(v.literal(true)),
    tls: maybe(
      v.strictObject({
        ...certificate,
        certificates: maybe(v.array(v.strictObject({ ...certificate, hostnames: texts }))),
        ca_certificates: maybe(v.array(absolute)),
        min_version: maybe(v.picklist(["1.2", "1.3"])),
        ciphers: maybe(text),
      }),
    ),
    trusted_proxies: maybe(texts),
  }),
  v.strictObject({
    type: v.literal("unix"),
    path: absolute,
    permission: count,
    backlog: maybe(count),
  }),
]);

const connectingTcp = v.strictObject({
  type: v.literal("tcp"),
  host: text,
  port: count,
  version: maybe(v.picklist([4, 6])),
  timeoutMs: count,
  tls: maybe(
    v.strictObject({
      hostname: maybe(text),
      ca_certificates: maybe(v.array(absolute)),
      own: maybe(v.strictObject(certificate)),
    }),
  ),
  isWebServer: maybe(v.literal(true)),
});

const connecting = v.variant("type", [
  connectingTcp,
  v.strictObject({
    type: v.literal("unix"),
    path: absolute,
    timeoutMs: count,
    isWebServer: maybe(v.literal(true)),
  }),
]);

const healthCheck = v.strictObject({ interval: count, rise: count, fall: count, while_up: flag });

const connection = v.strictObject({
  id: text,
  transport: v.variant("type", [
    v.strictObject({ type: v.literal("websocket"), endpoint: connecting, url: text, serializers }),
    v.strictObject({
      type: v.literal("rawsocket"),
      endpoint: connecting,
      serializer,
      max_message_size: count,
    }),
  ]),
  auth: v.nullable(v.picklist(["anonymous-proxy", "cryptosign-proxy"])),
  health_check: maybe(healthCheck),
  dns: maybe(v.strictObject({ refresh: count, health_check: healthCheck })),
  on_down: maybe(v.literal("close")),
});

const dynamic = v.strictObject({
  type: v.literal("dynamic"),
  authenticator: text,
  "authenticator-realm": v.nullable(text),
  "authenticator-role": v.nullable(text),
  "default-role": v.nullable(text),
  "authenticator-timeout": count,
});

const byFunction = v.strictObject({
  type: v.literal("function"),
  authenticator: text,
  "default-role": v.nullable(text),
  "authenticator-timeout": count,
});

/** A static authmethod with these attributes, or one that asks an authenticator. */
const method = <const E extends v.ObjectEntries>(entries: E) =>
  maybe(
    v.variant("type", [
      v.strictObject({ type: v.literal("static"), ...entries }),
      dynamic,
      byFunction,
    ]),
  );

/** How tokens are checked. */
const token = {
  issuer: text,
  audience: texts,
  keys: v.variant("type", [
    v.strictObject({ type: v.literal("secret"), secret: text }),
    v.strictObject({ type: v.literal("file"), file: text }),
    v.strictObject({
      type: v.literal("url"),
      url: text,
      refresh_interval: count,
      lifetime: count,
    }),
  ]),
  algorithms: texts,
  clock_tolerance: count,
  authid_claim: texts,
  authrole_claim: texts,
  roles: v.nullable(texts),
  scopes: texts,
};

const auth = v.strictObject({
  anonymous: method({ role: text, authid: maybe(text) }),
  ticket: maybe(
    v.variant("type", [
      v.strictObject({
        type: v.literal("static"),
        principals: mapOf(v.strictObject({ ticket: text, role: maybe(text) })),
      }),
      v.strictObject({
        type: v.literal("jwt"),
        ...token,
        "default-role": v.nullable(text),
        extra_claims: v.nullable(texts),
      }),
      dynamic,
      byFunction,
    ]),
  ),
  wampcra: method({
    users: mapOf(
      v.strictObject({
        secret: text,
        role: maybe(text),
        salt: maybe(text),
        iterations: maybe(count),
        keylen: maybe(count),
      }),
    ),
  }),
  scram: method({
    principals: mapOf(
      v.strictObject({
        kdf: v.picklist(["pbkdf2", "argon2id-13"]),
        iterations: count,
        memory: maybe(count),
        salt: text,
        "stored-key": text,
        "server-key": text,
        role: maybe(text),
      }),
    ),
  }),
  cryptosign: method({
    principals: mapOf(
      v.strictObject({ authorized_keys: texts, role: maybe(text), realm: maybe(text) }),
    ),
    trustroots: maybe(
      mapOf(
        v.strictObject({
          chain_id: text,
          verifying_contract: text,
          issuer: text,
          realm_address: text,
          role: text,
          realm: maybe(text),
        }),
      ),
    ),
  }),
  tls: method({
    principals: mapOf(
      v.strictObject({
        "certificate-sha1": maybe(text),
        "certificate-sha256": maybe(text),
        role: maybe(text),
      }),
    ),
  }),
  cookie: maybe(v.record(text, v.never())),
  "anonymous-proxy": maybe(v.strictObject({ type: v.literal("static") })),
  "cryptosign-proxy": method({ principals: mapOf(v.strictObject({ authorized_keys: texts })) }),
});

const sessionOptions = {
  max_buffered: count,
  stall_timeout: count,
  max_outgoing: count,
  message_timeout: count,
  max_incomplete: count,
  told_by_close: maybe(v.array(v.picklist(["router_lost", "shutdown"]))),
  max_connection_age: maybe(count),
  auto_ping_interval: count,
  auto_ping_timeout: count,
  auto_ping_size: count,
  auto_ping_restart_on_any_traffic: flag,
};

const rawsocketOptions = v.strictObject({ ...sessionOptions, max_message_size: count });

const websocketOptions = v.strictObject({
  ...sessionOptions,
  allowed_origins: texts,
  allow_null_origin: flag,
  enable_webstatus: flag,
  max_message_size: count,
  open_handshake_timeout: count,
  close_handshake_timeout: count,
  require_websocket_subprotocol: flag,
  max_frame_size: count,
  auto_fragment_size: count,
  fail_by_drop: flag,
  echo_close_codereason: flag,
  external_port: v.nullable(count),
  show_server_version: flag,
  compression: v.nullable(
    v.strictObject({
      deflate: v.strictObject({
        max_window_bits: count,
        no_context_takeover: flag,
        request_max_window_bits: count,
        request_no_context_takeover: flag,
        memory_level: count,
      }),
    }),
  ),
});

const session = {
  serializers,
  auth: v.union([v.literal("passthrough"), auth]),
  backend: v.nullable(text),
  joining: maybe(
    v.strictObject({
      hello_timeout: count,
      join_timeout: count,
      authenticate_timeout: count,
      max_auth_failures_per_minute: count,
    }),
  ),
};

const payloadFormat = v.variant("type", [
  v.strictObject({ type: v.literal("passthrough") }),
  v.strictObject({ type: v.literal("native"), serializer }),
  v.strictObject({
    type: v.literal("dynamic"),
    encoder: text,
    decoder: text,
    realm: text,
    role: v.nullable(text),
  }),
  v.strictObject({ type: v.literal("unavailable") }),
]);

const mqtt = {
  ...session,
  realm: text,
  payloadMapping: v.array(v.strictObject({ prefix: text, format: payloadFormat })),
  options: v.strictObject({
    max_buffered: count,
    stall_timeout: count,
    max_outgoing: count,
    message_timeout: count,
    max_incomplete: count,
    told_by_close: maybe(v.array(v.picklist(["router_lost", "shutdown"]))),
    max_connection_age: maybe(count),
    max_message_size: count,
    max_inflight: count,
    session_expiry: count,
    max_kept_sessions: count,
    max_queued_messages: count,
    max_queued_octets: count,
  }),
};

const webSocket = {
  type: v.literal("websocket"),
  ...session,
  options: websocketOptions,
  mqtt: maybe(v.strictObject(mqtt)),
  cookie: maybe(
    v.strictObject({
      name: text,
      length: count,
      max_age: count,
      secure: flag,
      http_strict: flag,
      same_site: v.nullable(v.picklist(["Strict", "Lax", "None"])),
      store: v.variant("type", [
        v.strictObject({ type: v.literal("memory") }),
        v.strictObject({ type: v.literal("file"), filename: absolute }),
      ]),
    }),
  ),
};

const bridge = {
  realm: text,
  role: text,
  options: v.strictObject({
    key: v.nullable(text),
    secret: v.nullable(text),
    require_tls: flag,
    require_ip: v.nullable(texts),
    post_body_limit: count,
    timestamp_delta_limit: count,
    call_timeout: count,
    error_status_codes: flag,
    idempotency_key_lifetime: count,
  }),
};

const paths: v.GenericSchema<unknown, Record<string, WebServiceConfig>> = mapOf(
  v.lazy(() => service),
);

const service: v.GenericSchema<unknown, WebServiceConfig> = v.variant("type", [
  v.strictObject({
    type: v.literal("static"),
    directory: absolute,
    options: v.strictObject({
      enable_directory_listing: flag,
      mime_types: mapOf(text),
      cache_timeout: v.nullable(count),
      default_file: v.nullable(text),
      allow_cross_origin: flag,
    }),
  }),
  v.strictObject({
    type: v.literal("archive"),
    archive: absolute,
    origin: v.nullable(text),
    download: flag,
    cache: flag,
    default_object: v.string(),
    object_prefix: v.pipe(v.string(), v.regex(/^$|\/$/)),
    mime_types: mapOf(text),
    hashes: texts,
    options: v.strictObject({ default_file: v.nullable(text), allow_cross_origin: flag }),
  }),
  v.strictObject({
    type: v.literal("nodeinfo"),
    require_ip: v.nullable(texts),
    token: v.nullable(text),
  }),
  v.strictObject({
    type: v.literal("json"),
    text: v.string(),
    options: v.strictObject({ allow_cross_origin: flag, discourage_caching: flag }),
  }),
  v.strictObject({ type: v.literal("redirect"), url: text }),
  v.strictObject({ type: v.literal("catalog"), files: texts }),
  v.strictObject({
    type: v.literal("wap"),
    templates: text,
    sandbox: flag,
    realm: text,
    role: text,
    routes: v.array(
      v.strictObject({
        rule: text,
        method: v.picklist(["GET", "POST"]),
        call: v.nullable(text),
        render: text,
        isOffered: flag,
      }),
    ),
  }),
  v.strictObject({ type: v.literal("caller"), ...bridge }),
  v.strictObject({ type: v.literal("publisher"), ...bridge }),
  v.strictObject({
    type: v.literal("upload"),
    realm: text,
    role: text,
    directory: absolute,
    temp_directory: absolute,
    form_fields: v.strictObject({
      file_name: text,
      total_size: text,
      chunk_number: text,
      chunk_size: text,
      total_chunks: text,
      content: text,
      on_progress: v.nullable(text),
      session: v.nullable(text),
      chunk_extra: v.nullable(text),
      finish_extra: v.nullable(text),
      identifier: v.nullable(text),
    }),
    options: v.strictObject({
      max_file_size: count,
      file_types: v.nullable(v.array(v.string())),
      file_permissions: v.nullable(count),
    }),
  }),
  v.strictObject({
    type: v.literal("webhook"),
    realm: text,
    role: text,
    options: v.strictObject({
      topic: text,
      post_body_limit: count,
      success_response: v.string(),
      error_response: v.string(),
      github_secret: v.nullable(text),
    }),
  }),
  v.strictObject({
    type: v.literal("reverseproxy"),
    upstream: connectingTcp,
    path: text,
    forwarded_port: v.nullable(count),
    forwarded_proto: v.nullable(v.picklist(["http", "https"])),
    options: v.strictObject({ response_timeout: count, idle_timeout: count, max_requests: count }),
  }),
  v.strictObject({
    type: v.literal("sse"),
    realm: text,
    role: text,
    topics: v.nullable(
      v.array(v.strictObject({ topic: text, match: v.picklist(["exact", "prefix", "wildcard"]) })),
    ),
    options: v.strictObject({
      key: v.nullable(text),
      secret: v.nullable(text),
      require_tls: flag,
      require_ip: v.nullable(texts),
      timestamp_delta_limit: count,
      allowed_origins: texts,
      heartbeat_interval: count,
      retry: count,
      max_listeners: count,
      max_buffered: count,
      stall_timeout: count,
      max_outgoing: count,
    }),
  }),
  v.strictObject({
    type: v.literal("websocket-reverseproxy"),
    options: websocketOptions,
    backend: v.strictObject({ endpoint: connecting, url: text }),
  }),
  v.strictObject({
    type: v.literal("longpoll"),
    ...session,
    cookie: webSocket.cookie,
    place: text,
    options: v.strictObject({
      max_buffered: count,
      stall_timeout: count,
      max_outgoing: count,
      message_timeout: count,
      max_incomplete: count,
      told_by_close: sessionOptions.told_by_close,
      max_connection_age: sessionOptions.max_connection_age,
      request_timeout: count,
      session_timeout: count,
      queue_limit_messages: count,
      max_message_size: count,
      allowed_origins: texts,
      allow_null_origin: flag,
      max_transports: count,
    }),
  }),
  v.strictObject({ type: v.literal("unavailable"), isPython: maybe(v.literal(true)) }),
  v.strictObject({ type: v.literal("path"), paths }),
  v.strictObject(webSocket),
]);

const listener = { id: text, endpoint: listening };
const limits = {
  limits: maybe(
    v.strictObject({
      max_connections: v.nullable(count),
      max_connections_per_address: v.nullable(count),
      max_messages_per_second: v.nullable(count),
      max_messages_burst: count,
    }),
  ),
};
const forwarding = { ...limits, trusted_proxies: maybe(texts) };
const rawsocket = { ...session, options: rawsocketOptions };

const testee = v.strictObject({
  type: v.literal("websocket.testee"),
  ...listener,
  options: websocketOptions,
});

const transport = v.variant("type", [
  v.strictObject({ type: v.literal("web"), ...listener, paths, ...forwarding }),
  v.strictObject({ ...webSocket, ...listener, ...forwarding }),
  v.strictObject({ type: v.literal("rawsocket"), ...listener, ...rawsocket, ...limits }),
  v.strictObject({ type: v.literal("mqtt"), ...listener, ...mqtt, ...limits }),
  v.strictObject({
    type: v.literal("universal"),
    ...listener,
    rawsocket: v.nullable(v.strictObject(rawsocket)),
    mqtt: maybe(v.strictObject(mqtt)),
    paths: v.nullable(paths),
    ...forwarding,
  }),
  testee,
]);

const allowed = v.strictObject({ call: flag, register: flag, publish: flag, subscribe: flag });

const role = v.strictObject({
  name: text,
  permissions: v.array(
    v.strictObject({
      uri: text,
      match: v.picklist(["exact", "prefix", "wildcard"]),
      allow: allowed,
      disclose: v.strictObject({ caller: flag, publisher: flag }),
    }),
  ),
  authorizer: maybe(v.strictObject({ authorizer: text, "authorizer-timeout": count })),
});

const environment = v.strictObject({
  inherit: v.union([flag, texts]),
  vars: mapOf(text),
});

const pythonOptions = {
  python: maybe(absolute),
  pythonpath: v.array(absolute),
  env: environment,
  title: maybe(text),
  cpu_affinity: v.array(count),
  ready_timeout: count,
};

const component = v.strictObject({
  id: text,
  type: v.picklist(["class", "function", "wamplet"]),
  realm: text,
  role: maybe(text),
  classname: maybe(text),
  callbacks: maybe(mapOf(text)),
  package: maybe(text),
  entrypoint: maybe(text),
  extra: v.string(),
  transport: mapOf(v.unknown()),
});

const authenticators = maybe(
  v.strictObject({
    list: v.array(
      v.strictObject({
        id: text,
        type: v.literal("authenticator"),
        create: text,
        config: v.string(),
      }),
    ),
    options: v.strictObject(pythonOptions),
  }),
);

const output = v.picklist(["log", "close", "drop"]);

const restart = v.picklist(["on-failure", "always", "never"]);

const options = v.strictObject({
  title: maybe(text),
  cpu_affinity: v.array(count),
  env: environment,
  restart,
});

const worker = v.variant("type", [
  v.strictObject({
    type: v.literal("router"),
    id: text,
    options,
    realms: v.array(
      v.strictObject({
        name: text,
        roles: v.array(role),
        options: maybe(
          v.strictObject({
            enable_meta_api: flag,
            default_call_timeout: count,
            max_call_timeout: count,
            event_dispatching_chunk_size: count,
            uri_check: v.picklist(["loose", "strict"]),
          }),
        ),
        queues: maybe(v.array(v.strictObject({ uri: text, match: matchPolicy, limit: count }))),
        stats: maybe(
          v.strictObject({
            rated_message_size: count,
            trigger_after_rated_messages: count,
            trigger_after_duration: count,
            trigger_on_join: flag,
            trigger_on_leave: flag,
          }),
        ),
        max_realms: maybe(count),
        history: maybe(v.array(v.strictObject({ uri: text, match: matchPolicy, limit: count }))),
        cluster: maybe(
          v.strictObject({
            type: v.literal("nats"),
            servers: texts,
            prefix: text,
            replicas: count,
            tls: maybe(
              v.strictObject({
                ca_certificates: maybe(texts),
                own: maybe(v.looseObject({ certificate: absolute, key: absolute })),
                handshake_first: flag,
              }),
            ),
            login: maybe(
              v.strictObject({ kind: v.picklist(["credentials", "token", "nkey"]), secret: text }),
            ),
            presence_timeout: count,
            when_apart: v.picklist(["serve", "refuse"]),
            prefer_local: flag,
          }),
        ),
      }),
    ),
    components: maybe(
      v.strictObject({ list: v.array(component), options: v.strictObject(pythonOptions) }),
    ),
    authenticators,
    transports: v.array(transport),
  }),
  v.strictObject({
    type: v.literal("container"),
    id: text,
    options: v.strictObject({
      ...pythonOptions,
      shutdown: v.picklist([
        "shutdown-manual",
        "shutdown-on-last-component-stopped",
        "shutdown-on-any-component-stopped",
        "shutdown-on-any-component-failed",
      ]),
      restart: v.picklist(["restart-never", "restart-always", "restart-on-failed"]),
    }),
    components: v.array(component),
  }),
  v.strictObject({
    type: v.literal("guest"),
    id: text,
    executable: text,
    arguments: texts,
    options: v.strictObject({
      workdir: absolute,
      env: environment,
      stdin: v.union([
        v.picklist(["close", "pipe"]),
        v.strictObject({ text: v.string(), close: flag }),
      ]),
      stdout: output,
      stderr: output,
      watch: v.nullable(
        v.strictObject({
          directories: v.array(absolute),
          action: v.nullable(v.literal("restart")),
          timeout: v.number(),
        }),
      ),
      restart,
    }),
  }),
  v.strictObject({
    type: v.literal("proxy"),
    id: text,
    options,
    connections: mapOf(connection),
    routes: mapOf(mapOf(texts)),
    balancing: maybe(
      v.strictObject({ policy: v.picklist(["round_robin", "least_sessions"]), slow_start: count }),
    ),
    authenticators,
    transports: v.array(transport),
  }),
  v.strictObject({
    type: v.literal("websocket-testee"),
    id: text,
    options,
    transports: v.strictTuple([testee]),
  }),
]);

const normalizedNode: v.GenericSchema<unknown, NodeConfig> = v.strictObject({
  file: absolute,
  folder: absolute,
  controller: v.strictObject({
    id: text,
    shutdown: v.array(
      v.picklist([
        "shutdown_on_shutdown_requested",
        "shutdown_on_worker_exit",
        "shutdown_on_worker_exit_with_error",
        "shutdown_on_last_worker_exit",
      ]),
    ),
    title: maybe(text),
    enable_parallel_worker_start: flag,
    watchdog: v.number(),
    shutdownDelayMs: count,
    lameDuckMs: count,
    admin: maybe(
      v.strictObject({
        endpoint: listening,
        token: v.nullable(text),
        routers: v.picklist(["any", "each", "none"]),
      }),
    ),
    traces: maybe(v.strictObject({ url: text, headers: mapOf(v.string()), ratio: v.number() })),
  }),
  workers: v.array(worker),
});

/** Where a value differs from the structure of NodeConfig, such as `workers.0.id: Expected string`. */
export function structureFaultsOf(config: unknown): string[] {
  const { issues = [] } = v.safeParse(normalizedNode, config);
  return issues.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`);
}
