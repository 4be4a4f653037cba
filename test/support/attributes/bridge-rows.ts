/** Attributes of services whose requests become calls and publications. */

import { createHmac } from "node:crypto";
import { AUDIENCE, ISSUER, sign } from "../tokens.ts";
import { FORM_FIELDS } from "../upload-path.ts";
import type { AttributeRow } from "./attribute-row.ts";

export const TOKEN_SECRET = "a secret of at least 32 octets, as it has to be";

const CALL = '{"procedure":"com.example.echo","args":[1]}';
const PUBLICATION = '{"topic":"com.example.topic","args":[1]}';
const JSON_TYPE = { "Content-Type": "application/json" };
const RESULT = /^\{"args":\[1\]\}$/;

const caller = (options: object = {}, more: object = {}) => ({
  type: "caller",
  realm: "realm1",
  role: "anonymous",
  options,
  ...more,
});
const call = (row: Pick<AttributeRow, "shows" | "service" | "status"> & Partial<AttributeRow>) => ({
  ask: "POST ",
  headers: JSON_TYPE,
  body: CALL,
  ...row,
});

let nonce = 0;
/** The query of a signed request, which is made when it is sent. */
export const signedQuery =
  (body: string, secret: string, ageSeconds = 0) =>
  () => {
    const timestamp = new Date(Date.now() - ageSeconds * 1000).toISOString();
    nonce += 1;
    const hash = createHmac("sha256", secret).update(`key1${timestamp}1${nonce}`).update(body);
    const signature = hash.digest("base64").replaceAll("+", "-").replaceAll("/", "_");
    return new URLSearchParams({ key: "key1", timestamp, seq: "1", nonce: `${nonce}`, signature });
  };
const signedCall = (query: () => URLSearchParams) => () => `POST ?${query()}`;
const KEYED = { key: "key1", secret: "topsecret" };

export const BRIDGE_ROWS: AttributeRow[] = [
  call({
    shows: "caller.type caller.realm caller.role",
    service: caller(),
    status: 200,
    text: RESULT,
  }),
  call({
    shows: "caller.role",
    service: caller({}, { role: "nobody" }),
    status: 503,
    text: "wamp.error",
  }),
  call({
    shows: "caller.options.key caller.options.secret caller.options",
    service: caller(KEYED),
    status: 400,
    text: "Cannot",
  }),
  call({
    shows: "caller.options.key caller.options.secret",
    service: caller(KEYED),
    ask: signedCall(signedQuery(CALL, "topsecret")),
    status: 200,
    text: RESULT,
  }),
  call({
    shows: "caller.options.timestamp_delta_limit",
    service: caller({ ...KEYED, timestamp_delta_limit: 60 }),
    ask: signedCall(signedQuery(CALL, "topsecret", 70)),
    status: 400,
  }),
  call({
    shows: "caller.options.timestamp_delta_limit",
    service: caller({ ...KEYED, timestamp_delta_limit: 0 }),
    ask: signedCall(signedQuery(CALL, "topsecret", 70_000)),
    status: 200,
  }),
  call({
    shows: "caller.options.require_tls",
    service: caller({ require_tls: true }),
    status: 400,
    text: "TLS",
  }),
  call({
    shows: "caller.options.require_ip",
    service: caller({ require_ip: ["192.0.2.0/24"] }),
    status: 400,
    text: "address",
  }),
  call({
    shows: "caller.options.post_body_limit",
    service: caller({ post_body_limit: 10 }),
    status: 413,
  }),
  call({
    shows: "caller.options.call_timeout",
    service: caller({ call_timeout: 200 }),
    body: '{"procedure":"com.example.never"}',
    status: 504,
  }),
  call({
    shows: "caller.options.error_status_codes",
    service: caller({ error_status_codes: true }),
    body: '{"procedure":"com.example.missing"}',
    status: 404,
    text: "wamp.error.no_such_procedure",
  }),
  call({
    shows: "caller.options.error_status_codes",
    service: caller(),
    body: '{"procedure":"com.example.missing"}',
    status: 200,
    text: "wamp.error.no_such_procedure",
  }),
  call({
    shows: "caller.options.idempotency_key_lifetime",
    service: caller(),
    before: {
      ask: "POST ",
      headers: { ...JSON_TYPE, "Idempotency-Key": '"one"' },
      body: '{"procedure":"com.example.unique"}',
      until: /"args":\[\d+\]/,
    },
    headers: { ...JSON_TYPE, "Idempotency-Key": '"one"' },
    body: '{"procedure":"com.example.unique"}',
    status: 200,
    text: (before) => before.slice(before.indexOf('{"args"')),
  }),
  {
    shows: "publisher.type publisher.realm publisher.role publisher.options",
    service: { ...caller(), type: "publisher" },
    ask: "POST ",
    headers: JSON_TYPE,
    body: PUBLICATION,
    status: 200,
    text: /^\{"id":\d+\}$/,
    events: [[1]],
  },
];

