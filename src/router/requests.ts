/**
 * The requests of clients that the router answers, read from their messages.
 *
 *     [PUBLISH, id, options, topic, args?, kwargs?]   [CALL, id, options, procedure, args?, kwargs?]
 *     [SUBSCRIBE, id, options, topic]                 [REGISTER, id, options, procedure]
 *     [UNSUBSCRIBE, id, subscription]                 [UNREGISTER, id, registration]
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";
import { type Dict, type Incoming, type RoutedPayload, violation } from "./incoming.ts";
import {
  CALL_OPTIONS,
  type OptionsOf,
  PUBLISH_OPTIONS,
  REGISTER_OPTIONS,
  readOptions,
  SUBSCRIBE_OPTIONS,
} from "./message-options.ts";
import type { MatchPolicy } from "./uri-match.ts";

/** A PUBLISH. */
export interface PublishRequest {
  readonly type: typeof MessageType.PUBLISH;
  readonly id: number;
  readonly action: "publish";
  readonly options: OptionsOf<typeof PUBLISH_OPTIONS>;
  readonly uri: string;
  readonly match: "exact";
  readonly payload: RoutedPayload;
}

/** A SUBSCRIBE. */
export interface SubscribeRequest {
  readonly type: typeof MessageType.SUBSCRIBE;
  readonly id: number;
  readonly action: "subscribe";
  readonly options: OptionsOf<typeof SUBSCRIBE_OPTIONS>;
  readonly uri: string;
  readonly match: MatchPolicy;
}

/** A REGISTER. */
export interface RegisterRequest {
  readonly type: typeof MessageType.REGISTER;
  readonly id: number;
  readonly action: "register";
  readonly options: OptionsOf<typeof REGISTER_OPTIONS>;
  readonly uri: string;
  readonly match: MatchPolicy;
}

/** A CALL. */
export interface CallRequest {
  readonly type: typeof MessageType.CALL;
  readonly id: number;
  readonly action: "call";
  readonly options: OptionsOf<typeof CALL_OPTIONS>;
  readonly uri: string;
  readonly match: "exact";
  readonly payload: RoutedPayload;
}

/** An UNSUBSCRIBE or an UNREGISTER. */
export interface EndRequest {
  readonly type: typeof MessageType.UNSUBSCRIBE | typeof MessageType.UNREGISTER;
  readonly id: number;
  /** The id of the subscription or of the registration. */
  readonly ended: number;
}

/** A request for an action that the session's role has to permit. */
export type ActionRequest = PublishRequest | SubscribeRequest | RegisterRequest | CallRequest;

/** What an authorizer is asked about: a request without its payload, whose octets may be borrowed. */
export type ActionSubject = Pick<ActionRequest, "action" | "match" | "uri" | "options">;

/** Any request. */
export type Request = ActionRequest | EndRequest;

/**
 * Reads a request; undefined: the message is none.
 *
 * @throws Failure when an element, an option or the URI is not valid.
 */
export function readRequest(message: Incoming): Request | undefined {
  switch (message.type) {
    case MessageType.PUBLISH:
      return readPublish(message);
    case MessageType.SUBSCRIBE:
      return readSubscribe(message);
    case MessageType.REGISTER:
      return readRegister(message);
    case MessageType.CALL:
      return readCall(message);
    case MessageType.UNSUBSCRIBE:
    case MessageType.UNREGISTER:
      return readEnd(message, message.type);
    default:
      return undefined;
  }
}

function readPublish(message: Incoming): PublishRequest {
  const id = message.id(1);
  const options = readAnswerable(message, () => readOptions(message, 2, PUBLISH_OPTIONS));
  const uri = readAnswerable(message, () => message.uri(3));
  const payload = message.payload(4, options.enc_algo !== undefined);
  refuseReserved("publish", uri);
  return {
    type: MessageType.PUBLISH,
    id,
    action: "publish",
    options,
    uri,
    match: "exact",
    payload,
  };
}

/** Reads a part of a PUBLISH. An ERROR cannot say what is wrong to a publisher that waits for no answer. */
function readAnswerable<T>(message: Incoming, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof Failure) || awaitsAnswer(message.dict(2))) throw thrown;
    throw violation(thrown.message);
  }
}

function readSubscribe(message: Incoming): SubscribeRequest {
  const id = message.id(1);
  const options = readOptions(message, 2, SUBSCRIBE_OPTIONS);
  const match = options.match ?? "exact";
  const uri = message.uri(3, match);
  message.endsBefore(4);
  return { type: MessageType.SUBSCRIBE, id, action: "subscribe", options, uri, match };
}

function readRegister(message: Incoming): RegisterRequest {
  const id = message.id(1);
  const options = readOptions(message, 2, REGISTER_OPTIONS);
  const match = options.match ?? "exact";
  const uri = message.uri(3, match);
  message.endsBefore(4);
  refuseReserved("register", uri);
  return { type: MessageType.REGISTER, id, action: "register", options, uri, match };
}

/** As in Crossbar, options may follow, which have no effect. */
function readEnd(message: Incoming, type: EndRequest["type"]): EndRequest {
  const [id, ended] = [message.id(1), message.id(2)];
  message.endsBefore(4);
  return { type, id, ended };
}

function readCall(message: Incoming): CallRequest {
  const id = message.id(1);
  const options = readOptions(message, 2, CALL_OPTIONS);
  const uri = message.uri(3);
  const payload = message.payload(4, options.enc_algo !== undefined);
  return { type: MessageType.CALL, id, action: "call", options, uri, match: "exact", payload };
}

/** What of a request an ERROR about it needs. */
export interface RefusableRequest {
  readonly type: number;
  readonly id: number;
  readonly options?: Dict;
}

const REQUESTS: ReadonlySet<number> = new Set<Request["type"]>([
  MessageType.PUBLISH,
  MessageType.SUBSCRIBE,
  MessageType.UNSUBSCRIBE,
  MessageType.CALL,
  MessageType.REGISTER,
  MessageType.UNREGISTER,
]);

/**
 * Whether the publisher waits for PUBLISHED or ERROR. A library for JavaScript does at any value that is true
 * there, such as 1.
 */
export function awaitsAnswer(options: Dict | undefined): boolean {
  return Boolean(options?.["acknowledge"]);
}

/** A request as far as it can be read after `readRequest` failed; undefined: the message is none. */
export function refusable(message: Incoming): RefusableRequest | undefined {
  const { type } = message;
  if (!REQUESTS.has(type)) return undefined;
  const id = message.id(1);
  return type === MessageType.PUBLISH ? { type, id, options: message.dict(2) } : { type, id };
}

/** In the strict rules these are the characters of components; else they are the loose ones, which hold already. */
const NOT_STRICT = /[^0-9a-z_.]/;

/** Refuses a request whose URI or pattern is not one of WAMP's strict rules. */
export function refuseLoose(request: Request): void {
  if (!("action" in request) || !NOT_STRICT.test(request.uri)) return;
  const { action, uri } = request;
  const state = "this realm checks URIs by the strict rules: a-z, 0-9, _ and dots";
  throw new Failure(`Cannot ${action} "${uri.slice(0, 200)}": ${state}`, {
    source: "client",
    uri: ErrorUri.invalidUri,
  });
}

/** Refuses to publish or register a URI that is reserved for the router. */
export function refuseReserved(action: string, uri: string): void {
  if (uri !== "wamp" && !uri.startsWith("wamp.")) return;
  throw new Failure(`Cannot ${action} "${uri}": URIs that begin with wamp. are the router's`, {
    source: "client",
    uri: ErrorUri.invalidUri,
  });
}
