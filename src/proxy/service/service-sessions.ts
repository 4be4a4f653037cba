/**
 * ServiceSessions: the proxy's own sessions, one for each realm and role that is called on.
 *
 * A session joins when it is called on for the first time and stays. When it is lost, the next call
 * lets it join again; after an attempt that failed, not before a while has passed, which the call
 * waits for. (Crossbar keeps a session that is lost, and every call over it fails.)
 *
 * @module
 */

import type { AuthenticatorCall, Authenticators } from "#auth/authenticators.ts";
import { abortable } from "#base/abortable.ts";
import { Failure } from "#base/failure.ts";
import type { Logger } from "#observe/logger.ts";
import { Failover, type Route } from "#proxy/routing/route.ts";
import type { RouteTable } from "#proxy/routing/route-table.ts";
import type { NodeCredentials } from "#proxy/routing/router-hello.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { WampAnswer, WampCaller, WampRequest } from "#wamp/wamp-caller.ts";
import { type ServiceIdentity, ServiceSession } from "./service-session.ts";

/** Realms may be what clients ask for, so that their number is bounded here. */
const MAX_PLACES = 256;

/** Wait after the first attempt that fails; each further one doubles it. */
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2_000;

/** The role of a service session that has none of its own, as in Crossbar. */
const DEFAULT_ROLE = "trusted";

/** What a worker has for its service sessions. */
export interface ServiceContext {
  routes: RouteTable;
  node: NodeCredentials;
  log: Logger;
}

/** All service sessions of a proxy worker. */
export class ServiceSessions implements WampCaller {
  readonly #context: ServiceContext;
  readonly #places = new Map<string, Place>();
  #isClosed = false;

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  /** Authenticators behind one connection (`websocket-proxy`); null: where the routes lead. */
  through(backend: string | null): Authenticators {
    return {
      log: this.#context.log,
      call: (call) => this.#call(backend, call),
    };
  }

  /** Calls or publishes where the routes lead, for Web services. */
  async request(request: WampRequest): Promise<WampAnswer> {
    const place = this.#place(null, request.realm, request.role);
    const session = await abortable(place.session(), request.signal);
    return session.request(request);
  }

  /** Leaves every router; nothing joins again. */
  shutdown(): void {
    this.#isClosed = true;
    for (const place of this.#places.values()) {
      place.leave("the worker shuts down", ErrorUri.systemShutdown);
    }
    this.#places.clear();
  }

  async #call(backend: string | null, call: AuthenticatorCall): Promise<unknown> {
    const { realm, role, signal } = call;
    const place = this.#place(backend, realm, role ?? DEFAULT_ROLE);
    const session = await abortable(place.session(), signal);
    return session.call(call);
  }

  #place(backend: string | null, realm: string, role: string): Place {
    const key = JSON.stringify([backend, realm, role]);
    const known = this.#places.get(key);
    if (known !== undefined) {
      // Those that were used last stand last.
      this.#places.delete(key);
      this.#places.set(key, known);
      return known;
    }
    if (this.#isClosed) throw unavailable("the worker shuts down");
    const { routes, node, log } = this.#context;
    // A realm or a role without a route is no place, and takes none.
    const route = backend === null ? routes.routeFor(realm, role) : routes.routeOver(backend);
    this.#makeRoom();
    const place = new Place(route, { realm, role, node }, log);
    this.#places.set(key, place);
    return place;
  }

  /**
   * Whoever asks for realms that nobody knows must not keep others from being asked about: a place where
   * no session has ever joined goes first, then one that is not used.
   */
  #makeRoom(): void {
    if (this.#places.size < MAX_PLACES) return;
    const places = [...this.#places];
    const [key, place] =
      places.find(([, one]) => !one.hasJoined) ?? places.find(([, one]) => one.isUnused) ?? [];
    if (key === undefined) throw unavailable(`${MAX_PLACES} realms and roles are in use`);
    this.#places.delete(key);
    place?.leave("its room is needed", ErrorUri.closeRealm);
  }
}

/** One realm and role, with its session or the attempt to have one. */
class Place {
  readonly #route: Route;
  readonly #who: ServiceIdentity;
  readonly #log: Logger;
  #session: Promise<ServiceSession> | undefined;
  #joined: ServiceSession | undefined;
  #hasJoined = false;
  #failures = 0;
  #notBefore = 0;
  /** Why it was left; undefined: it was not. */
  #leftFor: string | undefined;

  constructor(route: Route, who: ServiceIdentity, log: Logger) {
    this.#route = route;
    this.#who = who;
    this.#log = log;
  }

  /** Whether there has ever been a session. */
  get hasJoined(): boolean {
    return this.#hasJoined;
  }

  /** Whether there is neither an attempt nor a session that is used. */
  get isUnused(): boolean {
    return this.#session === undefined || this.#joined?.isUnused === true;
  }

  /** The session, which joins if need be; several callers wait for one attempt. */
  session(): Promise<ServiceSession> {
    this.#session ??= this.#join();
    return this.#session;
  }

  leave(reason: string, uri: string): void {
    this.#leftFor = reason;
    this.#session?.then(
      (session) => session.leave(reason, uri),
      () => {},
    );
  }

  async #join(): Promise<ServiceSession> {
    const { realm, role } = this.#who;
    try {
      await Bun.sleep(Math.max(0, this.#notBefore - performance.now()));
      if (this.#leftFor !== undefined) throw unavailable(this.#leftFor);
      const failover = new Failover(this.#route);
      const session = await failover.next((backend) => ServiceSession.join(backend, this.#who));
      this.#failures = 0;
      this.#hasJoined = true;
      this.#joined = session;
      this.#log.info("service session joined", { realm, authrole: role });
      void session.ended.then((reason) => {
        this.#session = undefined;
        this.#joined = undefined;
        if (this.#leftFor !== undefined) return;
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
