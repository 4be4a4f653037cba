/** Every option that is accepted and not honoured, with what is said of it. */

import { expect, test } from "bun:test";
import { namesWithStatus } from "../../support/compatibility-table.ts";
import { loadNode, namesIn, nodeWith } from "../../support/loaded-node.ts";

const router = "$.workers[0]";
const proxy = "$.workers[1]";
const web = `${proxy}.transports[0]`;
const ws = `${web}.paths.ws.options`;
const routerless = "a client whose router is away is refused at once";
const meaningless = "it has no meaning for this program";
const ownDefaults = "the program's defaults apply";

/** One consequence for several options of one item. */
const of = (item: string, consequence: string, options: Record<string, unknown>) =>
  Object.entries(options).map(
    ([name, value]) => [`${item}.${name}`, value, consequence] as [string, unknown, string],
  );

const warned: [path: string, value: unknown, consequence: string][] = [
  ...of("$.controller.options", "the program's own rule applies", { title: "a", shutdown: [] }),
  [
    "$.controller.options.enable_parallel_worker_start",
    true,
    "workers are started one after the other",
  ],
  ...of("$.controller", meaningless, {
    manhole: {},
    connections: [],
    keyring: {},
    fabric: {},
    blockchain: {},
    enable_docker: true,
  }),
  ...of(`${router}.options`, meaningless, {
    title: "a",
    extra: 1,
    python: "a",
    pythonpath: ["a"],
    cpu_affinity: [0],
    env: {},
    reactor: "a",
    expose_controller: true,
    expose_shared: true,
    traceback: true,
  }),
  [`${router}.manhole`, {}, "no console is opened"],
  [`${proxy}.manhole`, {}, "no console is opened"],
  [`${router}.components`, [{}], "no component is run; start it as a client"],
  [`${router}.connections`, [], "a router worker opens no connections"],
  [`${router}.realms[0].options`, { a: 1 }, ownDefaults],
  [`${router}.realms[0].store`, {}, "no event is kept"],
  [`${router}.realms[0].roles[0].permissions[0].validate`, {}, "no payload is checked"],
  ...of(`${router}.transports[0].auth["anonymous-proxy"]`, "the proxy names the role", {
    role: "anonymous",
  }),
  ...of(`${router}.transports[0].auth["anonymous-proxy"]`, "the proxy names the authid", {
    authid: "joe",
  }),
  ...[`${web}.options`, `${proxy}.transports[1].web.options`].flatMap((item) => [
    ...of(item, "no access log is written", { access_log: true }),
    ...of(item, "no traceback is shown to clients", { display_tracebacks: true }),
    ...of(item, "no Strict-Transport-Security header is sent", { hsts: true }),
    ...of(item, "the program's own timeouts apply", { client_timeout: 60 }),
  ]),
  [
    `${web}.endpoint.user_timeout`,
    30,
    "what is sent to a client that is gone is given up when it answers no ping",
  ],
  [`${ws}.mask_server_frames`, true, "frames to clients are never masked"],
  [`${ws}.enable_hybi10`, true, "only version 13 of the protocol is spoken"],
  [`${ws}.enable_flash_policy`, true, "no Flash policy is served"],
  [`${ws}.flash_policy`, "a", "no Flash policy is served"],
  [`${ws}.tcp_nodelay`, false, "small packets are sent at once"],
  [`${ws}.validate_utf8`, false, "text is always checked to be UTF-8"],
  [`${ws}.require_masked_client_frames`, false, "frames of clients must be masked"],
  [`${ws}.apply_mask`, false, "frames of clients are always unmasked"],
  [`${ws}.enable_rfc6455`, false, "version 13 of the protocol is spoken"],
  [`${ws}.compression.deflate.max_window_bits`, 8, "a window of 9 bits is used"],
  [`${ws}.compression.deflate.request_max_window_bits`, 8, "a window of 9 bits is asked for"],
  [
    `${web}.paths.ws.cookie.store.purge_on_startup`,
    true,
    "cookies are forgotten when they are too old; remove the file to forget all",
  ],
  ...[
    ...["reverseproxy", "websocket-reverseproxy", "webhook", "longpoll"],
    ...["cgi", "wsgi", "resource", "upload", "wap", "catalog", "pairme"],
  ].map((type): [string, unknown, string] => [
    `${web}.paths.zip.type`,
    type,
    "requests for it are answered with 501",
  ]),
  ...of(`${web}.paths.json.options`, "the value is sent as it is", {
    prettify: true,
    allow_cross_origin: true,
    discourage_caching: true,
  }),
  [`${web}.paths.zip.options.a`, 1, "a missing object is answered with 404"],
  ...["ws", "raw"].flatMap((id) => {
    const transport = `${proxy}.connections.${id}.transport`;
    return [
      ...of(transport, routerless, {
        max_retries: 1,
        max_retry_delay: 1,
        initial_retry_delay: 1,
        retry_delay_growth: 1,
        retry_delay_jitter: 1,
      }),
      ...of(transport, "no headers are added for the router", { headers: {} }),
      ...of(`${transport}.options`, ownDefaults, { auto_ping_interval: 1000 }),
    ];
  }),
];

test.each(warned)("%s: %p is warned of", async (path, value, consequence) => {
  const { faults, warnings } = await loadNode(nodeWith(path, value));
  expect(faults).toEqual([]);
  expect(warnings).toEqual([`${path}: not honoured: ${consequence}`]);
});

test.each([
  ["$.$schema", "https://example.com/schema.json"],
  ["$.controller.options.enable_parallel_worker_start", false],
  [`${router}.components`, []],
  [`${router}.realms[0].id`, "realm1"],
  [`${router}.realms[0].roles[0].id`, "role1"],
  [`${router}.realms[0].roles[0].permissions[0].cache`, true],
  [`${router}.transports[0].debug`, true],
  [`${web}.paths.ws.debug`, true],
  [`${web}.paths.ws.url`, "ws://localhost/ws"],
  [`${web}.paths.ws.auth.anonymous.realm`, "realm1"],
  [`${web}.options.hsts_max_age`, 1000],
  [`${web}.endpoint.backlog`, 50],
  [`${proxy}.transports[1].endpoint.backlog`, 50],
  [`${proxy}.transports[1].web.type`, "web"],
  [`${proxy}.transports[1].rawsocket.type`, "rawsocket"],
])("%s: %p makes no difference, and none is named", async (path, value) => {
  const { faults, warnings } = await loadNode(nodeWith(path, value));
  expect([...faults, ...warnings]).toEqual([]);
});

test("what docs/compatibility.md calls warned is in this file", () => {
  const here = new Set(warned.flatMap(([path, value]) => [...namesIn(path), String(value)]));
  // It needs the files of a certificate: tls.test.ts.
  here.add("dhparam");
  expect(
    namesWithStatus("warned").filter((name) => !namesIn(name).every((part) => here.has(part))),
  ).toEqual([]);
});
