/**
 * How sessions end: which words a client is told, and which close code follows. What is told is what
 * happened: whoever is at fault, and whether to come back.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { CloseOnlyEnd } from "#config/node-config.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { messageTypeName } from "#wamp/message-type.ts";
import { CloseCode } from "#wamp/peer.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import type { SessionEvent, SessionState } from "./session-states.ts";

/** What a client is told when a session that had joined ends without its wish or the router's. */
export interface EndReason {
  uri: string;
  sentence: string;
  /** By this name `told_by_close` has it; the code then says what GOODBYE would. */
  kind: CloseOnlyEnd;
  code: number;
}

/** What a client is told at an event, by what the state makes of it. */
export interface EventReasons {
  /** ABORT: of a session that has not joined. */
  abort?: { uri: string; sentence: string };
  /** GOODBYE: of one that has. */
  goodbye?: EndReason;
  /** The close alone. */
  close?: Partial<Record<SessionState, { code: number; reason: string }>>;
}

const lost = { kind: "router_lost", code: CloseCode.serviceRestart } as const;
const shutdown = { uri: ErrorUri.systemShutdown, sentence: "The node shuts down" };

/** What a client is told when its router sends a message that it may not send. */
export const ROUTER_VIOLATION = {
  abort: {
    uri: ErrorUri.networkFailure,
    sentence: "Cannot join: the router's answer makes no sense",
  },
  goodbye: {
    ...lost,
    uri: ErrorUri.protocolViolation,
    sentence: "The router sent what is no WAMP message",
  },
} as const satisfies EventReasons;

/** What a client is told at each event. */
export const EVENT_REASONS: Record<SessionEvent, EventReasons> = {
  "client lost": {},
  "router lost": {
    abort: {
      uri: ErrorUri.networkFailure,
      sentence: "Cannot join: the router ended the connection",
    },
    goodbye: { ...lost, uri: ErrorUri.systemShutdown, sentence: "The router is gone" },
  },
  "client stalled": {},
  "router stalled": {
    goodbye: { ...lost, uri: ErrorUri.routerStalled, sentence: "The router did not read in time" },
  },
  // A client that has not joined is told which step was late: see join-clock.ts.
  deadline: {
    close: { ending: { code: CloseCode.goingAway, reason: "goodbye" } },
  },
  shutdown: {
    abort: shutdown,
    goodbye: { ...shutdown, kind: "shutdown", code: CloseCode.goingAway },
    close: { waiting: { code: CloseCode.goingAway, reason: "the node shuts down" } },
  },
};

/** Why a session is not begun, or not gone on with: an ABORT and a close code. */
export interface Refusal {
  by: "client" | "router" | "program";
  uri: string;
  sentence: string;
  code: number;
  /** For the log, where the client is told less. */
  reason: string;
}

/** The refusal that follows from what was thrown. */
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
  const stack = (thrown instanceof Error && thrown.stack) || String(thrown);
  return refusal("program", ErrorUri.unavailable, "Cannot go on: internal error", stack);
}

/** Whether the router is to blame for what was thrown while a message of its was handled. */
export function isRoutersFault(thrown: unknown): boolean {
  return (
    thrown instanceof MalformedMessage || (thrown instanceof Failure && thrown.source === "router")
  );
}

/** The failure of a client that says what it must not say in this state. */
export function violation(type: number, state: SessionState): Failure {
  const isJoined = state === "joined";
  const why = isJoined ? "the session is already joined" : "the session has not joined";
  return new Failure(`Cannot accept ${messageTypeName(type)}: ${why}`, {
    source: "client",
    uri: ErrorUri.protocolViolation,
  });
}

/** The failure of a router that says what it must not say in this state; NaN is no message. */
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
  const isViolation = uri === ErrorUri.protocolViolation;
  let code: number = isViolation ? CloseCode.protocolError : CloseCode.normal;
  if (by === "program") code = CloseCode.internalError;
  return { by, uri, sentence, code, reason };
}
