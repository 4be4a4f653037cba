/**
 * CONNECT: what a client says of itself, as HELLO and AUTHENTICATE of WAMP.
 *
 *     CONNECT client id, user, password  ->  [HELLO, realm, {authid, authmethods, authextra, roles}]
 *     [CHALLENGE, "ticket", {}]          ->  [AUTHENTICATE, password, {}]
 *
 * As in Crossbar a certificate comes first, then user and password (`ticket`), else the client is `anonymous`.
 *
 * @module
 */

import { isUtf8 } from "node:buffer";

import type { IConnectPacket } from "mqtt-packet";
import type { MqttOptions } from "#config/mqtt/mqtt-config.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { ConnectionDetails } from "#wamp/peer.ts";
import { PacketFault } from "./packet-fault.ts";
import type { MqttVersion } from "./read-packet.ts";
import { Reason } from "./reason-codes.ts";
import { uriOfTopic } from "./topic-map.ts";

/** What a client is to be published after its end. */
export interface Will {
  uri: string;
  topic: string;
  payload: Uint8Array;
  retain: boolean;
  delayMs: number;
}

/** What the connection of a client has announced. */
export interface Connect {
  version: MqttVersion;
  clientId: string;
  /** Whether `clientId` is of this program. */
  isAssigned: boolean;
  /** Whether no earlier session is wanted. */
  isClean: boolean;
  /** Seconds; 0: none. */
  keepAlive: number;
  /** Milliseconds for which the session is kept once its client is away. */
  expiryMs: number;
  /** Publications that the client takes before it acknowledges any. */
  receiveMaximum: number;
  maxPacketOctets: number;
  will: Will | undefined;
}

/** `sessionExpiryInterval` of a session that does not end by itself. */
const NEVER = 0xffff_ffff;

/** Roles and features that an MQTT client has. */
const ROLES = {
  publisher: { features: { payload_transparency: true } },
  subscriber: {
    features: {
      pattern_based_subscription: true,
      payload_transparency: true,
      subscription_revocation: true,
    },
  },
  caller: { features: { payload_transparency: true } },
};

/**
 * Reads what CONNECT announces.
 *
 * @throws PacketFault when the client cannot be taken as it is.
 */
export function readConnect(packet: IConnectPacket, options: MqttOptions): Connect {
  const version = packet.protocolVersion === 5 ? 5 : 4;
  const { properties, clientId, clean = false } = packet;
  if (properties?.authenticationMethod !== undefined) {
    throw new PacketFault("no authentication method is supported", Reason.badAuthMethod);
  }
  if (clientId === "" && version === 4 && !clean) {
    throw new PacketFault("a client that comes again needs a client id", Reason.badClientId);
  }
  const isAssigned = clientId === "";
  return {
    version,
    clientId: isAssigned ? `auto-${crypto.randomUUID()}` : clientId,
    isAssigned,
    isClean: clean,
    keepAlive: packet.keepalive ?? 0,
    expiryMs: expiryOf(packet, options),
    receiveMaximum: Math.min(properties?.receiveMaximum ?? 65_535, options.max_inflight),
    maxPacketOctets: properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY,
    will: willOf(packet),
  };
}

function expiryOf({ protocolVersion, properties, clean }: IConnectPacket, options: MqttOptions) {
  if (protocolVersion !== 5) return clean ? 0 : options.session_expiry;
  return expiryMsOf(properties?.sessionExpiryInterval ?? 0, options);
}

/** The milliseconds for which a session is kept that its client wants to be kept for so many seconds. */
export function expiryMsOf(seconds: number, { session_expiry }: MqttOptions): number {
  return seconds === NEVER ? session_expiry : Math.min(session_expiry, 1000 * seconds);
}

function willOf({ will }: IConnectPacket): Will | undefined {
  if (will === undefined) return undefined;
  const uri = uriOfTopic(will.topic);
  if (uri === undefined) {
    throw new PacketFault("the topic of a will has no URI", Reason.badTopic);
  }
  return {
    uri,
    topic: will.topic,
    payload: will.payload as Buffer,
    retain: will.retain === true,
    delayMs: 1000 * (will.properties?.willDelayInterval ?? 0),
  };
}

/** The HELLO for a CONNECT. */
export function helloOf(
  packet: IConnectPacket,
  { clientId, will }: Connect,
  realm: string,
  { clientCertificate }: ConnectionDetails,
): unknown[] {
  const { username, password, properties } = packet;
  const hasTicket = username !== undefined && username !== "" && password !== undefined;
  const authmethods = [
    ...(clientCertificate === undefined ? [] : ["tls"]),
    hasTicket ? "ticket" : "anonymous",
  ];
  const { userProperties } = properties ?? {};
  const mqtt = {
    client_id: clientId,
    will: will !== undefined,
    will_topic: will?.topic ?? null,
    ...(userProperties && { user_properties: { ...userProperties } }),
  };
  const authid = hasTicket ? username : clientId;
  return [MessageType.HELLO, realm, { roles: ROLES, authid, authmethods, authextra: { mqtt } }];
}

/**
 * The ticket of a CONNECT; undefined: it has none.
 *
 * @throws PacketFault when it is no text, as tickets are.
 */
export function ticketOf({ password }: IConnectPacket): string | undefined {
  if (password === undefined) return undefined;
  if (isUtf8(password)) return password.toString();
  throw new PacketFault("the password is not UTF-8", Reason.badCredentials);
}
