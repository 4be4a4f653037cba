/**
 * The states of a client's session on a proxy, and the action in each state for every message of the
 * client, every message of the router, and every other event.
 *
 *     waiting -> authenticating <-> challenged -> connecting -> joining -> joined
 *                      ^                                                     |
 *                    left <- router's GOODBYE <- leaving <- client's GOODBYE +
 *
 * With passthrough the router authenticates, and `connecting` follows `waiting`. `rejoining` is
 * `leaving` after the client's next HELLO has arrived. In `left` the client has its answer and may send HELLO.
 * In `ending` the client has been sent GOODBYE and has a second to answer it. The tables are the same as those of docs/sessions.md, which explains the
 * actions.
 *
 * @module
 */

import { routedMessagesOf, type Sender } from "#wamp/message-direction.ts";
import { MessageType } from "#wamp/message-type.ts";

/** The states of a session. */
export type SessionState =
  | "waiting"
  | "authenticating"
  | "challenged"
  | "connecting"
  | "joining"
  | "joined"
  | "leaving"
  | "rejoining"
  | "left"
  | "ending"
  | "closed";

/**
 * Messages of a client: `routed` are those of message-direction.ts that a client may send, such as CALL;
 * `foreign` are all others, and messages without a readable type.
 */
export const CLIENT_MESSAGES = [
  "HELLO",
  "AUTHENTICATE",
  "GOODBYE",
  "ABORT",
  "routed",
  "foreign",
] as const;

/** Messages of a router; `routed` are those that a router may send, such as EVENT. */
export const ROUTER_MESSAGES = [
  "WELCOME",
  "CHALLENGE",
  "GOODBYE",
  "ABORT",
  "routed",
  "foreign",
] as const;

/** Events of the two connections. */
export const EVENTS = ["client lost", "router lost", "client stalled", "router stalled"] as const;

/** Events from inside the worker. */
export const CLOCKS = ["deadline", "shutdown", "age", "expiry"] as const;

type ClientMessage = (typeof CLIENT_MESSAGES)[number];
type RouterMessage = (typeof ROUTER_MESSAGES)[number];
/** An event that is not a message. */
export type SessionEvent = (typeof EVENTS)[number] | (typeof CLOCKS)[number];

/** The action for a client's message. */
export type ClientAction =
  | "begin"
  | "authenticate"
  | "carry"
  | "leave"
  | "keep"
  | "close"
  | "refuse"
  | "late";

/** The action for a router's message. */
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

/** The action for an event. */
export type EventAction = "gone" | "abort" | "goodbye" | "drop" | "finish" | "close" | "none";

// biome-ignore format: a table
/** Actions for a client's messages, in the order of `CLIENT_MESSAGES`. */
export const FROM_CLIENT: Record<SessionState, readonly ClientAction[]> = {
  waiting:        ["begin",  "refuse",       "refuse", "close", "refuse", "refuse"],
  authenticating: ["refuse", "refuse",       "refuse", "close", "refuse", "refuse"],
  challenged:     ["refuse", "authenticate", "refuse", "close", "refuse", "refuse"],
  connecting:     ["refuse", "refuse",       "refuse", "close", "refuse", "refuse"],
  joining:        ["refuse", "authenticate", "refuse", "close", "refuse", "refuse"],
  joined:         ["refuse", "refuse",       "leave",  "close", "carry",  "refuse"],
  leaving:        ["keep",   "late",         "late",   "close", "late",   "late"],
  rejoining:      ["refuse", "refuse",       "refuse", "close", "refuse", "refuse"],
  left:           ["begin",  "late",         "late",   "close", "late",   "late"],
  ending:         ["late",   "late",         "close",  "close", "late",   "late"],
  closed:         ["late",   "late",         "late",   "late",  "late",   "late"],
};

