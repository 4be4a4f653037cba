/**
 * ServiceSession: a session of the proxy's own on a router, from its HELLO to its end.
 *
 * It joins like a client for which the proxy vouches, and calls, publishes and subscribes. (Crossbar: service
 * session.)
 *
 * @module
 */

import type { AuthenticatorCall } from "#auth/authenticators.ts";
import { randomAuthid } from "#auth/random-authid.ts";
import { Failure } from "#base/failure.ts";
import { asRecord } from "#base/record.ts";
import type { ConnectionAuth } from "#config/connection/connection-config.ts";
import type { Backend } from "#proxy/routing/backend.ts";
import { type BackendObserver, BackendSession } from "#proxy/routing/backend-session.ts";
import {
  answerChallenge,
  helloToRouter,
  type NodeCredentials,
} from "#proxy/routing/router-join-messages.ts";
import {
  type OutgoingMessage,
  OutgoingRequests,
  type SessionRequest,
} from "#session/outgoing-requests.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType, messageTypeName } from "#wamp/message-type.ts";
import type { WireMessage } from "#wamp/peer.ts";
import { decodeMessage } from "#wamp/serializer/message-values.ts";
import { buildMessage } from "#wamp/transcode/payload-slice.ts";
import type {
  OpenSubscription,
  TopicPattern,
  TopicReceiver,
  WampAnswer,
  WampPrincipal,
} from "#wamp/wamp-caller.ts";

/** From the open connection to WELCOME. */
const WELCOME_TIMEOUT_MS = 5_000;

/** Octets that may wait for a router that does not read; beyond, calls and publications fail. */
const MAX_BUFFERED_OCTETS = 16 * 1024 * 1024;

/** The realm and role that a service session joins, and the node that vouches for it. */
export interface ServiceIdentity {
  realm: string;
  role: string;
  /** The client in whose name it joins; undefined: the proxy itself. */
  principal?: WampPrincipal | undefined;
  node: NodeCredentials;
}

/** A joined session that calls, publishes and subscribes. */
export class ServiceSession implements BackendObserver {
  /** Resolves with the reason when the session has ended. */
  readonly ended: Promise<string>;
  readonly #ended = Promise.withResolvers<string>();
  readonly #welcome = Promise.withResolvers<void>();
  readonly #requests = new OutgoingRequests((message) => this.#send(message));
  #state: "joining" | "joined" | "ended" = "joining";
  #backend: BackendSession | undefined;
  /** Whether the router's WELCOME announces the feature `call_canceling`. */
  #mayCancel = false;
  /** Answers a CHALLENGE, once; undefined: a CHALLENGE is not expected. */
  #node: NodeCredentials | undefined;

  private constructor() {
    this.ended = this.#ended.promise;
    // It may reject before `join` awaits it, when the router closes the connection at once.
    this.#welcome.promise.catch(() => {});
  }