const LONG_SECRET = `${TOKEN_SECRET}${TOKEN_SECRET}`;

const bearer = (more: object = {}) => ({
  type: "caller",
  realm: "realm1",
  auth: { bearer: { issuer: ISSUER, audience: AUDIENCE, secret: TOKEN_SECRET, ...more } },
});

/** `jwks` is a file with public keys, of which `token` is signed with one. */
export async function tokenRows(token: string): Promise<AttributeRow[]> {
  const secret = (changes: object = {}) => sign(TOKEN_SECRET, { role: "anonymous", ...changes });
  const good = await secret();
  const seconds = Math.floor(Date.now() / 1000);
  const wanted = async (
    attribute: string,
    terms: object,
    given: string | Promise<string>,
    status: number,
  ): Promise<AttributeRow> =>
    call({
      shows: `caller.auth.bearer.${attribute} caller.auth caller.auth.bearer`,
      service: bearer(terms),
      headers: { ...JSON_TYPE, Authorization: `Bearer ${await given}` },
      status,
      ...(status === 200 && { text: RESULT }),
    });
  return Promise.all([
    wanted("secret", {}, good, 200),
    wanted("secret", {}, sign(`${TOKEN_SECRET}!`, { role: "anonymous" }), 401),
    wanted("issuer", { issuer: "https://other.example" }, good, 401),
    wanted("audience", { audience: ["others", "more"] }, good, 401),
    wanted(
      "algorithms",
      { algorithms: ["HS512"], secret: LONG_SECRET },
      sign(LONG_SECRET, { role: "anonymous" }),
      401,
    ),
    wanted("clock_tolerance", { clock_tolerance: 0 }, secret({ exp: seconds - 2 }), 401),
    wanted("clock_tolerance", { clock_tolerance: 300 }, secret({ exp: seconds - 2 }), 200),
    wanted("authid_claim", { authid_claim: "missing" }, good, 401),
    wanted(
      "authrole_claim",
      { authrole_claim: ["in", "role"] },
      secret({ role: "x", in: { role: "anonymous" } }),
      200,
    ),
    wanted("roles", { roles: ["others"] }, good, 403),
    wanted("scopes", { scopes: ["call"] }, good, 403),
    wanted("scopes", { scopes: ["call"] }, secret({ scope: "call other" }), 200),
    wanted("jwks_file", { secret: undefined, jwks_file: "keys.json" }, token, 200),
  ]);
}

export const TOKENLESS_ROWS: AttributeRow[] = ["publisher", "sse"].map((type) => ({
  shows: type === "sse" ? "sse.auth.bearer sse.auth" : "publisher.auth",
  service: { ...bearer(), type },
  ask: type === "sse" ? "GET ?topic=com.example.other" : "POST ",
  headers: JSON_TYPE,
  ...(type === "publisher" && { body: PUBLICATION }),
  status: 401,
}));

const hook = (options: object = {}) => ({
  type: "webhook",
  realm: "realm1",
  role: "anonymous",
  options: { topic: "com.example.topic", ...options },
});
const github = (body: string) =>
  `sha256=${createHmac("sha256", "topsecret").update(body).digest("hex")}`;
