/**
 * Normalizes MQTT, of a transport, within a universal one, or beside WAMP on a WebSocket.
 *
 * @module
 */

import { asMap } from "#base/record.ts";
import { authPath, normalizeSessionAuth } from "#config/auth/normalize-auth.ts";
import {
  normalizeBuffering,
  normalizeJoining,
  warnOfRouterOptions,
} from "#config/options/normalize-session-options.ts";
import {
  defaultSessionOptions,
  type SessionOptionsItem,
} from "#config/options/session-options-schema.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { TransportContext } from "#config/transport/transport-context.ts";
import { warnOfRealmAndRole } from "#config/web-service/realm-role-rules.ts";
import type { MqttOptions, MqttServiceConfig, PayloadFormat, PayloadRule } from "./mqtt-config.ts";
import type { MqttItem, MqttOptionsItem, PayloadFormatItem } from "./mqtt-schema.ts";

/** Those with which a client of MQTT can join: it has a password or a certificate, and signs nothing. */
const AUTHMETHODS: ReadonlySet<string> = new Set(["anonymous", "ticket", "tls"]);

/** The normalized clients; `path` is that of the item with `options`. */
export function normalizeMqtt(
  { options }: MqttItem,
  path: JsonPath,
  context: TransportContext,
): MqttServiceConfig {
  const at = [...path, "options"];
  const ofSession: SessionOptionsItem = { ...defaultSessionOptions, ...options };
  warnOfRouterOptions(ofSession, at, context);
  warnOfRealmAndRole({ realm: options.realm, done: "joined" }, at, context);
  warnOfAuthmethods(options, [...at, "auth"], context);
  return {
    serializers: ["cbor"],
    realm: options.realm,
    auth: normalizeSessionAuth(options.auth, authPath(options, at), context),
    backend: null,
    payloadMapping: normalizeMapping(options, [...at, "payload_mapping"], context),
    options: normalizeOptions(options, ofSession),
    joining: normalizeJoining(ofSession, at, context),
  };
}

function warnOfAuthmethods(
  { auth }: MqttOptionsItem,
  path: JsonPath,
  { report }: TransportContext,
): void {
  if (auth === undefined || auth === "passthrough") return;
  for (const method of Object.keys(auth).filter((name) => !AUTHMETHODS.has(name))) {
    report.warn([...path, method], "has no effect: no client of MQTT joins with it");
  }
}

function normalizeMapping(
  { payload_mapping, realm }: MqttOptionsItem,
  path: JsonPath,
  context: TransportContext,
): PayloadRule[] {
  const rules = Object.entries(asMap(payload_mapping)).map(([prefix, item]) => {
    const format = normalizeFormat(item, realm);
    if (format.type === "dynamic") {
      const role = format.role ?? "trusted";
      const done = "translated";
      warnOfRealmAndRole({ realm: format.realm, role, done }, [...path, prefix], context);
    }
    return { prefix, format };
  });
  return rules.sort((one, other) => other.prefix.length - one.prefix.length);
}

function normalizeFormat(item: PayloadFormatItem, realm: string): PayloadFormat {
  switch (item.type) {
    case "passthrough":
      return { type: "passthrough" };
    case "native": {
      const { serializer } = item;
      return serializer === "ubjson" ? { type: "unavailable" } : { type: "native", serializer };
    }
    case "dynamic": {
      const { encoder, decoder } = item;
      const where = { realm: item.realm ?? realm, role: item.role ?? null };
      return { type: "dynamic", encoder, decoder, ...where };
    }
  }
}

function normalizeOptions(options: MqttOptionsItem, ofSession: SessionOptionsItem): MqttOptions {
  const { max_message_size, max_inflight, max_kept_sessions } = options;
  const { max_queued_messages, max_queued_octets, session_expiry } = options;
  return {
    ...normalizeBuffering(ofSession),
    max_message_size,
    max_inflight,
    session_expiry: 1000 * session_expiry,
    max_kept_sessions,
    max_queued_messages,
    max_queued_octets,
  };
}
