/**
 * Web services: the items at the paths of a Web transport, one schema per path `type`.
 *
 * @module
 */

import * as v from "valibot";
import { type AuthItem, sessionAuth, transportAuth } from "#config/auth/auth-schema.ts";
import { secret } from "#config/auth/principal-schema.ts";
import { backends, type ConnectingTransportItem } from "#config/connection/connection-schema.ts";
import { type MqttItem, mqttPart } from "#config/mqtt/mqtt-schema.ts";
import {
  type WebSocketOptionsItem,
  websocketOptions,
} from "#config/options/websocket-options-schema.ts";
import { addressRangeOrNetmask } from "#config/schema/address-range.ts";
import {
  defaulted,
  defaultsOf,
  optional,
  required,
  withoutEffect,
} from "#config/schema/attribute.ts";
import { byType } from "#config/schema/by-type.ts";
import { item, lenientItem, mapOf } from "#config/schema/item.ts";
import { anything, fileName, id, integer, text } from "#config/schema/primitive.ts";
import { clientSerializers } from "#config/schema/serializers.ts";
import { unchecked } from "#config/schema/tolerated-values.ts";
import { itemNotOffered } from "#config/schema/unhonoured.ts";
import { type CookieItem, cookie } from "./cookie-schema.ts";
import { type EventStreamItem, eventStreamService } from "./event-stream-schema.ts";
import { type LongPollItem, longPollService } from "./longpoll-schema.ts";
import { bridgeAuth } from "./path-auth-schema.ts";
import { type ReverseProxyItem, reverseProxyService } from "./reverse-proxy-schema.ts";
import { type UploadItem, uploadService } from "./upload-schema.ts";
import { type WapItem, wapService } from "./wap-schema.ts";
import { type WebhookItem, webhookService } from "./webhook-schema.ts";
import {
  type WebSocketReverseProxyItem,
  websocketReverseProxyService,
} from "./websocket-reverse-proxy-schema.ts";

/** Attributes that every service may have. */
const common = { id: withoutEffect(id) };

/** Other characters fit in no header (RFC 9110, section 5.5). */
const mediaType = v.pipe(
  text,
  v.regex(
    /^[\t\x20-\x7e\x80-\xff]*$/,
    (issue) => `expected a media type such as "text/html", found ${issue.received}`,
  ),
);

const mimeTypes = mapOf(v.string(), unchecked(mediaType));

const CROSS_ORIGIN = "Let pages of any origin read the answers, without credentials.";

const staticOptions = item({
  enable_directory_listing: defaulted(v.boolean(), false, "Show what is in a folder."),
  mime_types: defaulted(mimeTypes, {}, "Suffix -> media type; the longest suffix wins."),
  cache_timeout: defaulted(
    unchecked(v.nullable(integer(0, 2_147_483_647))),
    43_200,
    "Seconds that clients may keep a file (Cache-Control); null: no such header.",
  ),
  default_file: optional(v.string(), "Served for what is missing; absent or empty: nothing is."),
  allow_cross_origin: defaulted(v.boolean(), true, `Extension. ${CROSS_ORIGIN}`),
});

const staticService = item({
  ...common,
  type: required(v.literal("static"), "Files below a directory."),
  directory: optional(fileName, "The directory; required, unless files of a package are meant."),
  package: optional(text, "A Python package, whose files are not served."),
  resource: optional(text, "A folder of the package."),
  options: optional(staticOptions, "Options."),
});

const catalogService = item({
  ...common,
  type: required(v.literal("catalog"), "Pages about binary schemas of FlatBuffers."),
  filename: required(
    fileName,
    "A file `*.bfbs`, several with commas between them, or a folder of such files.",
  ),
  path: withoutEffect(v.string()),
});

const origin = v.pipe(
  v.string(),
  v.regex(/^https?:\/\/./, (issue) => `expected an http or https URL, found ${issue.received}`),
);

const sha256 = v.pipe(
  v.string(),
  v.regex(
    /^[0-9a-fA-F]{64}$/,
    (issue) => `expected a SHA-256 digest of 64 hex digits, found ${issue.received}`,
  ),
);

const archiveOptions = lenientItem({
  default_file: optional(
    unchecked(v.string()),
    "File of the archive, below the folder, served for what is missing; absent or empty: nothing is.",
  ),
  allow_cross_origin: defaulted(unchecked(v.boolean()), false, `Extension. ${CROSS_ORIGIN}`),
});

