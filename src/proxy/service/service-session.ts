/**
 * ServiceSession: a session of the proxy's own on a router, from its HELLO to its end.
 *
 * It joins as the proxy vouches for clients, with a role of the routes, calls and publishes.
 * (Crossbar: service session.)
 *
 * @module
 */

import type { AuthenticatorCall } from "#auth/authenticators.ts";
import { randomAuthid } from "#auth/random-authid.ts";
import { Failure } from "#base/failure.ts";
import { asRecord } from "#base/record.ts";
import type { Backend } from "#proxy/routing/backend.ts";
import { type BackendObserver, BackendSession } from "#proxy/routing/backend-session.ts";
import {
  answerChallenge,
  helloToRouter,
  type NodeCredentials,
} from "#proxy/routing/router-hello.ts";
import {
  type OutgoingMessage,
  OutgoingRequests,
  type SessionRequest,
} from "#session/outgoing-requests.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType, messageTypeName } from "#wamp/message-type.ts";
import { isLongerThan, type WireMessage } from "#wamp/peer.ts";
import { decodeMessage } from "#wamp/serializer/control-message-values.ts";
import { buildMessage } from "#wamp/transcode/payload-slice.ts";
import type { WampAnswer } from "#wamp/wamp-caller.ts";

/** From the connection to WELCOME. */
const WELCOME_TIMEOUT_MS = 5_000;

/** Octets of calls that may wait for a router that does not read; the next call then fails. */
const MAX_BUFFERED_OCTETS = 16 * 1024 * 1024;

/** Where and as whom a service session joins. */
export interface ServiceIdentity {
  realm: string;
  role: string;
  node: NodeCredentials;
}

/** A joined session that calls and publishes. */
export class ServiceSession implements BackendObserver {
  /** Resolves with the reason when the session has ended, whoever ended it. */
  readonly ended: Promise<string>;
  readonly #ended = Promise.withResolvers<string>();
  readonly #welcome = Promise.withResolvers<void>();
  readonly #requests = new OutgoingRequests((message) => this.#send(message));
  #state: "joining" | "joined" | "ended" = "joining";
  #backend: BackendSession | undefined;
  #mayCancel = false;
  /** What to answer a CHALLENGE with, once; undefined: none is to come. */
  #node: NodeCredentials | undefined;

  private constructor() {
    this.ended = this.#ended.promise;
    // Who waits for it is told; nobody may be waiting yet when the router hangs up at once.
    this.#welcome.promise.catch(() => {});
  }

