/**
 * SessionSlot: the service session for one route and identity, which joins when it is needed, and again after it
 * was lost, or its route has become another one.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { Logger } from "#observe/logger.ts";
import { Failover } from "#proxy/routing/failover.ts";
import type { Route } from "#proxy/routing/realm-routes.ts";
import type { NodeCredentials } from "#proxy/routing/router-join-messages.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { type ServiceIdentity, ServiceSession } from "./service-session.ts";

/** Delay after the first failed attempt; each further one doubles it, up to the longest. */
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2_000;

/** So often a session on a former route is looked at, until it is not used any more. */
const LEAVE_INTERVAL_MS = 1_000;

/** How a session joins now. */
interface Way {
  route: Route;
  node: NodeCredentials;
}

/** One route and identity, with its session or the attempt to join. */
export class SessionSlot {
  /** Throws a Failure when no route leads to the realm and role any more. */
  readonly #way: () => Way;
  readonly #identity: Omit<ServiceIdentity, "node">;
  readonly #log: Logger;
  #session: Promise<ServiceSession> | undefined;
  #joined: ServiceSession | undefined;
  #joinedOver: Route | undefined;
  /** Sessions on former routes. */
  readonly #former = new Set<ServiceSession>();
  #hasJoined = false;
  #failures = 0;
  #notBefore = 0;
  /** The reason given to `leave`; undefined before. */
  #leaveReason: string | undefined;

  constructor(way: () => Way, identity: Omit<ServiceIdentity, "node">, log: Logger) {
    this.#way = way;
    this.#identity = identity;
    this.#log = log;
  }

  /** Whether a session has ever joined. */
  get hasJoined(): boolean {
    return this.#hasJoined;
  }

  /** Whether there is no attempt to join, and no request on the session. */
  get isUnused(): boolean {
    return this.#session === undefined || this.#joined?.isUnused === true;
  }

  /** The session that has joined; undefined: there is none. */
  get joined(): ServiceSession | undefined {
    return this.#joined;
  }

  /** The session, which joins if it has not; all callers wait for the same attempt. */
  session(): Promise<ServiceSession> {
    this.#session ??= this.#join();
    return this.#session;
  }

  /**
   * The routes have changed, or the marks of backends: a session on another route than its own, or on a router that is
   * marked down, takes no further requests.
   */
  reroute(): void {
    const joined = this.#joined;
    if (joined === undefined) {
      this.#session?.then(
        () => this.reroute(),
        () => {},
      );
      return;
    }
    if (this.#joinedOver === this.#route() && !joined.isMarkedDown) return;
    this.#session = undefined;
    this.#joined = undefined;
    this.#leaveWhenUnused(joined);
  }

  leave(reason: string, uri: string): void {
    this.#leaveReason = reason;
    for (const session of this.#former) session.leave(reason, uri);
    this.#session?.then(
      (session) => session.leave(reason, uri),
      () => {},
    );
  }

  async #join(): Promise<ServiceSession> {
    try {
      await Bun.sleep(Math.max(0, this.#notBefore - performance.now()));
      if (this.#leaveReason !== undefined) throw unavailable(this.#leaveReason);
      const { route, node } = this.#way();
      const failover = new Failover(route);
      const session = await failover.next((backend) =>
        ServiceSession.join(backend, { ...this.#identity, node }),
      );
      this.#failures = 0;
      this.#hasJoined = true;
      this.#joined = session;
      this.#joinedOver = route;
      this.#logJoined();
      void session.ended.then((reason) => this.#ended(session, reason));
      return session;
    } catch (thrown) {
      this.#session = undefined;
      const delay = Math.min(FIRST_DELAY_MS * 2 ** this.#failures, LONGEST_DELAY_MS);
      this.#failures += 1;
      this.#notBefore = performance.now() + delay;
      throw thrown;
    }
  }

  /** Sessions in a client's name come and go, and are for debugging. */
  #logJoined(): void {
    const { realm, role, principal } = this.#identity;
    const facts = { realm, authrole: role };
    if (principal === undefined) this.#log.info("service session joined", facts);
    else this.#log.debug("service session joined", { ...facts, authid: principal.authid });
  }

  /** The present route; undefined: there is none. */
  #route(): Route | undefined {
    try {
      return this.#way().route;
    } catch (thrown) {
      if (thrown instanceof Failure) return undefined;
      throw thrown;
    }
  }

  #leaveWhenUnused(session: ServiceSession): void {
    this.#former.add(session);
    const timer = setInterval(() => {
      if (!session.isUnused) return;
      session.leave("its route has changed", ErrorUri.closeRealm);
    }, LEAVE_INTERVAL_MS);
    timer.unref();
    void session.ended.then(() => {
      clearInterval(timer);
      this.#former.delete(session);
    });
  }

  #ended(session: ServiceSession, reason: string): void {
    if (session !== this.#joined) return;
    this.#session = undefined;
    this.#joined = undefined;
    if (this.#leaveReason !== undefined) return;
    const { realm, role, principal } = this.#identity;
    const authid = principal && { authid: principal.authid };
    this.#log.warn("service session lost", { realm, authrole: role, ...authid, reason });
  }
}

/** The failure of a session that does not join. */
export function unavailable(state: string): Failure {
  return new Failure(`Cannot join as a service session: ${state}`, { source: "internal" });
}
