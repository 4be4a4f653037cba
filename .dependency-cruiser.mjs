/**
 * The direction of the whole program, as a table. A folder of src/ may import
 * itself and the folders listed beside it, nothing else; types count too.
 */
const LAYERS = {
  cli: ["node", "worker", "component", "template", "config", "observe", "base"],
  node: ["component", "transport/endpoint/unix-socket-file", "transport/endpoint/tls-contexts", "transport/endpoint/peer-address", "observe", "base"],
  component: ["template", "observe", "base"],
  worker: ["node/control-message", "node/answer-message", "component", "proxy", "router", "transport", "session", "auth", "wamp", "observe", "base"],
  proxy: ["session", "auth", "transport", "wamp", "observe", "base"],
  router: ["session", "auth", "wamp", "observe", "base"],
  session: ["auth", "wamp", "observe", "base"],
  auth: ["wamp", "observe", "base"],
  transport: ["template", "wamp", "observe", "base"],
  template: ["base"],
  config: ["wamp/serializer-name", "wamp/serializer/cbor/cbor-reader", "wamp/token", "base"],
  wamp: ["base"],
  observe: ["base"],
  base: [],
};

/** Inside transport/: the mechanisms, and which may use which. */
const TRANSPORT = {
  accept: ["http", "endpoint"],
  http: ["endpoint"],
  web: ["websocket", "http", "endpoint", "listener"],
  websocket: ["mqtt", "http", "endpoint", "listener"],
  mqtt: ["endpoint", "listener"],
  rawsocket: ["yamux", "endpoint", "listener"],
  yamux: ["endpoint"],
  endpoint: [],
};

/** Inside wamp/: which of its folders may use which. */
const WAMP = {
  transcode: ["serializer", "token"],
  serializer: ["token"],
  token: [],
};

/** A package that is used in one place can be replaced in one place. */
const ONLY_HERE = {
  "@fastify/busboy": "^src/transport/web/upload/form-reader[.]ts$",
  "@opentelemetry": "^src/observe/(otlp-tracer|span-sender)[.]ts$",
  "@nats-io": "^src/router/cluster/nats-engine[.]ts$",
  "@noble/curves": "^src/base/eip712-certificate[.]ts$",
  "@noble/hashes": "^src/base/eip712-certificate[.]ts$",
  jose: "^src/transport/web/auth/",
  "mqtt-packet": "^src/transport/mqtt/",
  "prom-client": "^src/node/admin/metrics-text[.]ts$",
  fflate: "^src/transport/web/services/unzip-member[.]ts$",
  uplot: "^src/transport/web/node-page/page-document[.]ts$",
  valibot: "^src/(config/|node/(answer|command|control|statistics)-message[.]ts$|component/runner-event[.]ts$|auth/authenticator-answer[.]ts$)",
  "minijinja-js": "^src/template/minijinja[.]ts$",
};

const error = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });
const inFolder = (folder) => `^src/${folder}[/.]`;

const layers = Object.entries(LAYERS).map(([folder, allowed]) =>
  error(
    `layer-${folder}`,
    `src/${folder} may import only ${allowed.join(", ") || "itself"} (and configuration types)`,
    { path: inFolder(folder) },
    { path: "^src/", pathNot: [inFolder(folder), "^src/config/.*-config[.]ts$", ...allowed.map(inFolder)] },
  ),
);

const transports = Object.entries(TRANSPORT).map(([folder, allowed]) =>
  error(
    `layer-transport-${folder}`,
    `src/transport/${folder} may import only ${allowed.join(", ") || "itself"}`,
    { path: inFolder(`transport/${folder}`) },
    { path: "^src/transport/", pathNot: [folder, ...allowed].map((name) => inFolder(`transport/${name}`)) },
  ),
);

const wamp = Object.entries(WAMP).map(([folder, allowed]) =>
  error(
    `layer-wamp-${folder}`,
    `src/wamp/${folder} may import only ${allowed.join(", ") || "itself"} (and files of src/wamp itself)`,
    { path: inFolder(`wamp/${folder}`) },
    { path: "^src/wamp/.*/", pathNot: [folder, ...allowed].map((name) => inFolder(`wamp/${name}`)) },
  ),
);

const packages = Object.entries(ONLY_HERE).map(([name, place]) =>
  error(
    `only-here-${name}`,
    `${name} is imported in one place`,
    { path: "^src/", pathNot: place },
    { path: `node_modules/${name}/` },
  ),
);

export default {
  forbidden: [
    ...layers,
    ...transports,
    ...wamp,
    ...packages,
    error(
      "config-is-passed-in",
      "only the CLI reads configuration; everyone else receives it, and names its type",
      { path: "^src/", pathNot: "^src/(cli|config)/" },
      { path: "^src/config/", dependencyTypesNot: ["type-only"] },
    ),
    error(
      "proxy-connects-it-does-not-listen",
      "the proxy worker's session code reaches sockets only through a connector",
      { path: "^src/proxy/" },
      { path: "^src/transport/", pathNot: "-connector[.]ts$" },
    ),
    error("no-cycle", "two modules that need each other are one module", {}, { circular: true }),
    error("no-unresolvable", "the import names no file", {}, { couldNotResolve: true }),
    error("no-tests-in-src", "src does not know its tests", { path: "^src/" }, { path: "^(test|bench|scripts)/" }),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    builtInModules: { add: ["bun", "bun:test"] },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["bun", "import", "require", "node", "default"],
    },
  },
};
