/** The samples of the WAMP specification's test suite, see test/fixtures/wamp-vectors. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dir, "../fixtures/wamp-vectors");

/** A message and its octets as hex, in one or more spellings. */
export interface OctetVector {
  of: string;
  attributes: Record<string, unknown> & { message_type: number };
  json: string[];
  msgpack: string[];
  cbor: string[];
}

/** A message that is right, or violates the protocol by an attribute. */
export interface ValidationVector {
  of: string;
  message: unknown[];
  violates?: string;
}

export const octetVectors = (): OctetVector[] => linesOf("octets.jsonl");
export const validationVectors = (): ValidationVector[] => linesOf("validation.jsonl");

function linesOf<T>(name: string): T[] {
  const text = readFileSync(join(FOLDER, name), "utf8").trim();
  return text.split("\n").map((line) => JSON.parse(line) as T);
}

/** The attributes that are elements of a message, in their order. */
const ELEMENTS = [
  ["realm", "request_type", "method", "signature", "subscription"],
  ["request_id", "session_id"],
  ["registration_id", "subscription_id", "publication_id", "publication"],
  ["options", "details", "extra"],
  ["reason", "error", "topic", "procedure"],
] as const;

/** The message that has these attributes. */
export function vectorMessage({ attributes }: OctetVector): unknown[] {
  const { message_type, roles, payload, args, kwargs } = attributes;
  const elements = ELEMENTS.flatMap((names) => {
    const name = names.find((one) => attributes[one] !== undefined);
    return name === undefined ? [] : [attributes[name]];
  });
  if (roles !== undefined) elements.push({ roles });
  if (typeof payload === "string") elements.push(new Uint8Array(Buffer.from(payload, "hex")));
  if (args) elements.push(args);
  if (kwargs) elements.push(kwargs);
  return [message_type, ...elements];
}
