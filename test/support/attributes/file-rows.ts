/** Attributes of services that send files, values and pages of the node's own. */

import { createHash } from "node:crypto";
import type { AttributeRow, Upstreams } from "./attribute-row.ts";

const files = (options: object = {}) => ({ type: "static", directory: "web", options });
const archive = (more: object = {}) => ({ type: "archive", archive: "site.zip", ...more });
const value = (options: object = {}) => ({ type: "json", value: { b: [1.0], a: 1 }, options });

export const STATIC_ROWS: AttributeRow[] = [
  {
    shows: "static.directory static.type",
    service: files(),
    ask: "GET /ten.txt",
    status: 200,
    text: /^0123456789$/,
  },
  {
    shows: "static.options.enable_directory_listing static.options",
    service: files({ enable_directory_listing: true }),
    ask: "GET /folder/",
    status: 200,
    text: 'href="./inner.txt"',
  },
  {
    shows: "static.options.enable_directory_listing",
    service: files({ enable_directory_listing: false }),
    ask: "GET /folder/",
    status: 404,
  },
  {
    shows: "static.options.mime_types",
    service: files({ mime_types: { ".txt": "text/x-own" } }),
    ask: "HEAD /ten.txt",
    status: 200,
    gets: { "content-type": /^text\/x-own/ },
  },
  {
    shows: "static.options.cache_timeout",
    service: files({ cache_timeout: 77 }),
    ask: "GET /ten.txt",
    status: 200,
    gets: { "cache-control": /max-age=77$/ },
  },
  {
    shows: "static.options.cache_timeout",
    service: files({ cache_timeout: null }),
    ask: "GET /ten.txt",
    status: 200,
    gets: { "cache-control": null },
  },
  {
    shows: "static.options.default_file",
    service: files({ default_file: "ten.txt" }),
    ask: "GET /any/where",
    status: 200,
    gets: { "cache-control": "no-cache" },
    text: /^0123456789$/,
  },
  {
    shows: "static.options.allow_cross_origin",
    service: files({ allow_cross_origin: false }),
    ask: "GET /ten.txt",
    headers: { Origin: "https://page.example" },
    status: 200,
    gets: { "access-control-allow-origin": null },
  },
  {
    shows: "static.options.allow_cross_origin",
    service: files({ allow_cross_origin: true }),
    ask: "GET /ten.txt",
    headers: { Origin: "https://page.example" },
    status: 200,
    gets: { "access-control-allow-origin": "*", "access-control-allow-credentials": null },
  },
  {
    shows: "static.package static.resource",
    service: { type: "static", package: "crossbar", resource: "web" },
    ask: "GET /",
    status: 501,
  },
];

const digest = (octets: Uint8Array) => createHash("sha256").update(octets).digest("hex");

/** `site` are the octets of `site.zip`, which the upstream has too. */
export const archiveRows = (site: Uint8Array, { http }: Upstreams): AttributeRow[] => [
  {
    shows: "archive.archive archive.type",
    service: archive(),
    ask: "GET /app/ten.txt",
    status: 200,
    text: /^0123456789$/,
  },
  {
    shows: "archive.origin archive.download",
    service: archive({
      archive: "downloaded.zip",
      origin: `http://127.0.0.1:${http}/site.zip`,
      download: true,
    }),
    ask: "GET /app/ten.txt",
    status: 200,
    text: /^0123456789$/,
  },
  {
    shows: "archive.hashes",
    service: archive({ hashes: [digest(site)] }),
    ask: "GET /app/ten.txt",
    status: 200,
  },
  {
    shows: "archive.cache",
    service: archive({ cache: true }),
    ask: "GET /app/ten.txt",
    headers: { Range: "bytes=2-3" },
    status: 206,
    text: /^23$/,
  },
  {
    shows: "archive.default_object",
    service: archive({ default_object: "app/ten.txt" }),
    ask: "GET /",
    status: 200,
    text: /^0123456789$/,
  },
  {
    shows: "archive.object_prefix",
    service: archive({ object_prefix: "app" }),
    ask: "GET /ten.txt",
    status: 200,
    text: /^0123456789$/,
  },
  {
    shows: "archive.mime_types",
    service: archive({ mime_types: { ".txt": "text/x-own" } }),
    ask: "GET /app/ten.txt",
    status: 200,
    gets: { "content-type": /^text\/x-own/ },
  },
  {
    shows: "archive.options.default_file archive.options",
    service: archive({ object_prefix: "app", options: { default_file: "ten.txt" } }),
    ask: "GET /any/where",
    status: 200,
    gets: { "cache-control": "no-cache" },
    text: /^0123456789$/,
  },
  {
    shows: "archive.options.allow_cross_origin",
    service: archive({ options: { allow_cross_origin: true } }),
    ask: "GET /app/ten.txt",
    status: 200,
    gets: { "access-control-allow-origin": "*" },
  },
];

export const PAGE_ROWS: AttributeRow[] = [
  {
    shows: "nodeinfo.type",
    service: { type: "nodeinfo" },
    ask: "GET ?format=json",
    status: 200,
    text: '"format":1',
  },
  {
    shows: "nodeinfo.require_ip",
    service: { type: "nodeinfo", require_ip: ["192.0.2.0/24"] },
    ask: "GET ",
    status: 403,
  },
  {
    shows: "nodeinfo.require_ip",
    service: { type: "nodeinfo", require_ip: ["127.0.0.0/8"] },
    ask: "GET ",
    status: 200,
  },
  {
    shows: "nodeinfo.token",
    service: { type: "nodeinfo", token: "s3cret" },
    ask: "GET ",
    status: 401,
    gets: { "www-authenticate": /./ },
  },
  {
    shows: "nodeinfo.token.file",
    service: { type: "nodeinfo", token: { file: "token" } },
    ask: "GET ",
    headers: { Authorization: "Bearer of-the-file" },
    status: 200,
  },
  {
    shows: "json.value json.type",
    service: value(),
    ask: "GET ",
    status: 200,
    gets: { "content-type": /^application\/json/ },
    text: /^\{"b":\[1\],"a":1\}$/,
  },
  {
    shows: "json.options.prettify json.options",
    service: value({ prettify: true }),
    ask: "GET ",
    status: 200,
    text: '{\n   "b": [',
  },
  {
    shows: "json.options.allow_cross_origin",
    service: value({ allow_cross_origin: false }),
    ask: "GET ",
    status: 200,
    gets: { "access-control-allow-origin": null },
  },
  {
    shows: "json.options.allow_cross_origin",
    service: value(),
    ask: "GET ",
    status: 200,
    gets: { "access-control-allow-origin": "*" },
  },
  {
    shows: "json.options.discourage_caching",
    service: value({ discourage_caching: true }),
    ask: "GET ",
    status: 200,
    gets: { "cache-control": /no-store/ },
  },
  {
    shows: "redirect.url redirect.type",
    service: { type: "redirect", url: "https://elsewhere.example/" },
    ask: "GET ",
    status: 302,
    gets: { location: "https://elsewhere.example/" },
  },
  {
    shows: "catalog.filename catalog.type",
    service: { type: "catalog", filename: "shop.bfbs" },
    ask: "GET ",
    status: 200,
    text: "shop.Order",
  },
  {
    shows: "path.paths path.type",
    service: { type: "path", paths: { inner: { type: "json", value: "inside" } } },
    ask: "GET /inner",
    status: 200,
    text: /^"inside"$/,
  },
];
