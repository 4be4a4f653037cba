/**
 * ServiceSessions: the proxy's own sessions, one for each connection, realm and role that is used, and another one
 * for its subscriptions.
 *
 * A session joins at its first call, publication or subscription and stays joined. When it is lost, the next request
 * makes it join again. After a failed attempt there is a delay, for which requests wait. (Crossbar
 * keeps a session that is lost, and every call over it fails.)
 *
 * @module
 */

import type { AuthenticatorCall, Authenticators } from "#auth/authenticators.ts";
import { abortable } from "#base/abortable.ts";
import { Failure } from "#base/failure.ts";
import type { Logger } from "#observe/logger.ts";
import { Failover } from "#proxy/routing/failover.ts";
import type { Route } from "#proxy/routing/route.ts";
import type { RouteTable } from "#proxy/routing/route-table.ts";
import type { NodeCredentials } from "#proxy/routing/router-join-messages.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { WampAnswer, WampCaller, WampRequest, WampSubscription } from "#wamp/wamp-caller.ts";
import { type ServiceIdentity, ServiceSession } from "./service-session.ts";

/** Clients may choose the realms, so the number of sessions is limited. */
const MAX_SLOTS = 256;

/** Delay after the first failed attempt; each further one doubles it, up to the longest. */
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2_000;

/** The role of a service session for which none is configured, as in Crossbar. */
const DEFAULT_ROLE = "trusted";

/** What the service sessions of a worker share. */
export interface ServiceContext {
  routes: RouteTable;
  node: NodeCredentials;
  log: Logger;
}

/** All service sessions of a proxy worker. */
export class ServiceSessions implements WampCaller {
  readonly #context: ServiceContext;
  readonly #slots = new Map<string, Slot>();
  #isClosed = false;

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  /** Authenticators over one connection (`websocket-proxy`); null: over the routes. */
  through(backend: string | null): Authenticators {
    return {
      log: this.#context.log,
      call: (call) => this.#call(backend, call),
    };
  }

  /** Calls or publishes over the routes, for Web services. */
  async request(request: WampRequest): Promise<WampAnswer> {
    const slot = this.#slot(null, request.realm, request.role);
    const session = await abortable(slot.session(), request.signal);
    return session.request(request);
  }

  /** Subscribes over the routes, for Web services. */
  async subscribe(subscription: WampSubscription): Promise<() => void> {
    const { realm, role, pattern, receiver } = subscription;
    // A session of its own: a session does not get the events that it publishes itself.
    const slot = this.#slot(null, realm, role, "events");
    const session = await slot.session();
    return session.subscribe(pattern, receiver);
  }

  /** Leaves every router; no session joins again. */
  shutdown(): void {
    this.#isClosed = true;
    for (const slot of this.#slots.values()) {
      slot.leave("the worker shuts down", ErrorUri.systemShutdown);
    }
    this.#slots.clear();
  }

  async #call(backend: string | null, call: AuthenticatorCall): Promise<unknown> {
    const { realm, role, signal } = call;
    const slot = this.#slot(backend, realm, role ?? DEFAULT_ROLE);
    const session = await abortable(slot.session(), signal);
    return session.call(call);
  }

  #slot(
    backend: string | null,
    realm: string,
    role: string,
    use: "requests" | "events" = "requests",
  ): Slot {
    const key = JSON.stringify([backend, realm, role, use]);
    const known = this.#slots.get(key);
    if (known !== undefined) {
      // Insertion order is the order of last use.
      this.#slots.delete(key);
      this.#slots.set(key, known);
      return known;
    }
    if (this.#isClosed) throw unavailable("the worker shuts down");
    const { routes, node, log } = this.#context;
    // A realm or role without a route is refused here, before it takes a slot.
    const route = backend === null ? routes.routeFor(realm, role) : routes.routeOver(backend);
    this.#freeSlot();
    const slot = new Slot(route, { realm, role, node }, log);
    this.#slots.set(key, slot);
    return slot;
  }

  /**
   * Frees a slot when all are taken: one whose session has never joined, or else the longest unused one.
   * So clients that ask for unknown realms do not displace the realms in use.
   */
  #freeSlot(): void {
    if (this.#slots.size < MAX_SLOTS) return;
    const slots = [...this.#slots];
    const [key, slot] =
      slots.find(([, other]) => !other.hasJoined) ??
      slots.find(([, other]) => other.isUnused) ??
      [];
    if (key === undefined) throw unavailable(`${MAX_SLOTS} realms and roles are in use`);
    this.#slots.delete(key);
    slot?.leave("its room is needed", ErrorUri.closeRealm);
  }
}

/** One connection, realm and role, with its session or the attempt to join. */
class Slot {
  readonly #route: Route;
  readonly #identity: ServiceIdentity;
  readonly #log: Logger;
  #session: Promise<ServiceSession> | undefined;
  #joined: ServiceSession | undefined;
  #hasJoined = false;
  #failures = 0;
  #notBefore = 0;
  /** The reason given to `leave`; undefined before. */
  #leaveReason: string | undefined;

  constructor(route: Route, identity: ServiceIdentity, log: Logger) {
    this.#route = route;
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

  /** The session, which joins if it has not; all callers wait for the same attempt. */
  session(): Promise<ServiceSession> {
    this.#session ??= this.#join();
    return this.#session;
  }

  leave(reason: string, uri: string): void {
    this.#leaveReason = reason;
    this.#session?.then(
      (session) => session.leave(reason, uri),
      () => {},
    );
  }

  async #join(): Promise<ServiceSession> {
    const { realm, role } = this.#identity;
    try {
      await Bun.sleep(Math.max(0, this.#notBefore - performance.now()));
      if (this.#leaveReason !== undefined) throw unavailable(this.#leaveReason);
      const failover = new Failover(this.#route);
      const session = await failover.next((backend) =>
        ServiceSession.join(backend, this.#identity),
      );
      this.#failures = 0;
      this.#hasJoined = true;
      this.#joined = session;
      this.#log.info("service session joined", { realm, authrole: role });
      void session.ended.then((reason) => {
        this.#session = undefined;
        this.#joined = undefined;
        if (this.#leaveReason !== undefined) return;
        this.#log.warn("service session lost", { realm, authrole: role, reason });
      });
      return session;
    } catch (thrown) {
      this.#session = undefined;
      const delay = Math.min(FIRST_DELAY_MS * 2 ** this.#failures, LONGEST_DELAY_MS);
      this.#failures += 1;
      this.#notBefore = performance.now() + delay;
      throw thrown;
    }
  }
}

function unavailable(state: string): Failure {
  return new Failure(`Cannot join as a service session: ${state}`, { source: "internal" });
}
