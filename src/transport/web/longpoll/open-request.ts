/**
 * What a client asks for when it opens a transport: `{"protocols": ["wamp.2.json.batched", "wamp.2.json"]}`.
 *
 * @module
 */

import { isRecord } from "#base/record.ts";
import {
  type ChosenSubprotocol,
  chooseSubprotocol,
  subprotocolsFor,
} from "#transport/websocket/subprotocol.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";

/** The first protocol in the client's order that is available; a text says what is wrong with the request. */
export function protocolOf(
  body: Uint8Array,
  available: readonly SerializerName[],
): ChosenSubprotocol | string {
  const protocols = protocolsIn(body);
  if (typeof protocols === "string") return protocols;
  const names = protocols.filter((one) => typeof one === "string" && !one.includes(","));
  const chosen = chooseSubprotocol(names.join(","), available, true);
  return (
    chosen ?? `none of the protocols is available here: ${subprotocolsFor(available).join(", ")}`
  );
}

function protocolsIn(body: Uint8Array): readonly unknown[] | string {
  let request: unknown;
  try {
    request = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return "its body is not JSON";
  }
  if (!isRecord(request)) return "its body is no JSON object";
  const { protocols } = request;
  return Array.isArray(protocols) ? protocols : '"protocols" is missing, or no list';
}
