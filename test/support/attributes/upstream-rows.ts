/** Attributes of services that pass requests and WebSockets on to another server. */

import type { AttributeRow, Upstreams } from "./attribute-row.ts";

const HANDSHAKE = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

export function upstreamRows({
  http,
  https,
  certificate,
  webSocket,
  nowhere,
}: Upstreams): AttributeRow[] {
  const proxy = (more: object = {}) => ({
    type: "reverseproxy",
    host: "127.0.0.1",
    port: http,
    ...more,
  });
  const relay = (options: object = {}) => ({
    type: "websocket-reverseproxy",
    backend: {
      type: "websocket",
      endpoint: { type: "tcp", host: "127.0.0.1", port: webSocket },
      url: `ws://127.0.0.1:${webSocket}/`,
    },
    options,
  });
  return [
    {
      shows: "reverseproxy.host reverseproxy.port reverseproxy.type",
      service: proxy(),
      ask: "GET /a%20b?c=d",
      status: 200,
      text: /"url":"[^"]*\/a%20b\?c=d"/,
    },
    {
      shows: "reverseproxy.path",
      service: proxy({ path: "/base" }),
      ask: "GET /more",
      status: 200,
      text: /"url":"[^"]*\/base\/more"/,
    },
    {
      shows: "reverseproxy.forwarded_port reverseproxy.forwarded_proto",
      service: proxy({ forwarded_port: 8443, forwarded_proto: "https" }),
      ask: "GET /",
      status: 200,
      text: /(?=.*"x-forwarded-port":"8443")(?=.*"x-forwarded-proto":"https")/,
    },
    {
      shows: "reverseproxy.tls",
      service: proxy({
        port: https,
        tls: { hostname: "localhost", ca_certificates: [certificate] },
      }),
      ask: "GET /secure",
      status: 200,
      text: "/secure",
    },
    {
      shows: "reverseproxy.port",
      service: proxy({ port: nowhere }),
      ask: "GET /",
      status: 502,
    },
    {
      shows: "reverseproxy.options.response_timeout reverseproxy.options",
      service: proxy({ options: { response_timeout: 1_000 } }),
      ask: "GET /slow",
      status: 504,
    },
    {
      shows: "reverseproxy.options.idle_timeout",
      service: proxy({ options: { idle_timeout: 1_000 } }),
      ask: "GET /half",
      status: 200,
      text: "half",
    },
    {
      shows: "reverseproxy.options.max_requests",
      service: proxy({ options: { max_requests: 1 } }),
      before: { ask: "GET /half", until: /half/ },
      ask: "GET /",
      status: 503,
    },
    {
      shows: "websocket-reverseproxy.backend websocket-reverseproxy.type",
      service: relay(),
      ask: "GET ",
      headers: HANDSHAKE,
      status: 101,
      until: /hello/,
    },
    {
      shows: "websocket-reverseproxy.options",
      service: relay({ allowed_origins: ["https://good.example"] }),
      ask: "GET ",
      headers: { ...HANDSHAKE, Origin: "https://evil.example" },
      status: 403,
      until: /\r\n\r\n/,
    },
  ];
}

const anonymous = { anonymous: { type: "static", role: "anonymous" } };
const ws = (options: object = {}, more: object = {}) => ({
  type: "websocket",
  auth: anonymous,
  options,
  ...more,
});
const joins = { ...HANDSHAKE, "Sec-WebSocket-Protocol": "wamp.2.json" };
const accepted = { "sec-websocket-protocol": "wamp.2.json" };

/** A masked frame of one text, which a client sends. */
export const textFrame = (text: string) =>
  Buffer.concat([Buffer.from([0x81, 0x80 + text.length, 0, 0, 0, 0]), Buffer.from(text)]).toString(
    "latin1",
  );
const HELLO = textFrame('[1,"realm1",{"roles":{"caller":{}}}]');

export const WEBSOCKET_ROWS: AttributeRow[] = [
  {
    shows: "websocket.type websocket.auth websocket.options",
    service: ws(),
    ask: "GET ",
    headers: joins,
    body: HELLO,
    status: 101,
    gets: accepted,
    until: /"authrole":"anonymous"/,
  },
  {
    shows: "websocket.serializers",
    service: ws({}, { serializers: ["cbor"] }),
    ask: "GET ",
    headers: joins,
    status: 400,
    until: /\r\n\r\n/,
  },
  {
    shows: "websocket.cookie",
    service: ws({}, { cookie: { name: "own" }, auth: { ...anonymous, cookie: {} } }),
    ask: "GET ",
    headers: joins,
    status: 101,
    gets: { "set-cookie": /^own=/ },
    until: /\r\n\r\n/,
  },
  {
    shows: "websocket.options",
    service: ws({ allowed_origins: ["https://good.example"] }),
    ask: "GET ",
    headers: { ...joins, Origin: "https://evil.example" },
    status: 403,
    until: /\r\n\r\n/,
  },
  {
    shows: "websocket.options",
    service: ws({ allow_null_origin: false }),
    ask: "GET ",
    headers: { ...joins, Origin: "null" },
    status: 403,
    until: /\r\n\r\n/,
  },
  { shows: "websocket.options", service: ws(), ask: "GET ", status: 200, text: "<html" },
  {
    shows: "websocket.options",
    service: ws({ enable_webstatus: false }),
    ask: "GET ",
    status: 426,
  },
  {
    shows: "websocket.options",
    service: ws({ require_websocket_subprotocol: false }),
    ask: "GET ",
    headers: HANDSHAKE,
    body: HELLO,
    status: 101,
    gets: { "sec-websocket-protocol": null },
    until: /"authrole":"anonymous"/,
  },
  {
    shows: "websocket.options",
    service: ws({ external_port: 8443 }),
    ask: "GET ",
    headers: joins,
    status: 400,
    until: /\r\n\r\n/,
  },
  {
    shows: "websocket.options",
    service: ws({ show_server_version: true }),
    ask: "GET ",
    headers: joins,
    status: 101,
    gets: { server: /^crossproxy/i },
    until: /\r\n\r\n/,
  },
  {
    shows: "websocket.options",
    service: ws({ compression: { deflate: { max_window_bits: 10 } } }),
    ask: "GET ",
    headers: { ...joins, "Sec-WebSocket-Extensions": "permessage-deflate" },
    status: 101,
    gets: { "sec-websocket-extensions": /^permessage-deflate/ },
    until: /\r\n\r\n/,
  },
  {
    shows: "websocket-proxy.backends websocket-proxy.type",
    service: {
      type: "websocket-proxy",
      backends: [
        {
          type: "rawsocket",
          endpoint: { type: "unix", path: "open.sock" },
          serializer: "cbor",
        },
      ],
    },
    ask: "GET ",
    headers: joins,
    body: HELLO,
    status: 101,
    until: /"authrole":"anonymous"/,
  },
];
