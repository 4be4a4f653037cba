/**
 * BackendSession: the connection to a router that carries one client's session.
 *
 * It connects, hands the router's messages to its observer, and ends once. Each client session has a
 * backend session of its own, as in Crossbar.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import type { ConnectOptions } from "#transport/router-connector.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";
import {
  CloseCode,
  type GivenUp,
  type MessageParts,
  type Peer,
  type PeerHandler,
  type WireMessage,
} from "#wamp/peer.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import type { Backend, EndableBackendSession } from "./backend.ts";

/** Receives what the router sends. Nothing is called after `leave`. */
export interface BackendObserver {
  onRouterMessage(message: WireMessage): void;
  /** Several router messages are about to come: `deliver` calls `onRouterMessage` for each. */
  onRouterBurst(deliver: () => void): void;
  onRouterDrain(): void;
  /** As `onLongMessage` of a peer's handler; absent: all messages are wanted whole. */
  onRouterLongMessage?(head: Uint8Array, octets: number): MessageParts | null;
  /** A message of the router is not complete in time. The connection is closed next. */
  onRouterGivenUp?(end: GivenUp): void;
  /** The router ended the connection. */
  onRouterLost(reason: string): void;
}

/** An open connection to a router, for one session. */
export class BackendSession implements PeerHandler, EndableBackendSession {
  readonly backend: Backend;
  #observer: BackendObserver | undefined;
  #peer: Peer | undefined;
  #isCounted = true;

  private constructor(backend: Backend, observer: BackendObserver) {
    this.backend = backend;
    this.#observer = observer;
    backend.sessions += 1;
  }

  /**
   * Connects to the router. The client's serializer is used when the connection speaks it.
   *
   * @throws Failure from the router's side when it does not answer within its deadline, which the
   * backend counts as a failure, or when it has been marked down meanwhile; the signal's reason when `options.canceled`
   * is aborted.
   */
  static async open(
    backend: Backend,
    options: ConnectOptions,
    observer: BackendObserver,
  ): Promise<BackendSession> {
    const { canceled } = options;
    const session = new BackendSession(backend, observer);
    try {
      session.#peer = await backend.connector.connect(options, session);
    } catch (thrown) {
      session.#uncount();
      // An attempt that was canceled proves nothing about the router.
      canceled?.throwIfAborted();
      backend.failed(sentenceOf(thrown));
      throw thrown;
    }
    if (canceled?.aborted) {
      session.leave(false);
      canceled.throwIfAborted();
    }
    if (backend.isMarkedDown) {
      session.leave(false);
      throw markedDown(backend);
    }
    if (!session.isOver) backend.opened(session);
    return session;
  }

  /** The router's side of the connection. */
  get peer(): Peer {
    if (this.#peer === undefined) throw new Error("the backend session is not open");
    return this.#peer;
  }

  /** Whether the router has ended the connection, or `leave` was called. */
  get isOver(): boolean {
    return this.#observer === undefined;
  }

  /** Replaces the observer; the new one receives the rest of a burst, too. */
  setObserver(observer: BackendObserver): void {
    if (!this.isOver) this.#observer = observer;
  }

  /** Closes the connection behind the GOODBYE of both sides. */
  closeLeft(reason: string): void {
    this.#end();
    if (this.peer.closeIdle === undefined) this.peer.close(CloseCode.normal, reason);
    else this.peer.closeIdle(reason);
  }

  /** Closes the connection, after a GOODBYE if the session had joined. */
  leave(hasJoined: boolean, reason: string = ErrorUri.closeRealm): void {
    this.#end();
    // A router session that waits for our GOODBYE must not wait behind a paused reader.
    this.peer.resume();
    if (hasJoined) this.#send([MessageType.GOODBYE, {}, reason]);
    this.peer.close(CloseCode.normal, reason);
  }

  abandon(reason: string): void {
    this.#observer?.onRouterLost(reason);
    // An observer that takes the router for gone does not close the connection.
    if (!this.isOver) this.leave(false);
  }

  onMessage(message: WireMessage): void {
    this.#observer?.onRouterMessage(message);
  }

  onLongMessage(head: Uint8Array, octets: number): MessageParts | null {
    return this.#observer?.onRouterLongMessage?.(head, octets) ?? null;
  }

  onGivenUp(end: GivenUp): void {
    this.#observer?.onRouterGivenUp?.(end);
  }

  onBurst(deliver: () => void): void {
    if (this.#observer) this.#observer.onRouterBurst(deliver);
    else deliver();
  }

  onDrain(): void {
    this.#observer?.onRouterDrain();
  }

  onClose(reason: string): void {
    this.#uncount();
    const observer = this.#observer;
    this.#observer = undefined;
    observer?.onRouterLost(reason);
  }

  #end(): void {
    this.#observer = undefined;
    this.#uncount();
  }

  #uncount(): void {
    if (!this.#isCounted) return;
    this.#isCounted = false;
    this.backend.sessions -= 1;
    this.backend.closed(this);
  }

  #send(message: readonly unknown[]): void {
    this.peer.send(encodeMessage(message, this.peer.serializer));
  }
}

function markedDown({ config }: Backend): Failure {
  return new Failure(`Cannot join over connection "${config.id}": its router is marked down`, {
    source: "router",
    uri: ErrorUri.networkFailure,
  });
}
