/**
 * HELLO as authentication reads it: realm, authmethods, authid, authrole, authextra and roles. (WAMP
 * specification, section "Session Establishment".)
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { asRecord, isRecord } from "#base/record.ts";
import { announcedRoles, CLIENT_ROLES } from "#wamp/client-roles.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType, messageTypeName } from "#wamp/message-type.ts";
import type { TransportDetails } from "#wamp/peer.ts";
import type { HelloRequest } from "./pending-auth.ts";

interface HelloDetails {
  authmethods?: unknown;
  authid?: unknown;
  authrole?: unknown;
  authextra?: unknown;
}

/**
 * What authentication reads of a HELLO that came over `transport`.
 *
 * @throws Failure from the client's side when the message is no HELLO.
 */
export function readHello(message: readonly unknown[], transport: TransportDetails): HelloRequest {
  const [type, realm, details] = message;
  if (type !== MessageType.HELLO) {
    throw violation(`Cannot accept ${messageTypeName(Number(type))}: the session has not joined`);
  }
  const name = readRealm(realm);
  if (message.length !== 3 || !isRecord(details)) {
    throw violation("Cannot read HELLO: details is not a dictionary");
  }
  const { authid, authrole, authextra, ...rest } = details as HelloDetails;
  const authmethods = rest.authmethods ?? [];
  if (!Array.isArray(authmethods) || authmethods.some((name) => typeof name !== "string")) {
    throw violation("Cannot read HELLO: authmethods is not a list of strings");
  }
  return {
    realm: name,
    // As in Crossbar, a client without authmethods joins as anonymous.
    authmethods: authmethods.length > 0 ? authmethods : ["anonymous"],
    authid: optionalString(authid, "authid"),
    authrole: optionalString(authrole, "authrole"),
    authextra: asRecord(authextra),
    transport,
  };
}

/** Longest name of a realm, as in Crossbar. */
const MAX_REALM_CHARACTERS = 255;

/**
 * The realm of a HELLO.
 *
 * @throws Failure from the client's side when it is not a realm; the message of the failure does not
 * repeat a name that is too long.
 */
export function readRealm(realm: unknown): string {
  if (typeof realm !== "string" || realm === "") {
    throw violation("Cannot read HELLO: realm is not a URI");
  }
  if (realm.length <= MAX_REALM_CHARACTERS) return realm;
  throw new Failure(
    `Cannot join realm: its name is longer than ${MAX_REALM_CHARACTERS} characters`,
    { source: "client", uri: ErrorUri.noSuchRealm },
  );
}

/**
 * The roles of a HELLO: at least one that a client may have. Others are ignored, and null stands for a
 * role or for features without content. (WAMP specification, section "Client: Role and Feature
 * Announcement".)
 *
 * @throws Failure from the client's side when there is none, or when one is not a dictionary.
 */
export function readRoles(roles: unknown): Record<string, unknown> {
  if (!isRecord(roles)) throw violation("Cannot read HELLO: roles is not a dictionary");
  const announced = announcedRoles(roles);
  if (announced.length === 0) {
    throw violation(`Cannot read HELLO: roles has none of ${CLIENT_ROLES.join(", ")}`);
  }
  for (const role of announced) {
    const details = roles[role] ?? {};
    if (!isRecord(details)) throw violation(`Cannot read HELLO: role ${role} is not a dictionary`);
    const features = details["features"] ?? {};
    if (!isRecord(features)) {
      throw violation(`Cannot read HELLO: features of ${role} is not a dictionary`);
    }
  }
  return roles;
}

function optionalString(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw violation(`Cannot read HELLO: ${name} is not a string`);
  return value;
}

/** A failure of a client that violated the protocol while it joined. */
export function violation(sentence: string): Failure {
  return new Failure(sentence, { source: "client", uri: ErrorUri.protocolViolation });
}
