/**
 * How sessions end: the reason and sentence that a client is sent, and the close code that follows.
 * They name what happened, the side that is at fault, and whether reconnecting makes sense.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { CloseOnlyEnd } from "#config/options/session-config.ts";
import { abortCloseCode } from "#wamp/abort-close-code.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { routedMessagesOf } from "#wamp/message-direction.ts";
import { isMessageType, MessageType, messageTypeName } from "#wamp/message-type.ts";
import { CloseCode } from "#wamp/peer.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import type { SessionEvent, SessionState } from "./session-states.ts";

/** The end of a joined session that neither client nor router asked for. */
export interface EndReason {
  uri: string;
  sentence: string;
  /** Its name in `told_by_close`. */
  kind: CloseOnlyEnd;
  /** The close code if the client is sent no GOODBYE. */
  code: number;
}

/** What a client is sent at an event, depending on the action for its state. */
export interface EventReasons {
  /** ABORT, for a session that has not joined. */
  abort?: { uri: string; sentence: string };
  /** GOODBYE, for a joined session. */
  goodbye?: EndReason;
  /** A close without a message, by state. */
  close?: Partial<Record<SessionState, { code: number; reason: string }>>;
}

const lost = { kind: "router_lost", code: CloseCode.serviceRestart } as const;
const closedAlone = { code: CloseCode.goingAway, reason: "the node shuts down" };
const shutdown = { uri: ErrorUri.systemShutdown, sentence: "The node shuts down" };

/** What a client is sent when its router sends a message that is not allowed. */
export const ROUTER_VIOLATION = {
  abort: {
    uri: ErrorUri.networkFailure,
    sentence: "Cannot join: the router's answer makes no sense",
  },
  goodbye: {
    ...lost,
    uri: ErrorUri.protocolViolation,
    sentence: "The router sent a message that it may not send",
  },
} as const satisfies EventReasons;

/** What a client is sent when a message of its router is not complete in time. */
export const ROUTER_INCOMPLETE: EndReason = {
  ...lost,
  uri: ErrorUri.messageTimeout,
  sentence: "A message of the router was not complete in time",
};

/** What a client is sent at each event. */
export const EVENT_REASONS: Record<SessionEvent, EventReasons> = {
  "client lost": {},
  "router lost": {
    abort: {
      uri: ErrorUri.networkFailure,
      sentence: "Cannot join: the router ended the connection",
    },
    goodbye: {
      ...lost,
      uri: ErrorUri.systemShutdown,
      sentence: "The connection of this session to the router ended",
    },
  },
  "client stalled": {},
  "router stalled": {
    goodbye: { ...lost, uri: ErrorUri.routerStalled, sentence: "The router did not read in time" },
  },
  // The reasons for a session that has not joined are in join-timeouts.ts.
  deadline: {
    close: { ending: { code: CloseCode.goingAway, reason: "goodbye" } },
  },
  shutdown: {
    abort: shutdown,
    goodbye: { ...shutdown, kind: "shutdown", code: CloseCode.goingAway },
    close: { waiting: closedAlone, left: closedAlone },
  },
  age: {
    goodbye: {
      uri: ErrorUri.connectionAge,
      sentence: "This connection is old: connect again",
      // For its client it is the same as a node that stops.
      kind: "shutdown",
      code: CloseCode.goingAway,
    },
  },
  expiry: {
    goodbye: {
      uri: ErrorUri.tokenExpired,
      sentence: "The token of this session has expired: connect again with another one",
      // Its client is to connect again, too.
      kind: "shutdown",
      code: CloseCode.goingAway,
    },
  },
};

/** The ABORT that refuses or ends a session, and the close code that follows. */
export interface Refusal {
  by: "client" | "router" | "configuration" | "program";
  uri: string;
  sentence: string;
  code: number;
  /** For the log: may contain more than the client is sent. */
  reason: string;
}

/** The refusal for what was thrown. */
export function refusalFor(thrown: unknown): Refusal {
  if (thrown instanceof MalformedMessage) {
    return refusal("client", ErrorUri.protocolViolation, thrown.message);
  }
  if (thrown instanceof UnrepresentableValue) {
    return refusal("client", ErrorUri.invalidArgument, thrown.message);
  }
  if (thrown instanceof Failure && thrown.source === "client") {
    return refusal("client", thrown.uri ?? ErrorUri.protocolViolation, thrown.message);
  }
  if (thrown instanceof Failure && thrown.source === "router") {
    const uri = thrown.uri ?? ErrorUri.networkFailure;
    return refusal("router", uri, "Cannot join: no router answers", thrown.message);
  }
  if (thrown instanceof Failure && thrown.source === "config") {
    const uri = thrown.uri ?? ErrorUri.authenticationFailed;
    const sentence = "Cannot join: the proxy cannot vouch for its clients to the router";
    return refusal("configuration", uri, sentence, thrown.message);
  }
  const stack = (thrown instanceof Error && thrown.stack) || String(thrown);
  return refusal("program", ErrorUri.unavailable, "Cannot go on: internal error", stack);
}

/** Whether the router caused what was thrown while one of its messages was handled. */
export function isRoutersFault(thrown: unknown): boolean {
  return (
    thrown instanceof MalformedMessage || (thrown instanceof Failure && thrown.source === "router")
  );
}

/** The failure of a client whose message is not allowed in this state. */
export function violation(type: number, state: SessionState): Failure {
  let why = state === "joined" ? "the session is already joined" : "the session has not joined";
  if (!isMessageType(type)) why = "WAMP has no such message";
  else if (isOfRoutersAlone(type)) why = "only a router may send it";
  return new Failure(`Cannot accept ${messageTypeName(type)}: ${why}`, {
    source: "client",
    uri: ErrorUri.protocolViolation,
  });
}

/** Whether a message is one that routers send, and clients never do. */
function isOfRoutersAlone(type: number): boolean {
  if (type === MessageType.WELCOME || type === MessageType.CHALLENGE) return true;
  return routedMessagesOf("router").ids[type] !== 0 && routedMessagesOf("client").ids[type] === 0;
}

/** The failure of a router whose message is not allowed in this state; NaN stands for an unreadable type. */
export function routerViolation(type: number): Failure {
  const name = Number.isNaN(type) ? "message" : messageTypeName(type);
  return new Failure(`Cannot accept ${name}: the router may not send it now`, {
    source: "router",
  });
}

function refusal(
  by: Refusal["by"],
  uri: string,
  sentence: string,
  reason: string = sentence,
): Refusal {
  const code = by === "program" ? CloseCode.internalError : abortCloseCode(uri);
  return { by, uri, sentence, code, reason };
}
