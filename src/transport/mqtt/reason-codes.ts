/**
 * Reason codes of MQTT 5, and the reason URIs of WAMP and the close codes of WebSocket that they stand for (MQTT 5.0,
 * section 2.4; MQTT 3.1.1, table 3.1).
 *
 * @module
 */

import { ErrorUri } from "#wamp/error-uri.ts";
import { CloseCode } from "#wamp/peer.ts";

/** Those that this program sends. */
export const Reason = {
  success: 0x00,
  noSubscription: 0x11,
  unspecified: 0x80,
  malformed: 0x81,
  protocolError: 0x82,
  implementationError: 0x83,
  unsupportedVersion: 0x84,
  badClientId: 0x85,
  badCredentials: 0x86,
  notAuthorized: 0x87,
  unavailable: 0x88,
  shuttingDown: 0x8b,
  badAuthMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  takenOver: 0x8e,
  badFilter: 0x8f,
  badTopic: 0x90,
  unknownPacketId: 0x92,
  tooManyUnacknowledged: 0x93,
  badTopicAlias: 0x94,
  packetTooLarge: 0x95,
  quotaExceeded: 0x97,
  administrative: 0x98,
  badPayload: 0x99,
  noSharedSubscriptions: 0x9e,
} as const;

const BY_URI: ReadonlyMap<unknown, number> = new Map<string, number>([
  [ErrorUri.notAuthorized, Reason.notAuthorized],
  [ErrorUri.authorizationFailed, Reason.notAuthorized],
  [ErrorUri.authenticationFailed, Reason.badCredentials],
  [ErrorUri.authenticationDenied, Reason.badCredentials],
  [ErrorUri.noSuchPrincipal, Reason.badCredentials],
  [ErrorUri.noAuthMethod, Reason.badCredentials],
  [ErrorUri.noSuchRealm, Reason.notAuthorized],
  [ErrorUri.noSuchRole, Reason.notAuthorized],
  [ErrorUri.tokenExpired, Reason.notAuthorized],
  [ErrorUri.invalidUri, Reason.badTopic],
  [ErrorUri.invalidArgument, Reason.badPayload],
  [ErrorUri.payloadSizeExceeded, Reason.packetTooLarge],
  [ErrorUri.protocolViolation, Reason.protocolError],
  [ErrorUri.unavailable, Reason.quotaExceeded],
  [ErrorUri.overloaded, Reason.quotaExceeded],
  [ErrorUri.clientStalled, Reason.quotaExceeded],
  [ErrorUri.networkFailure, Reason.unavailable],
  [ErrorUri.systemShutdown, Reason.shuttingDown],
  [ErrorUri.connectionAge, Reason.administrative],
  [ErrorUri.closeRealm, Reason.administrative],
]);

/** The reason code for a reason URI; those of applications are unspecified errors. */
export function reasonOfUri(uri: unknown): number {
  return BY_URI.get(uri) ?? Reason.unspecified;
}

const BY_CLOSE_CODE: ReadonlyMap<number, number> = new Map<number, number>([
  [CloseCode.goingAway, Reason.shuttingDown],
  [CloseCode.serviceRestart, Reason.shuttingDown],
  [CloseCode.protocolError, Reason.protocolError],
  [CloseCode.unsupportedData, Reason.protocolError],
  [CloseCode.policyViolation, Reason.administrative],
  [CloseCode.messageTooBig, Reason.packetTooLarge],
  [CloseCode.internalError, Reason.implementationError],
  [CloseCode.tryAgainLater, Reason.quotaExceeded],
]);

/** The reason code for the code with which a session closes its peer. */
export function reasonOfClose(code: number): number {
  return BY_CLOSE_CODE.get(code) ?? Reason.unspecified;
}

/** The WebSocket close code that the end of a connection is counted as. */
export function closeCodeOf(reason: number): number {
  switch (reason) {
    case Reason.malformed:
    case Reason.protocolError:
      return CloseCode.protocolError;
    case Reason.packetTooLarge:
      return CloseCode.messageTooBig;
    case Reason.shuttingDown:
      return CloseCode.goingAway;
    case Reason.quotaExceeded:
      return CloseCode.tryAgainLater;
    case Reason.implementationError:
      return CloseCode.internalError;
    default:
      return CloseCode.policyViolation;
  }
}

/** The return code of CONNACK in MQTT 3.1.1 that comes closest to a reason code. */
export function returnCodeOf(reason: number): number {
  switch (reason) {
    case Reason.success:
      return 0;
    case Reason.unsupportedVersion:
      return 1;
    case Reason.badClientId:
      return 2;
    case Reason.badCredentials:
      return 4;
    case Reason.notAuthorized:
    case Reason.badAuthMethod:
      return 5;
    default:
      return 3;
  }
}
