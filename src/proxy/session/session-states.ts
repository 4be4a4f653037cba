/**
 * The states of a client's session on a proxy, and what is done in each of them at every message of
 * the client, every message of the router, and every event of a connection.
 *
 *     waiting -> authenticating <-> challenged -> connecting -> joining -> joined
 *        ^                                                                   |
 *        +----------- router's GOODBYE <- leaving <- client's GOODBYE -------+
 *
 * Passing through, the router authenticates: `connecting` follows `waiting`. `rejoining` is `leaving`
 * with the client's next HELLO already here. In `ending` the client has been told GOODBYE and has a
 * while to answer it. The tables here are those of docs/sessions.md.
 *
 * @module
 */

import { isMessageType, MessageType } from "#wamp/message-type.ts";

/** Where a session is on its way. */
export type SessionState =
  | "waiting"
  | "authenticating"
  | "challenged"
  | "connecting"
  | "joining"
  | "joined"
  | "leaving"
  | "rejoining"
  | "ending"
  | "closed";

/** Kinds of messages of a client; `routed` is all that a router routes, `foreign` is all else. */
export const CLIENT_MESSAGES = [
  "HELLO",
  "AUTHENTICATE",
  "GOODBYE",
  "ABORT",
  "routed",
  "foreign",
] as const;

/** Kinds of messages of a router. */
export const ROUTER_MESSAGES = [
  "WELCOME",
  "CHALLENGE",
  "GOODBYE",
  "ABORT",
  "routed",
  "foreign",
] as const;

/** What happens to the connections, and to time. */
export const EVENTS = ["client lost", "router lost", "client stalled", "router stalled"] as const;

/** What comes from inside the worker. */
export const CLOCKS = ["deadline", "shutdown"] as const;

type ClientMessage = (typeof CLIENT_MESSAGES)[number];
type RouterMessage = (typeof ROUTER_MESSAGES)[number];
/** What is no message. */
export type SessionEvent = (typeof EVENTS)[number] | (typeof CLOCKS)[number];

/** What is done at a client's message. */
export type ClientAction =
  | "begin"
  | "authenticate"
  | "carry"
  | "leave"
  | "keep"
  | "close"
  | "refuse"
  | "late";

/** What is done at a router's message. */
export type RouterAction =
  | "welcome"
  | "pass"
  | "carry"
  | "left"
  | "end"
  | "abort"
  | "fail"
  | "finish"
  | "none";

/** What is done when a connection or the time ends. */
export type EventAction = "gone" | "abort" | "goodbye" | "drop" | "finish" | "close" | "none";

// biome-ignore format: a table
/** What is done at a client's message, in the order of `CLIENT_MESSAGES`. */
export const FROM_CLIENT: Record<SessionState, readonly ClientAction[]> = {
  waiting:        ["begin",  "refuse",       "close", "close", "refuse", "refuse"],
  authenticating: ["refuse", "refuse",       "close", "close", "refuse", "refuse"],
  challenged:     ["refuse", "authenticate", "close", "close", "refuse", "refuse"],
  connecting:     ["refuse", "refuse",       "close", "close", "refuse", "refuse"],
  joining:        ["refuse", "authenticate", "close", "close", "refuse", "refuse"],
  joined:         ["refuse", "refuse",       "leave", "close", "carry",  "refuse"],
  leaving:        ["keep",   "late",         "late",  "close", "late",   "late"],
  rejoining:      ["refuse", "refuse",       "close", "close", "refuse", "refuse"],
  ending:         ["late",   "late",         "close", "close", "late",   "late"],
  closed:         ["late",   "late",         "late",  "late",  "late",   "late"],
};

// biome-ignore format: a table
/** What is done at a router's message, in the order of `ROUTER_MESSAGES`. */
export const FROM_ROUTER: Record<SessionState, readonly RouterAction[]> = {
  waiting:        ["none",    "none",   "none",   "none",  "none",  "none"],
  authenticating: ["none",    "none",   "none",   "none",  "none",  "none"],
  challenged:     ["none",    "none",   "none",   "none",  "none",  "none"],
  connecting:     ["fail",    "fail",   "fail",   "fail",  "fail",  "fail"],
  joining:        ["welcome", "pass",   "fail",   "abort", "fail",  "fail"],
  joined:         ["fail",    "fail",   "end",    "abort", "carry", "fail"],
  leaving:        ["finish",  "finish", "left",   "abort", "carry", "finish"],
  rejoining:      ["finish",  "finish", "left",   "abort", "carry", "finish"],
  ending:         ["none",    "none",   "none",   "none",  "none",  "none"],
  closed:         ["none",    "none",   "none",   "none",  "none",  "none"],
};

// biome-ignore format: a table
/** What is done when a connection or the time ends, in the order of `EVENTS`, then `CLOCKS`. */
export const AT_EVENT: Record<SessionState, readonly EventAction[]> = {
  waiting:        ["gone", "none",    "none", "none",    "abort",  "close"],
  authenticating: ["gone", "none",    "none", "none",    "abort",  "abort"],
  challenged:     ["gone", "none",    "none", "none",    "abort",  "abort"],
  connecting:     ["gone", "abort",   "none", "none",    "abort",  "abort"],
  joining:        ["gone", "abort",   "none", "none",    "abort",  "abort"],
  joined:         ["gone", "goodbye", "drop", "goodbye", "none",   "goodbye"],
  leaving:        ["gone", "finish",  "drop", "finish",  "finish", "goodbye"],
  rejoining:      ["gone", "finish",  "drop", "finish",  "finish", "goodbye"],
  ending:         ["gone", "none",    "none", "none",    "close",  "none"],
  closed:         ["none", "none",    "none", "none",    "none",   "none"],
};

/** What is done at a client's message of this type; NaN is a message that has none. */
export function clientAction(state: SessionState, type: number): ClientAction {
  return FROM_CLIENT[state][CLIENT_MESSAGES.indexOf(clientMessage(type))] ?? "refuse";
}

/** What is done at a router's message of this type; NaN is a message that has none. */
export function routerAction(state: SessionState, type: number): RouterAction {
  return FROM_ROUTER[state][ROUTER_MESSAGES.indexOf(routerMessage(type))] ?? "fail";
}

/** What is done at an event. */
export function eventAction(state: SessionState, event: SessionEvent): EventAction {
  return AT_EVENT[state][[...EVENTS, ...CLOCKS].indexOf(event)] ?? "none";
}

function clientMessage(type: number): ClientMessage {
  if (type === MessageType.HELLO) return "HELLO";
  if (type === MessageType.AUTHENTICATE) return "AUTHENTICATE";
  if (type === MessageType.GOODBYE) return "GOODBYE";
  if (type === MessageType.ABORT) return "ABORT";
  return isRouted(type) ? "routed" : "foreign";
}

function routerMessage(type: number): RouterMessage {
  if (type === MessageType.WELCOME) return "WELCOME";
  if (type === MessageType.CHALLENGE) return "CHALLENGE";
  if (type === MessageType.GOODBYE) return "GOODBYE";
  if (type === MessageType.ABORT) return "ABORT";
  return isRouted(type) ? "routed" : "foreign";
}

function isRouted(type: number): boolean {
  return type > MessageType.GOODBYE && isMessageType(type);
}
