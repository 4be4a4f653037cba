/**
 * The WebSocket close code behind an ABORT. It follows from the reason alone, so that a client sees the same code
 * wherever its fault was found: on a proxy, or on the router behind it.
 *
 * @module
 */

import { ErrorUri } from "./error-uri.ts";
import { CloseCode } from "./peer.ts";

const CODES: ReadonlyMap<unknown, number> = new Map<string, number>([
  [ErrorUri.protocolViolation, CloseCode.protocolError],
  [ErrorUri.payloadSizeExceeded, CloseCode.messageTooBig],
  [ErrorUri.timeout, CloseCode.policyViolation],
  [ErrorUri.messageTimeout, CloseCode.policyViolation],
  [ErrorUri.overloaded, CloseCode.tryAgainLater],
  [ErrorUri.internalError, CloseCode.internalError],
  [ErrorUri.systemShutdown, CloseCode.goingAway],
]);

/** The close code behind an ABORT with this reason; 1000 where the session was only refused. */
export function abortCloseCode(reason: unknown): number {
  return CODES.get(reason) ?? CloseCode.normal;
}
