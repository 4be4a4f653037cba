/** Attributes of services that send events, carry sessions and print pages of calls. */

import type { AttributeRow } from "./attribute-row.ts";
import { signedQuery } from "./bridge-rows.ts";

const sse = (options: object = {}, more: object = {}) => ({
  type: "sse",
  realm: "realm1",
  role: "anonymous",
  options,
  ...more,
});
const listens = (row: Pick<AttributeRow, "shows" | "service"> & Partial<AttributeRow>) => ({
  ask: "GET ?topic=com.example.other",
  status: 200,
  until: /retry: \d+\n/,
  ...row,
});
const refused = (row: Omit<AttributeRow, "ask"> & Partial<AttributeRow>): AttributeRow => ({
  ask: "GET ?topic=com.example.other",
  ...row,
});
const BEGUN = /: events follow/;

export const STREAM_ROWS: AttributeRow[] = [
  listens({ shows: "sse.type sse.realm sse.role", service: sse(), until: BEGUN }),
  listens({
    shows: "sse.topics sse.topics.topic sse.topics.match",
    service: sse({}, { topics: [{ topic: "com.example.", match: "prefix" }] }),
    ask: "GET ",
    until: BEGUN,
  }),
  refused({
    shows: "sse.topics.topic",
    service: sse({}, { topics: [{ topic: "com.example.secret" }] }),
    ask: "GET ",
    status: 403,
  }),
  refused({
    shows: "sse.options sse.options.key sse.options.secret",
    service: sse({ key: "key1", secret: "topsecret" }),
    status: 400,
  }),
  refused({
    shows: "sse.options.timestamp_delta_limit",
    service: sse({ key: "key1", secret: "topsecret", timestamp_delta_limit: 60 }),
    ask: () => `GET ?topic=com.example.other&${signedQuery("", "topsecret", 70)()}`,
    status: 400,
  }),
  listens({
    shows: "sse.options.timestamp_delta_limit sse.options.key sse.options.secret",
    service: sse({ key: "key1", secret: "topsecret", timestamp_delta_limit: 100 }),
    ask: () => `GET ?topic=com.example.other&${signedQuery("", "topsecret", 70)()}`,
    until: BEGUN,
  }),
  refused({
    shows: "sse.options.require_tls",
    service: sse({ require_tls: true }),
    status: 400,
    text: "TLS",
  }),
  refused({
    shows: "sse.options.require_ip",
    service: sse({ require_ip: ["192.0.2.0/24"] }),
    status: 400,
    text: "address",
  }),
  refused({
    shows: "sse.options.allowed_origins",
    service: sse({ allowed_origins: ["https://good.example"] }),
    headers: { Origin: "https://evil.example" },
    status: 403,
  }),
  listens({
    shows: "sse.options.allowed_origins",
    service: sse({ allowed_origins: ["https://good.example"] }),
    headers: { Origin: "https://good.example" },
    gets: { "access-control-allow-credentials": "true" },
    until: BEGUN,
  }),
  listens({
    shows: "sse.options.heartbeat_interval",
    service: sse({ heartbeat_interval: 1_000 }),
    until: /\n\n:\n\n/,
  }),
  listens({
    shows: "sse.options.retry",
    service: sse({ retry: 100_000 }),
    until: /retry: 1[0-4]\d{4}\n/,
  }),
  refused({
    shows: "sse.options.max_listeners",
    service: sse({ max_listeners: 1 }),
    before: { ask: "GET ?topic=com.example.other", until: BEGUN },
    status: 503,
  }),
  refused({
    shows: "sse.auth sse.auth.cookie sse.auth.cookie.websocket",
    service: {
      type: "sse",
      realm: "realm1",
      auth: { cookie: { websocket: "/login" } },
    },
    status: 403,
  }),
];

