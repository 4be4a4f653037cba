/**
 * The keyword arguments of the call for a request: the values of its path, its query and its form, and its body.
 *
 * @module
 */

import type { PathValue } from "#base/url-rule.ts";
import type { ClientRequest } from "#transport/http/http-request.ts";
import { FormReader, MalformedForm } from "#transport/web/upload/form-reader.ts";
import { serializers } from "#wamp/serializer/serializers.ts";
import type { TokenSink } from "#wamp/token/token-sink.ts";
import type { Payload } from "#wamp/transcode/payload-slice.ts";
import { type Fields, readFields, textOf } from "./query-fields.ts";

/** A request that cannot become a call. */
export class MalformedRequest extends Error {}

/** A value of a keyword argument. */
type Argument = PathValue | Uint8Array;

/**
 * The arguments of a call: values of the path, which those of the query replace, and of a POST its fields, and its
 * body as `data` and `data_type`.
 *
 * @throws MalformedRequest when a text is not UTF-8, a form is malformed, or names are taken twice.
 */
export async function callPayload(
  request: ClientRequest,
  body: Uint8Array,
  values: ReadonlyMap<string, PathValue>,
): Promise<Payload> {
  const kwargs = new Map<string, Argument>(values);
  const query = readFields(request.url.search.slice(1));
  if (query === null) throw new MalformedRequest("its query is not UTF-8");
  const type = request.headers.get("content-type") ?? "application/octet-stream";
  const isPost = request.method === "POST" && body.length > 0;
  const fields = isPost ? await formFields(type, body) : new Map<string, string>();
  for (const [name, value] of [...query, ...fields]) kwargs.set(name, value);
  if (isPost) {
    const taken = ["data", "data_type"].find((name) => kwargs.has(name));
    if (taken !== undefined) throw new MalformedRequest(`"${taken}" is the name of its body`);
    kwargs.set("data", new Uint8Array(body));
    kwargs.set("data_type", type);
  }
  return payloadOf(kwargs);
}

async function formFields(contentType: string, body: Uint8Array): Promise<Fields> {
  const [type = ""] = contentType.split(";");
  switch (type.trim().toLowerCase()) {
    case "application/x-www-form-urlencoded": {
      const fields = readFields(Buffer.from(body).toString("latin1"));
      if (fields === null) throw new MalformedRequest("its form is not UTF-8");
      return fields;
    }
    case "multipart/form-data":
      return multipartFields(contentType, body);
    default:
      return new Map();
  }
}

async function multipartFields(contentType: string, body: Uint8Array): Promise<Fields> {
  const fields: Fields = new Map();
  const take = async (name: string, octets: AsyncIterable<Uint8Array>) => {
    const parts: Uint8Array[] = [];
    for await (const part of octets) parts.push(part);
    const text = textOf(Buffer.concat(parts));
    if (text === null) throw new MalformedRequest("a field of its form is not UTF-8");
    if (!fields.has(name)) fields.set(name, text);
  };
  try {
    const reader = new FormReader(contentType, take);
    reader.write(Buffer.from(body), () => {});
    reader.end();
    await reader.whole;
  } catch (thrown) {
    throw thrown instanceof MalformedForm ? new MalformedRequest("its form is malformed") : thrown;
  }
  return fields;
}

/** No item where there is no argument. */
function payloadOf(kwargs: ReadonlyMap<string, Argument>): Payload {
  // Not JSON, where a text that begins with NUL means octets.
  if (kwargs.size === 0) return { serializer: "cbor", items: [] };
  return {
    serializer: "cbor",
    items: [
      written((sink) => {
        sink.beginArray(0);
        sink.endArray(0, 0);
      }),
      written((sink) => writeMap(kwargs, sink)),
    ],
  };
}

function written(write: (sink: TokenSink) => void): Uint8Array {
  const { writer } = serializers.cbor;
  writer.clear();
  write(writer);
  return new Uint8Array(writer.out.take());
}

function writeMap(kwargs: ReadonlyMap<string, Argument>, sink: TokenSink): void {
  sink.beginMap(kwargs.size);
  let index = 0;
  for (const [name, value] of kwargs) {
    sink.key(index++);
    writeText(name, sink);
    sink.value();
    writeArgument(value, sink);
  }
  sink.endMap(kwargs.size, kwargs.size);
}

function writeArgument(value: Argument, sink: TokenSink): void {
  if (typeof value === "string") writeText(value, sink);
  else if (typeof value === "number") sink.float(value);
  else if (value instanceof Uint8Array) sink.binary(value, 0, value.length);
  else if (value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= -BigInt(Number.MAX_SAFE_INTEGER)) {
    sink.integer(Number(value));
  } else sink.bigInteger(value);
}

function writeText(text: string, sink: TokenSink): void {
  const octets = Buffer.from(text);
  sink.text(octets, 0, octets.length);
}