const archiveService = item({
  ...common,
  type: required(v.literal("archive"), "Files of a ZIP archive."),
  archive: required(fileName, "The ZIP file."),
  origin: optional(unchecked(origin), "Where to download it from when it is missing."),
  download: defaulted(v.boolean(), false, "Whether to download it."),
  cache: defaulted(v.boolean(), false, "Keep its files in memory."),
  default_object: optional(v.string(), "Served for the path itself; absent or empty: nothing is."),
  object_prefix: optional(v.string(), "Folder inside the archive; absent or empty: all of it."),
  mime_types: defaulted(mimeTypes, {}, "Suffix -> media type; the longest suffix wins."),
  hashes: defaulted(v.array(sha256), [], "Accepted SHA-256 digests; none: any."),
  options: optional(archiveOptions, "Options."),
});

const nodeinfoService = item({
  ...common,
  type: required(v.literal("nodeinfo"), "A page about this node."),
  require_ip: optional(
    v.array(addressRangeOrNetmask),
    "Extension. Addresses, CIDRs and addresses with netmasks of clients that see it; absent: any.",
  ),
  token: optional(
    secret,
    'Extension. What clients have to send as bearer token or password, or `{"file": …}`; absent: nothing.',
  ),
});

const jsonOptions = item({
  prettify: defaulted(v.boolean(), false, "Indent the value by 3 spaces a level."),
  allow_cross_origin: defaulted(v.boolean(), true, CROSS_ORIGIN),
  discourage_caching: defaulted(v.boolean(), false, "Tell clients to keep no copy."),
});

const jsonService = item({
  ...common,
  type: required(v.literal("json"), "Serves a JSON value."),
  value: required(anything, "The value."),
  options: optional(jsonOptions, "Options."),
});

const redirectService = item({
  ...common,
  type: required(v.literal("redirect"), "Sends clients elsewhere."),
  url: required(text, "Where to."),
});

const bridgeOptions = item({
  debug: withoutEffect(v.boolean()),
  key: optional(text, "Name of the key, which clients send with a signed request; needs `secret`."),
  secret: optional(secret, 'What requests are signed with, or `{"file": …}`; absent: unsigned.'),
  require_tls: defaulted(v.boolean(), false, "Refuse requests that do not come over TLS."),
  require_ip: optional(
    v.array(addressRangeOrNetmask),
    "Addresses, CIDRs and addresses with netmasks of clients that are let in; absent: any.",
  ),
  post_body_limit: defaulted(
    integer(0, 1_048_576),
    0,
    "Most octets of a body; 0: 1048576, where Crossbar has no limit.",
  ),
  timestamp_delta_limit: defaulted(
    integer(0, 86_400),
    300,
    "Seconds that a signed request's timestamp may be off, and for which it counts once; 0: none.",
  ),
  call_timeout: defaulted(
    integer(100, 600_000),
    30_000,
    "Extension. Milliseconds until an answer must have come, the time to reach the router included.",
  ),
  error_status_codes: defaulted(
    v.boolean(),
    false,
    "Extension. Answer an ERROR of WAMP with a status from 400 on; false: with 200, as in Crossbar.",
  ),
  idempotency_key_lifetime: defaulted(
    integer(0, 600_000),
    60_000,
    "Extension. Milliseconds for which a repeated Idempotency-Key gets the first answer; 0: it has no effect.",
  ),
});

const bridge = {
  ...common,
  realm: required(text, "The realm."),
  role: optional(
    text,
    "The role that calls or publishes; required without `auth`, else that of clients whose tokens name none.",
  ),
  auth: optional(
    bridgeAuth,
    "Extension. How clients are authenticated; absent: all requests act with `role`.",
  ),
  options: optional(bridgeOptions, "Options."),
};

const callerService = item({
  type: required(v.literal("caller"), "Makes a call of each HTTP request."),
  ...bridge,
});

const publisherService = item({
  type: required(v.literal("publisher"), "Publishes an event for each HTTP request."),
  ...bridge,
});

/** Attributes of every WebSocket, of a path or of a transport. */
export const webSocketAttributes = {
  url: withoutEffect(text),
  serializers: clientSerializers(),
  auth: transportAuth,
  options: optional(websocketOptions, "Options."),
  cookie: optional(cookie, "A cookie for browsers; absent: none."),
  mqtt: optional(mqttPart, "Extension. MQTT clients, by the subprotocol `mqtt`; absent: none."),
  debug: withoutEffect(v.boolean()),
};

const websocketService = item({
  ...common,
  type: required(v.literal("websocket"), "WAMP over WebSocket."),
  ...webSocketAttributes,
});