  /**
   * Connects and joins.
   *
   * @throws Failure from the router's side when the router cannot be reached, refuses the session, or
   * sends no WELCOME in time; from the client's side when the realm has no such role; of the configuration when the
   * proxy cannot vouch for itself.
   */
  static async join(backend: Backend, identity: ServiceIdentity): Promise<ServiceSession> {
    const auth = backend.vouchingAuth();
    const session = new ServiceSession();
    const options = { serializer: "cbor" as const, maxBuffered: MAX_BUFFERED_OCTETS };
    session.#backend = await BackendSession.open(backend, options, session);
    // The router may have violated the protocol while the connection was being opened.
    if (session.#state === "ended") session.#backend.leave(false);
    const timer = setTimeout(
      () => session.#end(`no WELCOME within ${WELCOME_TIMEOUT_MS} ms`),
      WELCOME_TIMEOUT_MS,
    );
    try {
      session.#hello(identity, auth);
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

  /** Calls a procedure, as `Authenticators.call` does. */
  call(call: AuthenticatorCall): Promise<unknown> {
    return this.#requests.call(call);
  }

  /** Calls or publishes, as `WampCaller.request` does. */
  request(request: SessionRequest): Promise<WampAnswer> {
    return this.#requests.request(request);
  }

  /** Subscribes, as `WampCaller.subscribe` does. */
  subscribe(pattern: TopicPattern, receiver: TopicReceiver): Promise<OpenSubscription> {
    return this.#requests.subscribe(pattern, receiver);
  }

  /** Whether no request waits for its answer, and nothing is subscribed to. */
  get isUnused(): boolean {
    return this.#requests.isIdle;
  }

  /** Whether its router is marked down. */
  get isMarkedDown(): boolean {
    return this.#router.backend.isMarkedDown;
  }

  /** Sends GOODBYE and closes the connection. */
  leave(reason: string, uri: string): void {
    this.#end(reason, uri);
  }

  onRouterMessage(message: WireMessage): void {
    try {
      if (this.#backend === undefined) throw new Error("the router sent a message before HELLO");
      const { serializer } = this.#backend.peer;
      if (this.#state === "joining") this.#onJoinMessage(decodeMessage(message, serializer));
      else if (!this.#requests.onMessage(message, serializer)) {
        this.#onOtherMessage(decodeMessage(message, serializer));
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

  #hello({ realm, role, principal, node }: ServiceIdentity, auth: ConnectionAuth): void {
    if (auth === "cryptosign-proxy") this.#node = node;
    const identity = {
      realm,
      authid: principal?.authid ?? `proxy-${randomAuthid()}`,
      authrole: role,
      authmethod: principal?.authmethod ?? auth,
      authprovider: principal?.authprovider ?? "static",
      authextra: {},
    };
    const roles = {
      caller: { features: { call_canceling: true } },
      publisher: {
        features: {
          publisher_exclusion: true,
          publisher_identification: true,
          subscriber_blackwhite_listing: true,
        },
      },
      subscriber: { features: { pattern_based_subscription: true } },
    };
    this.#sendJoinMessage(helloToRouter(identity, { roles }, node, auth));
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
      this.#sendJoinMessage(answer);
    } else if (type === MessageType.ABORT) {
      const { message: sentence = "" } = asRecord(details) as { message?: unknown };
      const state = `the router refused it with ${String(reason)} ${String(sentence)}`.trim();
      if (reason === ErrorUri.noSuchRole) this.#welcome.reject(noSuchRole(state));
      this.#end(state);
    } else {
      throw new Error(`the router said ${messageTypeName(Number(type))} before WELCOME`);
    }
  }

  /** Takes a message that answers no request: it ends the session. */
  #onOtherMessage(message: readonly unknown[]): void {
    const [type, , reason] = message;
    if (type === MessageType.GOODBYE) {
      this.#end(`the router said GOODBYE ${String(reason)}`, ErrorUri.goodbyeAndOut);
    } else if (type === MessageType.ABORT) {
      this.#end(`the router aborted it with ${String(reason)}`);
    } else {
      throw new Error(`the router said ${messageTypeName(Number(type))} to a caller`);
    }
  }

  #sendJoinMessage(message: readonly unknown[]): void {
    this.#send({ head: message, payload: { serializer: "cbor", items: [] } });
  }

  #send({ head, payload }: OutgoingMessage): void {
    if (head[0] === MessageType.CANCEL && !this.#mayCancel) return;
    const { peer } = this.#router;
    const name = messageTypeName(Number(head[0]));
    const encoded = buildMessage(head, payload, peer.serializer);
    if (encoded.length > peer.maxSendOctets) {
      throw failure(`Cannot send ${name}: longer than the router takes`);
    }
    if (peer.bufferedOctets > MAX_BUFFERED_OCTETS) {
      throw failure(`Cannot send ${name}: the router does not read`);
    }
    peer.send(encoded);
  }

  /** Ends the session once; no GOODBYE is sent if the router ended it, or it had not joined. */
  #end(reason: string, goodbye?: string): void {
    if (this.#state === "ended") return;
    const sendsGoodbye = this.#state === "joined" && goodbye !== undefined;
    this.#state = "ended";
    this.#backend?.leave(sendsGoodbye, goodbye);
    this.#welcome.reject(failure(`Cannot join as a service session: ${reason}`));
    this.#requests.fail(reason);
    this.#ended.resolve(reason);
  }
}

/** The role is at fault, and not the router: another one has the same roles. */
function noSuchRole(state: string): Failure {
  const sentence = `Cannot join as a service session: ${state}`;
  return new Failure(sentence, { source: "client", uri: ErrorUri.noSuchRole });
}

function failure(sentence: string): Failure {
  return new Failure(sentence, { source: "router", uri: ErrorUri.networkFailure });
}