  /**
   * Connects and joins.
   *
   * @throws Failure from the router's side when it cannot be reached, refuses, or is not in time.
   */
  static async join(backend: Backend, who: ServiceIdentity): Promise<ServiceSession> {
    const session = new ServiceSession();
    const wanted = { serializer: "cbor" as const, maxBuffered: MAX_BUFFERED_OCTETS };
    session.#backend = await BackendSession.open(backend, wanted, session);
    // A router may have said what it must not before the connection was ours.
    if (session.#state === "ended") session.#backend.leave(false);
    const timer = setTimeout(
      () => session.#end(`no WELCOME within ${WELCOME_TIMEOUT_MS} ms`),
      WELCOME_TIMEOUT_MS,
    );
    try {
      session.#hello(who);
      await session.#welcome.promise;
      backend.succeeded();
      return session;
    } catch (thrown) {
      session.#end("it could not begin");
      throw thrown;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Calls a procedure, as `Authenticators.call` says. */
  call(call: AuthenticatorCall): Promise<unknown> {
    return this.#requests.call(call);
  }

  /** Calls or publishes, as `WampCaller.request` says. */
  request(request: SessionRequest): Promise<WampAnswer> {
    return this.#requests.request(request);
  }

  /** Whether no request waits for its answer. */
  get isUnused(): boolean {
    return this.#requests.isIdle;
  }

  /** Says GOODBYE and closes. */
  leave(reason: string, uri: string): void {
    this.#end(reason, uri);
  }

  onRouterMessage(wire: WireMessage): void {
    if (this.#state === "ended") return;
    try {
      const { serializer } = this.#router.peer;
      if (this.#state === "joining") this.#onJoinMessage(decodeMessage(wire, serializer));
      else if (!this.#requests.onMessage(wire, serializer)) {
        this.#onEnding(decodeMessage(wire, serializer));
      }
    } catch (thrown) {
      if (!(thrown instanceof Error)) throw thrown;
      this.#end(thrown.message, ErrorUri.protocolViolation);
    }
  }

  onRouterBurst(deliver: () => void): void {
    deliver();
  }

  onRouterDrain(): void {}

  onRouterLost(reason: string): void {
    this.#end(`the router ended the connection: ${reason}`);
  }

  get #router(): BackendSession {
    if (this.#backend === undefined) throw new Error("the service session is not connected");
    return this.#backend;
  }

  #hello({ realm, role, node }: ServiceIdentity): void {
    const { auth } = this.#router.backend.config;
    if (auth === "cryptosign-proxy") this.#node = node;
    const identity = {
      realm,
      authid: `proxy-${randomAuthid()}`,
      authrole: role,
      authmethod: auth,
      authprovider: "static",
      authextra: {},
    };
    const roles = {
      caller: { features: { call_canceling: true } },
      publisher: {
        features: { publisher_exclusion: true, subscriber_blackwhite_listing: true },
      },
    };
    this.#say(helloToRouter(identity, { roles }, node, auth));
  }

  #onJoinMessage(message: readonly unknown[]): void {
    const [type, details, reason] = message;
    if (type === MessageType.WELCOME) {
      const { dealer } = asRecord(asRecord(message[2])["roles"]);
      this.#mayCancel = asRecord(asRecord(dealer)["features"])["call_canceling"] === true;
      this.#state = "joined";
      this.#welcome.resolve();
    } else if (type === MessageType.CHALLENGE && this.#node !== undefined) {
      const answer = answerChallenge(message, this.#node);
      this.#node = undefined;
      this.#say(answer);
    } else if (type === MessageType.ABORT) {
      const { message: sentence = "" } = asRecord(details) as { message?: unknown };
      this.#end(`the router refused it with ${String(reason)} ${String(sentence)}`.trim());
    } else {
      throw new Error(`the router said ${messageTypeName(Number(type))} before WELCOME`);
    }
  }

  /** What is no answer can only end the session. */
  #onEnding(message: readonly unknown[]): void {
    const [type, , reason] = message;
    if (type === MessageType.GOODBYE) {
      this.#end(`the router said GOODBYE ${String(reason)}`, ErrorUri.goodbyeAndOut);
    } else if (type === MessageType.ABORT) {
      this.#end(`the router aborted it with ${String(reason)}`);
    } else {
      throw new Error(`the router said ${messageTypeName(Number(type))} to a caller`);
    }
  }

  #say(message: readonly unknown[]): void {
    this.#send({ head: message, payload: { serializer: "cbor", items: [] } });
  }

  #send({ head, payload }: OutgoingMessage): void {
    if (head[0] === MessageType.CANCEL && !this.#mayCancel) return;
    const { peer } = this.#router;
    const name = messageTypeName(Number(head[0]));
    const encoded = buildMessage(head, payload, peer.serializer, peer.isText);
    if (isLongerThan(encoded, peer.maxSendOctets)) {
      throw failure(`Cannot send ${name}: longer than the router takes`);
    }
    if (peer.bufferedOctets > MAX_BUFFERED_OCTETS) {
      throw failure(`Cannot send ${name}: the router does not read`);
    }
    peer.send(encoded);
  }

  /** Ends the session once; without a reason for GOODBYE the router knows already. */
  #end(reason: string, goodbye?: string): void {
    if (this.#state === "ended") return;
    const saysGoodbye = this.#state === "joined" && goodbye !== undefined;
    this.#state = "ended";
    this.#backend?.leave(saysGoodbye, goodbye);
    this.#welcome.reject(failure(`Cannot join as a service session: ${reason}`));
    this.#requests.fail(reason);
    this.#ended.resolve(reason);
  }
}

function failure(sentence: string): Failure {
  return new Failure(sentence, { source: "router", uri: ErrorUri.networkFailure });
}