const websocketProxyService = item({
  ...common,
  type: required(v.literal("websocket-proxy"), "WAMP over WebSocket with a backend of its own."),
  ...webSocketAttributes,
  backends: required(backends, "Exactly one connecting transport."),
  auth: optional(sessionAuth, "Authmethods; absent: the router authenticates."),
});

/** The options of a path of type `static` that sets none. */
export const defaultStaticOptions = defaultsOf(staticOptions);

/** The options of a path of type `json` that sets none. */
export const defaultJsonOptions = defaultsOf(jsonOptions);

/** The options of such a path that sets none. */
export const defaultBridgeOptions = defaultsOf(bridgeOptions);

/** A path of the HTTP bridge as written. */
export type BridgeItem = v.InferOutput<typeof callerService | typeof publisherService>;

/** A WebSocket path as written. */
export interface WebSocketItem {
  type: "websocket" | "websocket-proxy";
  serializers: readonly string[];
  backends?: ConnectingTransportItem[] | undefined;
  auth?: AuthItem | "passthrough" | undefined;
  options?: WebSocketOptionsItem | undefined;
  cookie?: CookieItem | undefined;
  mqtt?: MqttItem | undefined;
}

/** A nested tree of paths as written. */
export interface PathItem {
  type: "path";
  paths: Record<string, WebServiceItem>;
}

/** A Web service of Crossbar that this program does not have. */
export interface UnavailableItem {
  type: (typeof unavailableTypes | typeof pythonTypes)[number];
}

/** A Web service as written. */
export type WebServiceItem =
  | v.InferOutput<typeof staticService>
  | v.InferOutput<typeof archiveService>
  | v.InferOutput<typeof nodeinfoService>
  | v.InferOutput<typeof jsonService>
  | v.InferOutput<typeof redirectService>
  | v.InferOutput<typeof catalogService>
  | BridgeItem
  | WebhookItem
  | UploadItem
  | ReverseProxyItem
  | WebSocketReverseProxyItem
  | EventStreamItem
  | LongPollItem
  | WapItem
  | WebSocketItem
  | PathItem
  | UnavailableItem;

const pathName = v.pipe(
  v.string(),
  v.regex(
    /^([a-z0-9A-Z_-]+|\/)$/,
    (issue) => `expected a path of letters, digits, _ and - or "/", found ${issue.received}`,
  ),
);

/** Path name -> Web service. */
export const paths: v.GenericSchema<unknown, Record<string, WebServiceItem>> = mapOf(
  pathName,
  v.lazy(() => webService),
) as unknown as v.GenericSchema<unknown, Record<string, WebServiceItem>>;

const webSocket = byType({ websocket: websocketService, "websocket-proxy": websocketProxyService });

/** Path name -> WebSocket. */
export const webSockets = mapOf(
  pathName,
  v.lazy(() => webSocket),
) as unknown as v.GenericSchema<unknown, Record<string, WebSocketItem>>;

const pathService = item({
  ...common,
  type: required(v.literal("path"), "A tree of paths below this one."),
  paths: required(paths, "Path name -> Web service."),
});

/** Schemas by path `type`. */
export const webServiceTypes = {
  static: staticService,
  archive: archiveService,
  nodeinfo: nodeinfoService,
  json: jsonService,
  redirect: redirectService,
  caller: callerService,
  publisher: publisherService,
  webhook: webhookService,
  upload: uploadService,
  reverseproxy: reverseProxyService,
  "websocket-reverseproxy": websocketReverseProxyService,
  sse: eventStreamService,
  longpoll: longPollService,
  wap: wapService,
  catalog: catalogService,
  path: pathService,
  websocket: websocketService,
  "websocket-proxy": websocketProxyService,
};

/** Path types of Crossbar that this program does not have. */
const unavailableTypes = ["pairme"] as const;

/** Path types of Crossbar that run Python inside of it. */
const pythonTypes = ["cgi", "wsgi", "resource"] as const;

function runElsewhere(type: string) {
  const consequence =
    "requests for it are answered with 501; run the program as a guest, and lead to it with a reverseproxy";
  return itemNotOffered(type, consequence, "A Web service of Crossbar that runs Python.");
}

function unavailable(type: string) {
  const consequence = "requests for it are answered with 501";
  return itemNotOffered(type, consequence, "A Web service of Crossbar.");
}

/** A Web service. */
export const webService = byType(webServiceTypes, {
  unlisted: Object.fromEntries([
    ...unavailableTypes.map((type) => [type, unavailable(type)]),
    ...pythonTypes.map((type) => [type, runElsewhere(type)]),
  ]),
});