const posted = (row: Omit<AttributeRow, "ask" | "body">): AttributeRow => ({
  ask: "POST ",
  body: "{}",
  ...row,
});

export const WEBHOOK_ROWS: AttributeRow[] = [
  posted({
    shows: "webhook.type webhook.realm webhook.role webhook.options webhook.options.topic",
    service: hook(),
    status: 202,
    text: /^OK$/,
    events: [[{ body: "{}" }]],
  }),
  posted({ shows: "webhook.options.topic", service: hook({ topic: undefined }), status: 501 }),
  posted({
    shows: "webhook.options.post_body_limit",
    service: hook({ post_body_limit: 1 }),
    status: 413,
  }),
  posted({
    shows: "webhook.options.success_response",
    service: hook({ success_response: "taken" }),
    status: 202,
    text: /^taken$/,
    events: [[{ body: "{}" }]],
  }),
  posted({
    shows: "webhook.options.error_response",
    service: hook({ topic: "com.example.secret", error_response: "not taken" }),
    status: 500,
    text: /^not taken$/,
  }),
  posted({
    shows: "webhook.options.github_secret",
    service: hook({ github_secret: "topsecret" }),
    status: 400,
  }),
  posted({
    shows: "webhook.options.github_secret",
    service: hook({ github_secret: "topsecret" }),
    headers: { "X-Hub-Signature-256": github("{}") },
    status: 202,
    events: [[{ body: "{}" }]],
  }),
];

const upload = (options: object = {}, more: object = {}) => ({
  type: "upload",
  realm: "realm1",
  role: "anonymous",
  directory: "uploaded",
  temp_directory: "incomplete",
  form_fields: { ...FORM_FIELDS, mime_type: "resumableType" },
  options,
  ...more,
});

let files = 0;
/** A file of three octets as one chunk; each has a name of its own. */
function form(more: Record<string, string> = {}, ending = ".csv"): string {
  files += 1;
  const fields = {
    resumableFilename: `file${files}${ending}`,
    resumableTotalSize: "3",
    resumableChunkNumber: "1",
    resumableChunkSize: "3",
    resumableTotalChunks: "1",
    ...more,
  };
  const parts = [...Object.entries(fields), ["file", "abc"]].map(
    ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return `${parts.join("")}--b--\r\n`;
}
const sent = (
  row: Pick<AttributeRow, "shows" | "service" | "status" | "body"> & Partial<AttributeRow>,
): AttributeRow => ({
  ask: "POST ",
  headers: { "Content-Type": "multipart/form-data; boundary=b" },
  ...row,
});
const names = (...fields: string[]) => fields.map((one) => `upload.form_fields.${one}`).join(" ");

export const UPLOAD_ROWS: AttributeRow[] = [
  sent({
    shows: `upload.type upload.realm upload.role upload.directory upload.temp_directory upload.form_fields ${names(
      "file_name",
      "total_size",
      "chunk_number",
      "chunk_size",
      "total_chunks",
      "content",
    )}`,
    service: upload(),
    body: () => form(),
    status: 200,
  }),
  sent({
    shows: names("on_progress", "chunk_extra", "finish_extra"),
    service: upload(),
    body: () =>
      form({ on_progress: "com.example.topic", chunk_extra: '{"a":1}', finish_extra: '{"b":2}' }),
    status: 200,
    events: [
      [{ status: "started", chunk_extra: { a: 1 } }],
      [{ status: "finished", chunk_extra: { a: 1 }, finish_extra: { b: 2 } }],
    ],
  }),
  sent({
    shows: "upload.options upload.options.max_file_size",
    service: upload({ max_file_size: 2 }),
    body: () => form(),
    status: 413,
  }),
  sent({
    shows: "upload.options.file_types",
    service: upload({ file_types: [".csv"] }),
    body: () => form({}, ".exe"),
    status: 415,
  }),
  sent({
    shows: "upload.directory",
    service: upload({}, { directory: "missing" }),
    body: () => form(),
    status: 500,
  }),
];
