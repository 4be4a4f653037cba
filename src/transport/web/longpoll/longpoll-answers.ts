/**
 * The answers of a long-poll path.
 *
 * @module
 */

import type { HttpAnswer } from "#transport/http/http-answer.ts";
import { TEXT_HEADERS } from "#transport/http/page-headers.ts";
import { serializers } from "#wamp/serializer/serializers.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import type { BodyFault } from "./longpoll-request.ts";

/** A request was taken; there is nothing to tell. */
export const TAKEN: HttpAnswer = { status: 204, headers: {}, body: null };

/** No transport has this id, or its session has ended. */
export const NO_SUCH_TRANSPORT = sentenceAnswer(404, "There is no open transport with this id");

const TYPES: Record<SerializerName, string> = {
  json: "application/json; charset=utf-8",
  msgpack: "application/x-msgpack",
  cbor: "application/cbor",
};

/** A message, or a batch of them, as Crossbar names its type. */
export function messageAnswer(serializer: SerializerName, octets: Uint8Array): HttpAnswer {
  return { status: 200, headers: { "Content-Type": TYPES[serializer] }, body: octets };
}

/** An answer in words. */
export function sentenceAnswer(
  status: number,
  sentence: string,
  headers: Record<string, string> = {},
): HttpAnswer {
  const retry = status === 503 ? { "Retry-After": "1" } : {};
  const body = Buffer.from(`${sentence}.\n`);
  return { status, headers: { ...TEXT_HEADERS, ...retry, ...headers }, body };
}

/** The session of a transport has ended for this reason. */
export function endedAnswer(reason: string): HttpAnswer {
  return sentenceAnswer(410, `The session has ended: ${reason}`);
}

/** Statuses and sentences for bodies that are not taken. */
const FAULTS: Record<BodyFault, [status: number, sentence: string]> = {
  malformed: [400, "Cannot read the body: its chunks are malformed"],
  "cut off": [400, "Cannot read the body: it is cut off"],
  "too long": [413, "Cannot read the body: it is too long"],
  "too much memory": [503, "Cannot read the body: the bodies of all clients take too much memory"],
  late: [408, "Cannot read the body: it did not come in time"],
};

/** The answer to a request with such a body. */
export function bodyFaultAnswer(fault: BodyFault): HttpAnswer {
  return sentenceAnswer(...FAULTS[fault]);
}

/** Whether messages of a serializer are text. */
export function isText(serializer: SerializerName): boolean {
  return !serializers[serializer].isBinary;
}
