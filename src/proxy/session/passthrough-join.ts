/**
 * PassthroughJoin: the router authenticates the client. HELLO, CHALLENGE, AUTHENTICATE and WELCOME are
 * forwarded between client and router while `joining`; there is no `authenticating`.
 *
 * The client's own HELLO goes to one router only: a HELLO that ends a router must not be forwarded to
 * all routers of a realm. The next router is tried only while none is connected.
 *
 * @module
 */

import { type Attempt, TOO_MANY_ATTEMPTS } from "#auth/authentication.ts";
import { readRealm } from "#auth/read-hello.ts";
import { Failure } from "#base/failure.ts";
import type { BackendSession } from "#proxy/routing/backend-session.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { WireMessage } from "#wamp/peer.ts";
import { JoinAttempt } from "./join-attempt.ts";
import { namesProxyAuthmethod } from "./proxy-authmethods.ts";
import { forward, isShutdown } from "./session-message.ts";

/** A join whose client the router authenticates. */
export class PassthroughJoin extends JoinAttempt {
  /** The attempt that the client's AUTHENTICATE began. */
  #attempt: Promise<Attempt | undefined> | undefined;

  begin(hello: readonly unknown[], message: WireMessage): void {
    if (namesProxyAuthmethod(message, this.client)) {
      throw new Failure("Cannot authenticate: no suitable authmethod found", {
        source: "client",
        uri: ErrorUri.noAuthMethod,
      });
    }
    if (this.context.failedAttempts?.areTooMany) {
      this.deny(TOO_MANY_ATTEMPTS);
      return;
    }
    this.run(this.#forwardHello(new Uint8Array(message), hello[1]));
  }

  authenticate(message: WireMessage): void {
    this.context.timeouts.authenticated();
    const { failedAttempts } = this.context;
    if (failedAttempts === undefined) {
      this.#forwardAuthenticate(message);
      return;
    }
    this.#attempt ??= failedAttempts.begin();
    this.run(this.#authenticateWithin(this.#attempt, new Uint8Array(message)));
  }

  override cancel(): void {
    this.#endAttempt(false);
    super.cancel();
  }

  protected onWelcome(welcome: WireMessage, router: BackendSession): void {
    this.#endAttempt(false);
    forward(welcome, MessageType.WELCOME, router.peer, this.client);
    this.joined(welcome, router, {});
  }

  protected onChallenge(challenge: WireMessage, { peer }: BackendSession): void {
    forward(challenge, MessageType.CHALLENGE, peer, this.client);
    this.context.timeouts.awaitAuthenticate();
  }

  protected onAbort(abort: WireMessage, router: BackendSession): void {
    this.#endAttempt(!isShutdown(abort, router.peer));
    this.abortedBy(router, abort);
  }

  protected tryNextRouter(): boolean {
    return false;
  }

  /** Forwards AUTHENTICATE, unless the client's address has failed too often. */
  async #authenticateWithin(begun: Promise<Attempt | undefined>, message: WireMessage) {
    const attempt = await begun;
    if (this.canceled.aborted) return;
    if (attempt === undefined) this.deny(TOO_MANY_ATTEMPTS);
    else this.#forwardAuthenticate(message);
  }

  #forwardAuthenticate(message: WireMessage): void {
    const { router } = this;
    if (router !== undefined) forward(message, MessageType.AUTHENTICATE, this.client, router);
  }

  #endAttempt(hasFailed: boolean): void {
    void this.#attempt?.then((attempt) => attempt?.end(hasFailed));
  }

  async #forwardHello(hello: WireMessage, realm: unknown): Promise<void> {
    const { config, routes } = this.context;
    const route =
      config.backend === null
        ? routes.routeForAnyRole(readRealm(realm))
        : routes.routeOver(config.backend);
    const { router } = await this.connect(this.startFailover(route), () => hello);
    forward(hello, MessageType.HELLO, this.client, router.peer);
  }
}