const longpoll = (options: object = {}, more: object = {}) => ({
  type: "longpoll",
  auth: { anonymous: { type: "static", role: "anonymous" } },
  options,
  ...more,
});
const OPEN = { ask: "POST /open", body: '{"protocols":["wamp.2.json"]}' };
const opens = (row: Omit<AttributeRow, "ask" | "body">): AttributeRow => ({ ...OPEN, ...row });
/** A request for the transport that was opened before. */
const then = (action: string, row: Omit<AttributeRow, "ask">): AttributeRow => ({
  ask: (before) => `POST /${/"transport":"([^"]*)"/.exec(before)?.[1]}/${action}`,
  before: { ...OPEN, until: /"transport"/ },
  ...row,
});

export const LONGPOLL_ROWS: AttributeRow[] = [
  // The transports of all paths of a worker count: so it is the first.
  opens({
    shows: "longpoll.options.max_transports",
    service: longpoll({ max_transports: 1 }),
    before: { ...OPEN, until: /"transport"/ },
    status: 503,
  }),
  opens({
    shows: "longpoll.type longpoll.auth",
    service: longpoll(),
    status: 200,
    text: '"protocol":"wamp.2.json"',
  }),
  opens({
    shows: "longpoll.serializers",
    service: longpoll({}, { serializers: ["cbor"] }),
    status: 400,
  }),
  opens({
    shows: "longpoll.cookie",
    service: longpoll({}, { cookie: { name: "own" } }),
    status: 200,
    gets: { "set-cookie": /^own=/ },
  }),
  opens({
    shows: "longpoll.options longpoll.options.allowed_origins",
    service: longpoll({ allowed_origins: ["https://good.example"] }),
    headers: { Origin: "https://evil.example" },
    status: 403,
  }),
  opens({
    shows: "longpoll.options.allow_null_origin",
    service: longpoll({ allow_null_origin: false }),
    headers: { Origin: "null" },
    status: 403,
  }),
  then("receive", {
    shows: "longpoll.options.request_timeout",
    service: longpoll({ request_timeout: 1 }),
    status: 204,
  }),
  then("receive", {
    shows: "longpoll.options.hello_timeout",
    service: longpoll({ hello_timeout: 1_000 }),
    status: 200,
    text: "wamp.error.timeout",
  }),
  then("send", {
    shows: "longpoll.options.max_message_size",
    service: longpoll({ max_message_size: 512 }),
    body: `[1,"${"x".repeat(600)}",{}]`,
    status: 413,
  }),
];

const wap = (more: object = {}) => ({
  type: "wap",
  templates: "templates",
  routes: [
    { path: "/square/<int:x>", method: "GET", call: "com.example.square", render: "square.html" },
    { path: "/posted", method: "POST", render: "page.html" },
    { path: "/", method: "GET", render: "page.html" },
  ],
  wamp: { realm: "realm1", authrole: "anonymous" },
  ...more,
});

export const WAP_ROWS: AttributeRow[] = [
  {
    shows:
      "wap.type wap.templates wap.routes wap.wamp wap.routes.path wap.routes.call wap.routes.render wap.wamp.realm wap.wamp.authrole",
    service: wap(),
    ask: "GET /square/7",
    status: 200,
    text: "7 squared is 49",
  },
  { shows: "wap.routes.path", service: wap(), ask: "GET /square/seven", status: 404 },
  { shows: "wap.routes.method", service: wap(), ask: "GET /posted", status: 405 },
  {
    shows: "wap.routes.method",
    service: wap(),
    ask: "POST /posted",
    status: 200,
    text: "a page",
  },
  {
    shows: "wap.wamp.authrole",
    service: wap({ wamp: { realm: "realm1", authrole: "nobody" } }),
    ask: "GET /square/7",
    status: 503,
  },
  {
    shows: "wap.sandbox",
    service: wap({ sandbox: false }),
    ask: "POST /posted",
    status: 200,
    text: "a page",
  },
  {
    shows: "wap.templates.package wap.templates.resource",
    service: wap({ templates: { package: "crossbar", resource: "web" } }),
    ask: "GET /",
    status: 501,
  },
];
