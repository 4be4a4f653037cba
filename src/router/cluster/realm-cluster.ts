/**
 * RealmCluster: a realm that other workers have too.
 *
 * It gives the broker of the realm what others publish, and its dealer the callees of others, and holds requests back
 * that need the others first. A realm without `cluster` has none.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { withinTime } from "#base/within-time.ts";
import type { ClusterConfig } from "#config/realm/cluster-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { Broker } from "#router/broker.ts";
import type {
  BrokerCluster,
  ClusterObserver,
  DealerCluster,
  LostRegistration,
  MetaCluster,
  RequestCluster,
  SharedTestament,
} from "#router/cluster-links.ts";
import type { Dealer } from "#router/dealer.ts";
import { LeftOutMessages } from "#router/left-out-messages.ts";
import type { Publication } from "#router/publication.ts";
import type { RealmSession } from "#router/realm-session.ts";
import type { Registration } from "#router/registration-map.ts";
import type { PublishRequest, Request } from "#router/requests.ts";
import type { Authorization, PendingAuthorization, Role } from "#router/role.ts";
import type { Subscription } from "#router/subscription-map.ts";
import type { MatchPolicy } from "#router/uri-match.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType, messageTypeName } from "#wamp/message-type.ts";
import type { ClusterEngine } from "./cluster-engine.ts";
import { CLUSTER_VERSION, ClusterTable } from "./cluster-table.ts";
import { HashedIds } from "./hashed-ids.ts";
import { PeerCalls } from "./peer-calls.ts";
import { PeerKind, PeerMessages } from "./peer-messages.ts";
import { PeerQuestions, type Question } from "./peer-questions.ts";
import { RemoteCaller } from "./remote-caller.ts";
import { SharedEvents } from "./shared-events.ts";
import { SharedRegistrations } from "./shared-registrations.ts";
import { SharedRetained } from "./shared-retained.ts";
import { SharedSessions } from "./shared-sessions.ts";
import { SharedSubscriptions } from "./shared-subscriptions.ts";
import { SharedTestaments } from "./shared-testaments.ts";
import { partOf, topicParts } from "./subjects.ts";

/** What opens the engines of a worker. */
export interface ClusterEngines {
  /** The same for each realm with this configuration. */
  of(config: ClusterConfig): ClusterEngine;
  /** A name of the worker, for others. */
  readonly label: string;
}

/** What a realm with `cluster` has besides its configuration. */
export interface ClusterParts {
  readonly realm: string;
  readonly broker: Broker;
  readonly dealer: Dealer;
  readonly engine: ClusterEngine;
  readonly label: string;
  readonly log: Logger;
  /** Those of this worker, by their ids. */
  readonly sessions: ReadonlyMap<number, RealmSession>;
  /** The meta API. */
  readonly observer: ClusterObserver;
  /** The role of a session of another worker. */
  role(name: string): Role;
}

const META_PROCEDURES = ["wamp.session.", "wamp.subscription.", "wamp.registration."];

/** One realm among those of the same name on other workers. */
export class RealmCluster implements BrokerCluster, DealerCluster, MetaCluster, RequestCluster {
  readonly config: ClusterConfig;
  readonly #parts: ClusterParts;
  readonly #table: ClusterTable;
  readonly #peers: PeerMessages;
  readonly #events: SharedEvents;
  readonly #retained: SharedRetained;
  readonly #registrations: SharedRegistrations;
  readonly #testaments: SharedTestaments;
  readonly sessions: SharedSessions;
  readonly subscriptions: SharedSubscriptions;
  readonly #joined = Promise.withResolvers<void>();