// biome-ignore format: a table
/** Actions for a router's messages, in the order of `ROUTER_MESSAGES`. */
export const FROM_ROUTER: Record<SessionState, readonly RouterAction[]> = {
  waiting:        ["none",    "none",   "none",   "none",  "none",  "none"],
  authenticating: ["none",    "none",   "none",   "none",  "none",  "none"],
  challenged:     ["none",    "none",   "none",   "none",  "none",  "none"],
  connecting:     ["fail",    "fail",   "fail",   "fail",  "fail",  "fail"],
  joining:        ["welcome", "pass",   "fail",   "abort", "fail",  "fail"],
  joined:         ["fail",    "fail",   "end",    "abort", "carry", "fail"],
  leaving:        ["finish",  "finish", "left",   "abort", "carry", "finish"],
  rejoining:      ["finish",  "finish", "left",   "abort", "carry", "finish"],
  left:           ["none",    "none",   "none",   "none",  "none",  "none"],
  ending:         ["none",    "none",   "none",   "none",  "none",  "none"],
  closed:         ["none",    "none",   "none",   "none",  "none",  "none"],
};

// biome-ignore format: a table
/** Actions for events, in the order of `EVENTS`, then `CLOCKS`. */
export const AT_EVENT: Record<SessionState, readonly EventAction[]> = {
  waiting:        ["gone", "none",    "none", "none",    "abort",  "close",   "none",    "none"],
  authenticating: ["gone", "none",    "none", "none",    "abort",  "abort",   "none",    "none"],
  challenged:     ["gone", "none",    "none", "none",    "abort",  "abort",   "none",    "none"],
  connecting:     ["gone", "abort",   "none", "none",    "abort",  "abort",   "none",    "none"],
  joining:        ["gone", "abort",   "none", "none",    "abort",  "abort",   "none",    "none"],
  joined:         ["gone", "goodbye", "drop", "goodbye", "none",   "goodbye", "goodbye", "goodbye"],
  leaving:        ["gone", "finish",  "drop", "finish",  "finish", "goodbye", "none",    "none"],
  rejoining:      ["gone", "finish",  "drop", "finish",  "finish", "goodbye", "none",    "none"],
  left:           ["gone", "none",    "none", "none",    "abort",  "close",   "none",    "none"],
  ending:         ["gone", "none",    "none", "none",    "close",  "none",    "none",    "none"],
  closed:         ["none", "none",    "none", "none",    "none",   "none",    "none",    "none"],
};

/** The action for a client's message of this type; NaN stands for an unreadable type. */
export function clientAction(state: SessionState, type: number): ClientAction {
  return FROM_CLIENT[state][CLIENT_MESSAGES.indexOf(clientMessage(type))] ?? "refuse";
}

/** The action for a router's message of this type; NaN stands for an unreadable type. */
export function routerAction(state: SessionState, type: number): RouterAction {
  return FROM_ROUTER[state][ROUTER_MESSAGES.indexOf(routerMessage(type))] ?? "fail";
}

/** The action for an event. */
export function eventAction(state: SessionState, event: SessionEvent): EventAction {
  return AT_EVENT[state][[...EVENTS, ...CLOCKS].indexOf(event)] ?? "none";
}

function clientMessage(type: number): ClientMessage {
  if (type === MessageType.HELLO) return "HELLO";
  if (type === MessageType.AUTHENTICATE) return "AUTHENTICATE";
  if (type === MessageType.GOODBYE) return "GOODBYE";
  if (type === MessageType.ABORT) return "ABORT";
  return isRouted(type, "client") ? "routed" : "foreign";
}

function routerMessage(type: number): RouterMessage {
  if (type === MessageType.WELCOME) return "WELCOME";
  if (type === MessageType.CHALLENGE) return "CHALLENGE";
  if (type === MessageType.GOODBYE) return "GOODBYE";
  if (type === MessageType.ABORT) return "ABORT";
  return isRouted(type, "router") ? "routed" : "foreign";
}

function isRouted(type: number, sender: Sender): boolean {
  return (routedMessagesOf(sender).ids[type] ?? 0) > 0;
}
