/**
 * Bodies of the HTTP bridge: reads those of requests and prints those of answers.
 *
 *     caller      {"procedure": uri, "args"?: [...], "kwargs"?: {...}}
 *     publisher   {"topic": uri, "args"?: [...], "kwargs"?: {...}, "options"?: {...}}
 *
 * Arguments stay octets; other keys are ignored, as in Crossbar.
 *
 * @module
 */

import { isId } from "#wamp/id.ts";
import { readItem } from "#wamp/serializer/read-value.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { sliceObject } from "#wamp/transcode/object-slice.ts";
import type { Payload } from "#wamp/transcode/payload-slice.ts";
import { transcodeItem } from "#wamp/transcode/transcoder.ts";
import type { WampAnswer, WampRequest } from "#wamp/wamp-caller.ts";
import { type BridgeAnswer, COMMON_ALONE, denial } from "./bridge-answer.ts";

/** The call or the publication that a body asks for. */
export type BridgeRequest = Pick<WampRequest, "kind" | "uri" | "options" | "payload">;

/** Loose URIs without control characters: routers close a session that sends any other. */
const URI = /^[^\s.#\p{Cc}]+(\.[^\s.#\p{Cc}]+)*$/u;

const OPENING_BRACKET = 0x5b;
const OPENING_BRACE = 0x7b;

const isBoolean = (value: unknown) => typeof value === "boolean";
const isText = (value: unknown) => typeof value === "string";
/** An integer that is no session id excludes no session, as in Crossbar. */
const isInteger = (value: unknown) =>
  isId(value) || Number.isSafeInteger(value) || typeof value === "bigint";
const listOf = (isItem: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(isItem);

/** Options of PUBLISH in Crossbar's bridge, and `disclose_me`, checked because routers close a session that gets a type wrong. */
const PUBLISH_OPTIONS: Record<string, (value: unknown) => boolean> = {
  acknowledge: (value) => value === true,
  disclose_me: isBoolean,
  exclude_me: isBoolean,
  retain: isBoolean,
  exclude: listOf(isInteger),
  exclude_authid: listOf(isText),
  exclude_authrole: listOf(isText),
  eligible: listOf(isInteger),
  eligible_authid: listOf(isText),
  eligible_authrole: listOf(isText),
  forward_for: listOf(isPrincipal),
};

/** Reads a body; gives the answer 400 when it is malformed. */
export function readBody(
  type: "caller" | "publisher",
  body: Uint8Array,
): BridgeRequest | BridgeAnswer {
  try {
    return requestOf(type, body);
  } catch (thrown) {
    if (thrown instanceof MalformedBody)
      return denial(400, `Cannot read the body: ${thrown.message}`);
    // The messages of these are whole sentences.
    if (!(thrown instanceof MalformedMessage || thrown instanceof UnrepresentableValue))
      throw thrown;
    return denial(400, thrown.message);
  }
}

/** A body that is not what the bridge expects. */
class MalformedBody extends Error {}

function requestOf(type: "caller" | "publisher", body: Uint8Array): BridgeRequest {
  const slices = sliceObject(body, "json");
  if (slices === null) throw new MalformedBody("it is no JSON object");
  const name = type === "caller" ? "procedure" : "topic";
  const names = type === "caller" ? [name, "args", "kwargs"] : [name, "args", "kwargs", "options"];
  const repeated = names.find((key) => slices.repeated.has(key));
  if (repeated !== undefined) throw new MalformedBody(`"${repeated}" is there twice`);
  const { values } = slices;
  const payload: Payload = { serializer: "json", items: [] };
  const args = argument(values.get("args"), "args", OPENING_BRACKET);
  const kwargs = argument(values.get("kwargs"), "kwargs", OPENING_BRACE);
  if (args !== null || kwargs !== null) payload.items.push(args ?? Buffer.from("[]"));
  if (kwargs !== null) payload.items.push(kwargs);
  const uri = uriOf(values.get(name), name);
  if (type === "caller") return { kind: "call", uri, options: {}, payload };
  return { kind: "publish", uri, options: optionsOf(values.get("options")), payload };
}

function uriOf(octets: Uint8Array | undefined, name: string): string {
  if (octets === undefined) throw new MalformedBody(`"${name}" is missing`);
  const uri = readItem(octets, "json");
  if (typeof uri !== "string" || !URI.test(uri)) throw new MalformedBody(`"${name}" is no URI`);
  return uri;
}

/** Checks the bracket that begins a value; JSON null counts as absent, as in Crossbar. */
function argument(
  octets: Uint8Array | undefined,
  name: string,
  bracket: number,
): Uint8Array | null {
  if (octets === undefined || octets[0] === 0x6e) return null;
  if (octets[0] === bracket) return octets;
  throw new MalformedBody(`"${name}" is no ${bracket === OPENING_BRACE ? "object" : "list"}`);
}

function optionsOf(octets: Uint8Array | undefined): Record<string, unknown> {
  const json = argument(octets, "options", OPENING_BRACE);
  if (json === null) return { acknowledge: true };
  const value = readItem(json, "json") as Record<string, unknown>;
  const options: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(value)) {
    if (!Object.hasOwn(PUBLISH_OPTIONS, name))
      throw new MalformedBody(`option "${name}" is not known`);
    if (option === null) continue;
    if (!PUBLISH_OPTIONS[name]?.(option))
      throw new MalformedBody(`option "${name}" has no fit value`);
    options[name] = option;
  }
  return { ...options, acknowledge: true };
}

function isPrincipal(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { session, authid, authrole } = value as Record<string, unknown>;
  const isNamed = authid === null || typeof authid === "string";
  return isId(session) && isNamed && typeof authrole === "string";
}

/** Prints the answer of a router; `errorStatus` gives the status of an ERROR. */
export function printAnswer(
  answer: WampAnswer,
  errorStatus: (uri: string) => number,
): BridgeAnswer {
  try {
    const status = answer.kind === "error" ? errorStatus(answer.uri) : 200;
    return { status, headers: COMMON_ALONE, body: bodyOf(answer) };
  } catch (thrown) {
    if (!(thrown instanceof UnrepresentableValue || thrown instanceof MalformedMessage))
      throw thrown;
    const sentence = `Cannot represent the answer in JSON: ${thrown.message}`;
    return denial(500, "wamp.error.invalid_argument", {}, [sentence]);
  }
}

function bodyOf(answer: WampAnswer): Uint8Array {
  if (answer.kind === "published") return Buffer.from(JSON.stringify({ id: answer.publication }));
  const { serializer, items } = answer.payload;
  const [args, kwargs] = items.map((item) => transcodeItem(item, serializer, "json"));
  const unlessEmpty = (octets: Uint8Array | undefined) => (isEmpty(octets) ? undefined : octets);
  if (answer.kind === "error") {
    const error = Buffer.from(JSON.stringify(answer.uri));
    return objectOf({
      error,
      args: unlessEmpty(args) ?? Buffer.from("[]"),
      kwargs: unlessEmpty(kwargs) ?? Buffer.from("{}"),
    });
  }
  if (unlessEmpty(kwargs) !== undefined) return objectOf({ args: unlessEmpty(args), kwargs });
  // As in Crossbar, a procedure without a result returns null.
  return objectOf({ args: unlessEmpty(args) ?? Buffer.from("[null]") });
}

/** Whether a list or an object is empty or absent. */
function isEmpty(json: Uint8Array | undefined): boolean {
  if (json === undefined) return true;
  for (let at = 1; at < json.length - 1; at++) if (json[at]! > 0x20) return false;
  return true;
}

function objectOf(values: Record<string, Uint8Array | undefined>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [name, json] of Object.entries(values)) {
    if (json === undefined) continue;
    parts.push(Buffer.from(`${parts.length === 0 ? "{" : ","}"${name}":`), json);
  }
  return Buffer.concat([...parts, Buffer.from("}")]);
}
