/**
 * PassthroughJoin: the router authenticates the client. HELLO, CHALLENGE, AUTHENTICATE and WELCOME are
 * forwarded between client and router while `joining`; there is no `authenticating`.
 *
 * The client's own HELLO goes to one router only: a HELLO that ends a router must not be forwarded to
 * all routers of a realm. The next router is tried only while none is connected.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { BackendSession } from "#proxy/routing/backend-session.ts";
import { readRealm, TOO_MANY_ATTEMPTS } from "#session/authentication.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { Peer, WireMessage } from "#wamp/peer.ts";
import { transcoderFor } from "#wamp/transcode/transcoder.ts";
import { JoinAttempt } from "./join-attempt.ts";
import { forward } from "./session-message.ts";

/** A join whose client the router authenticates. */
export class PassthroughJoin extends JoinAttempt {
  #hasAuthenticated = false;

  begin(hello: readonly unknown[], message: WireMessage): void {
    if (namesProxyAuthmethod(message, this.client)) {
      throw new Failure("Cannot authenticate: no suitable authmethod found", {
        source: "client",
        uri: ErrorUri.noAuthMethod,
      });
    }
    if (this.#isLockedOut()) return;
    const kept = typeof message === "string" ? message : new Uint8Array(message);
    this.run(this.#forwardHello(kept, hello[1]));
  }

  authenticate(message: WireMessage): void {
    this.context.timeouts.authenticated();
    const { router } = this;
    if (router === undefined || this.#isLockedOut()) return;
    forward(message, MessageType.AUTHENTICATE, this.client, router);
    this.#hasAuthenticated = true;
  }

  protected onWelcome(welcome: WireMessage, router: BackendSession): void {
    forward(welcome, MessageType.WELCOME, router.peer, this.client);
    this.joined(welcome, router, {});
  }

  protected onChallenge(challenge: WireMessage, { peer }: BackendSession): void {
    forward(challenge, MessageType.CHALLENGE, peer, this.client);
    this.context.timeouts.awaitAuthenticate();
  }

  protected onAbort(abort: WireMessage, router: BackendSession): void {
    this.abortedBy(router, abort);
    if (this.#hasAuthenticated) this.context.failedAttempts?.add();
  }

  protected tryNextRouter(): boolean {
    return false;
  }

  /** Denies the client when its address has failed too often. */
  #isLockedOut(): boolean {
    if (!this.context.failedAttempts?.areTooMany) return false;
    this.deny(TOO_MANY_ATTEMPTS);
    return true;
  }

  async #forwardHello(hello: WireMessage, realm: unknown): Promise<void> {
    const { config, routes } = this.context;
    const route =
      config.backend === null
        ? routes.routeForAnyRole(readRealm(realm))
        : routes.routeOver(config.backend);
    const { peer } = await this.connect(this.startFailover(route));
    forward(hello, MessageType.HELLO, this.client, peer);
  }
}

/** The authmethods with which a proxy vouches for its clients. */
const PROXY_METHODS = ["anonymous-proxy", "cryptosign-proxy"];

/**
 * Whether a HELLO asks the router to treat its sender as a proxy. A router behind a Unix socket would
 * trust it, so such a HELLO must not be forwarded. The names are searched in the whole message: if a
 * key occurs twice, routers differ in which one they read.
 */
function namesProxyAuthmethod(hello: WireMessage, from: Peer): boolean {
  // Transcoded first: a serializer has several spellings of a string, by escapes or in chunks.
  const plain = transcoderFor(
    from.serializer,
    from.serializer === "json" ? "cbor" : "json",
    false,
  )(hello);
  const octets = Buffer.from(plain as Uint8Array);
  return PROXY_METHODS.some((method) => octets.includes(method));
}