  constructor(config: ClusterConfig, parts: ClusterParts) {
    this.config = config;
    this.#parts = parts;
    const { realm, broker, dealer, engine, label, log } = parts;
    const part = partOf(realm);
    const root = `${config.prefix}.${CLUSTER_VERSION}.${part}`;
    const { presence_timeout: presenceTimeoutMs, prefer_local: prefersLocal } = config;
    const table = new ClusterTable(engine, { realm: part, label, presenceTimeoutMs, log });
    const peers = new PeerMessages(engine, root, table.member, log);
    this.#table = table;
    this.#peers = peers;
    broker.subscriptions.ids = new HashedIds("subscription");
    dealer.registrations.ids = new HashedIds("registration");
    this.#events = new SharedEvents(engine, root, broker, log);
    this.#retained = new SharedRetained(broker.retained, table, peers, log);
    const role = (name: string) => parts.role(name);
    const calls = new PeerCalls({ realm, table, peers, dealer, prefersLocal, log, role });
    dealer.choose = calls.choose;
    this.#registrations = new SharedRegistrations({
      table,
      dealer,
      log,
      standIn: (callee) => calls.standIn(callee),
      forget: (callee) => calls.forget(callee),
      lost: (callee, registration) => parts.observer.lostRegistration(callee, registration),
    });
    const questions = new PeerQuestions(table, peers, presenceTimeoutMs, (question, id) =>
      this.#answer(question, id),
    );
    this.subscriptions = new SharedSubscriptions({ table, questions, own: broker.subscriptions });
    this.sessions = new SharedSessions(table, peers, parts.sessions, parts.observer);
    this.#testaments = new SharedTestaments({
      table,
      log,
      publish: ({ id, authid, authrole }, testament) => {
        const nobody = { realm, authmethod: null, authprovider: null, authextra: {} };
        const identity = { ...nobody, authid, authrole };
        const session = new RemoteCaller(identity, new LeftOutMessages(log, { realm }), () => {});
        session.id = id;
        parts.observer.publishTestament(session, testament);
      },
      taken: (id) => {
        const session = parts.sessions.get(id);
        if (session !== undefined) parts.observer.testamentsTaken(session);
      },
    });
    peers.on(PeerKind.revoke, (_, [kind, pattern, session, reason]) => {
      this.#revoke(kind, Number(pattern), Number(session), reason);
    });
    table.observe({ current: () => this.#joined.resolve() });
  }

  /** Waits until the others are known, as long as one may take to be missed. */
  async join(): Promise<void> {
    await withinTime(this.#joined.promise, this.config.presence_timeout);
  }

  /** Whether the other workers can be reached. */
  get isCurrent(): boolean {
    return this.#table.isCurrent;
  }

  /** The servers of the engine, for sentences. */
  get servers(): string {
    return this.#parts.engine.name;
  }

  prepare(
    session: RealmSession,
    request: Request,
    authorized: Authorization | PendingAuthorization,
  ): Authorization | PendingAuthorization {
    if ("outcome" in authorized) {
      const outcome = authorized.outcome.then(async (authorization) => {
        await this.#prepare(session, request);
        return authorization;
      });
      const cancel = () => {
        authorized.cancel();
        this.#cancel(session, request);
      };
      return { outcome, cancel };
    }
    const prepared = this.#prepare(session, request);
    if (prepared === undefined) return authorized;
    const outcome = prepared.then(() => authorized);
    return { outcome, cancel: () => this.#cancel(session, request) };
  }

  publish(publication: Publication, options: PublishRequest["options"]): void {
    this.#events.publish(publication, options);
    if (options.retain === true) this.#retained.add(publication, options);
  }

  whenPublished(published: () => void, failed: (failure: Failure) => void): void {
    this.#events.whenPublished(published, failed);
  }

  publishMetaEvent(publication: Publication): void {
    try {
      this.#events.publish(publication, {});
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      const { topic } = publication;
      this.#parts.log.warn("meta event not sent", { topic, reason: thrown.message });
    }
  }

  subscribed(subscription: Subscription): void {
    // It may have been closed while the request waited: for an event, or another session that left.
    void this.#events.open(subscription.uri, subscription.match);
    this.subscriptions.subscribed(subscription);
  }

  unsubscribed(subscription: Subscription): void {
    if (!subscription.isSubscribed) this.subscriptions.unsubscribed(subscription);
    this.#events.closeUnused(subscription);
  }

  createdAt(uri: string, match: MatchPolicy): number | undefined {
    return this.#registrations.createdAt(uri, match);
  }

  registered(registration: Registration): void {
    this.#registrations.sort(registration);
  }

  unregistered(callee: RealmSession, { uri, match, invoke }: LostRegistration): void {
    this.#registrations.release(callee, uri, match, invoke);
  }

  /** The events of other patterns are kept than before. */
  configure(): void {
    this.#events.openAll(this.#parts.broker.subscriptions.all());
  }

  setTestaments(session: RealmSession, testaments: readonly SharedTestament[]): void {
    this.#testaments.set(session, testaments);
  }

  /** The realm ends here. */
  async close(): Promise<void> {
    this.#events.close();
    this.#peers.close();
    await this.#registrations.close();
    await this.#table.close();
  }

  #answer(question: Question, id: number): number[] {
    const { subscriptions } = this.#parts.broker;
    if (question === "subscribers") {
      return [...(subscriptions.byId(id)?.subscribers ?? [])].map((one) => one.id);
    }
    const session = this.#parts.sessions.get(id);
    const all = session === undefined ? [] : [...subscriptions.all()];
    return all.flatMap((one) => (session && one.has(session) ? [one.id] : []));
  }

  /** Another worker wants that a session of this one loses a subscription or a registration. */
  #revoke(kind: unknown, pattern: number, id: number, reason: unknown): void {
    const { broker, dealer } = this.#parts;
    const session = this.#parts.sessions.get(id);
    if (session === undefined) return;
    const text = typeof reason === "string" ? reason : undefined;
    const subscription = broker.subscriptions.byId(pattern);
    const registration = dealer.registrations.byId(pattern);
    if (kind === "subscription" && subscription) broker.revoke(session, subscription, text);
    if (kind === "registration" && registration) dealer.revoke(session, registration, text);
  }

  /** The session of a request that waits is over. */
  #cancel(session: RealmSession, request: Request): void {
    if (request.type !== MessageType.REGISTER) return;
    this.#registrations.release(session, request.uri, request.match);
  }

  /** Undefined: nothing has to be waited for. */
  #prepare(session: RealmSession, request: Request): Promise<void> | undefined {
    const isApart = !this.#parts.engine.isConnected;
    if (isApart && this.config.when_apart === "refuse") throw apart(request, this.servers);
    switch (request.type) {
      case MessageType.CALL:
        return this.#lookAgain(request.uri);
      case MessageType.SUBSCRIBE:
        return this.#events.open(request.uri, request.match);
      case MessageType.REGISTER:
        return this.#registrations.claim(session, request);
      case MessageType.PUBLISH:
        // It would be kept here, though the others refuse it.
        if (request.options.retain) topicParts(request.uri);
    }
    return undefined;
  }

  /** A procedure that is not known may have been registered a moment ago; what others did, the meta API tells. */
  #lookAgain(procedure: string): Promise<void> | undefined {
    const { registrations } = this.#parts.dealer;
    if (registrations.get(procedure, "exact") !== undefined) return undefined;
    const isOfRouter = procedure.startsWith("wamp.");
    const isKnown = isOfRouter
      ? !isAboutRealm(procedure)
      : registrations.matches(procedure).length > 0;
    return isKnown || !this.isCurrent ? undefined : this.#table.caughtUp().catch(() => {});
  }
}

/** Whether it is a procedure of the meta API. */
function isAboutRealm(uri: string): boolean {
  return META_PROCEDURES.some((first) => uri.startsWith(first));
}

function apart({ type }: Request, servers: string): Failure {
  const state = `no server of ${servers} can be reached`;
  return new Failure(`Cannot accept ${messageTypeName(type)}: ${state}`, {
    source: "router",
    uri: ErrorUri.unavailable,
  });
}
