/**
 * BackendSession: the client's twin on the router, from the connection to its end.
 *
 * It connects, passes the router's messages to the frontend session that owns it, and ends once.
 * One backend session belongs to one client session, as in Crossbar.
 *
 * @module
 */

import { type ConnectOptions, connectPeer } from "#transport/peer-connector.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";
import { CloseCode, type Peer, type PeerHandler, type WireMessage } from "#wamp/peer.ts";
import { encodeMessage } from "#wamp/serializer/control-message-values.ts";
import type { Backend } from "./backend.ts";

/** What the frontend session is told of its twin. Nothing is called after `leave`. */
export interface BackendObserver {
  onRouterMessage(message: WireMessage): void;
  /** Several router messages are about to come, by `deliver`. */
  onRouterBurst(deliver: () => void): void;
  onRouterDrain(): void;
  /** The router ended the connection. */
  onRouterLost(reason: string): void;
}

/** An open connection to a router, for one client session. */
export class BackendSession implements PeerHandler {
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
   * @throws Failure from the router's side when it does not answer within its deadline.
   */
  static async open(
    backend: Backend,
    options: ConnectOptions,
    observer: BackendObserver,
  ): Promise<BackendSession> {
    const session = new BackendSession(backend, observer);
    try {
      session.#peer = await connectPeer(backend.config.transport, options, session);
      return session;
    } catch (thrown) {
      session.#uncount();
      throw thrown;
    }
  }

  /** The router's side of the connection. */
  get peer(): Peer {
    if (this.#peer === undefined) throw new Error("the backend session is not open");
    return this.#peer;
  }

  /** Whether the router has ended the connection, or was left. */
  get isOver(): boolean {
    return this.#observer === undefined;
  }

  /** Says GOODBYE when the session had joined, and closes; the observer hears nothing more. */
  leave(hasJoined: boolean, reason: string = ErrorUri.closeRealm): void {
    this.#observer = undefined;
    this.#uncount();
    // A router session that waits for our GOODBYE must not wait behind a paused reader.
    this.peer.resume();
    if (hasJoined) this.#send([MessageType.GOODBYE, {}, reason]);
    this.peer.close(CloseCode.normal, reason);
  }

  onMessage(message: WireMessage): void {
    this.#observer?.onRouterMessage(message);
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

  #uncount(): void {
    if (this.#isCounted) this.backend.sessions -= 1;
    this.#isCounted = false;
  }

  #send(message: readonly unknown[]): void {
    this.peer.send(encodeMessage(message, this.peer.serializer, this.peer.isText));
  }
}
