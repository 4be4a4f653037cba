/**
 * ServiceSessions: the proxy's own sessions, one for each connection, realm and role that is used, and another one
 * for its subscriptions. Clients that a Web service has authenticated have sessions of their own.
 *
 * A session joins at its first call, publication or subscription. It stays joined, unless it is a client's and
 * is not used any more. When it is lost, the next request makes it join again. After a failed attempt there is a
 * delay, for which requests wait. (Crossbar keeps a session that is lost, and every call over it fails.)
 *
 * @module
 */

import type { AuthenticatorCall, Authenticators } from "#auth/authenticators.ts";
import { abortable } from "#base/abortable.ts";
import { withinTime } from "#base/within-time.ts";
import type { Logger } from "#observe/logger.ts";
import type { RealmRoutes } from "#proxy/routing/realm-routes.ts";
import type { NodeCredentials } from "#proxy/routing/router-join-messages.ts";
import type {
  OpenSubscription,
  WampAnswer,
  WampCaller,
  WampPrincipal,
  WampRequest,
  WampSubscription,
} from "#wamp/wamp-caller.ts";
import { SessionSlot } from "./session-slot.ts";
import { SessionSlots } from "./session-slots.ts";

/** Clients may choose the realms, so the number of sessions is limited. */
const OWN = { most: 256, name: "realms and roles", idleMs: 0 };

/** Sessions in the names of clients, apart from the others, so that many clients do not displace those. */
const OF_CLIENTS = { most: 4_096, name: "sessions of clients", idleMs: 60_000 };

/** The role of a service session for which none is configured, as in Crossbar. */
const DEFAULT_ROLE = "trusted";

/** What the service sessions of a worker share. */
export interface ServiceContext {
  routes: RealmRoutes;
  node: NodeCredentials;
  log: Logger;
}

/** What a session is for. */
interface Purpose {
  /** The connection; null: the routes lead to it. */
  backend: string | null;
  realm: string;
  role: string;
  principal?: WampPrincipal | undefined;
  /** A session does not get the events that it publishes itself, so that subscriptions have another one. */
  use: "requests" | "events";
}

/** All service sessions of a proxy worker. */
export class ServiceSessions implements WampCaller {
  #context: ServiceContext;
  readonly #own = new SessionSlots(OWN);
  readonly #ofClients = new SessionSlots(OF_CLIENTS);
  /** Requests of Web services that have no answer yet. */
  #unanswered = 0;
  #allAnswered: PromiseWithResolvers<void> | undefined;

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
    const { realm, role, principal, signal } = request;
    this.#unanswered += 1;
    try {
      const slot = this.#slot({ backend: null, realm, role, principal, use: "requests" });
      const session = slot.joined ?? (await abortable(slot.session(), signal));
      return await session.request(request);
    } finally {
      this.#unanswered -= 1;
      if (this.#unanswered === 0) this.#allAnswered?.resolve();
    }
  }

  /** Waits until all requests of Web services have their answers, or the time is over. */
  async untilAnswered(timeoutMs: number): Promise<void> {
    if (this.#unanswered === 0) return;
    this.#allAnswered ??= Promise.withResolvers<void>();
    await withinTime(this.#allAnswered.promise, timeoutMs);
  }

  /** Subscribes over the routes, for Web services. */
  async subscribe(subscription: WampSubscription): Promise<OpenSubscription> {
    const { realm, role, principal, pattern, receiver } = subscription;
    const slot = this.#slot({ backend: null, realm, role, principal, use: "events" });
    const session = await slot.session();
    return session.subscribe(pattern, receiver);
  }

  /**
   * Requests go over these routes from now on, and none over a router that is marked down, but for those that have begun.
   */
  use(routes: RealmRoutes, node: NodeCredentials): void {
    this.#context = { ...this.#context, routes, node };
    for (const slots of [this.#own, this.#ofClients]) {
      for (const slot of slots.all()) slot.reroute();
    }
  }

  /** Leaves every router; no session joins again. */
  shutdown(): void {
    this.#own.close();
    this.#ofClients.close();
  }

  async #call(backend: string | null, call: AuthenticatorCall): Promise<unknown> {
    const { realm, role, signal } = call;
    const slot = this.#slot({ backend, realm, role: role ?? DEFAULT_ROLE, use: "requests" });
    const session = slot.joined ?? (await abortable(slot.session(), signal));
    return session.call(call);
  }

  #slot(purpose: Purpose): SessionSlot {
    const { backend, realm, role, principal } = purpose;
    const key = keyOf(purpose);
    const slots = principal === undefined ? this.#own : this.#ofClients;
    return slots.get(key, () => {
      const way = () => {
        const { routes, node } = this.#context;
        const route = backend === null ? routes.routeFor(realm, role) : routes.routeOver(backend);
        return { route, node };
      };
      // A realm or role without a route is refused here, before it takes a slot.
      way();
      return new SessionSlot(way, { realm, role, principal }, this.#context.log);
    });
  }
}

/** A session serves what has the same key; no realm or role has a NUL. */
function keyOf({ backend, realm, role, principal, use }: Purpose): string {
  if (principal === undefined) return `${use}\0${backend ?? ""}\0${realm}\0${role}`;
  const { authid, authmethod, authprovider } = principal;
  return JSON.stringify([backend, realm, role, use, authid, authmethod, authprovider]);
}
