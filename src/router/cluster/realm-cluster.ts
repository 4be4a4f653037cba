/**
 * RealmCluster: a realm that other workers have too.
 *
 * It gives the broker of the realm what others publish, and holds requests back that need the others first. A realm without
 * `cluster` has none.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { withinTime } from "#base/within-time.ts";
import type { ClusterConfig } from "#config/realm/cluster-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { Broker } from "#router/broker.ts";
import type { BrokerCluster, RequestCluster } from "#router/cluster-links.ts";
import type { Publication } from "#router/publication.ts";
import type { RealmSession } from "#router/realm-session.ts";
import type { PublishRequest, Request } from "#router/requests.ts";
import type { Authorization, PendingAuthorization } from "#router/role.ts";
import type { Subscription } from "#router/subscription-map.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType, messageTypeName } from "#wamp/message-type.ts";
import type { ClusterEngine } from "./cluster-engine.ts";
import { CLUSTER_VERSION, ClusterTable } from "./cluster-table.ts";
import { PeerMessages } from "./peer-messages.ts";
import { SharedEvents } from "./shared-events.ts";
import { SharedRetained } from "./shared-retained.ts";
import { type OtherSessionsObserver, SharedSessions } from "./shared-sessions.ts";
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
  /** Those of this worker, by their ids. */
  readonly sessions: ReadonlyMap<number, RealmSession>;
  readonly observer: OtherSessionsObserver;
  readonly engine: ClusterEngine;
  readonly label: string;
  readonly log: Logger;
}

const META_PROCEDURES = ["wamp.session.", "wamp.subscription.", "wamp.registration."];

/** One realm among those of the same name on other workers. */
export class RealmCluster implements BrokerCluster, RequestCluster {
  readonly config: ClusterConfig;
  readonly sessions: SharedSessions;
  readonly #engine: ClusterEngine;
  readonly #table: ClusterTable;
  readonly #peers: PeerMessages;
  readonly #retained: SharedRetained;
  readonly #broker: Broker;
  readonly #events: SharedEvents;
  readonly #log: Logger;
  readonly #joined = Promise.withResolvers<void>();

  constructor(
    config: ClusterConfig,
    { realm, broker, sessions, observer, engine, label, log }: ClusterParts,
  ) {
    this.config = config;
    this.#engine = engine;
    this.#broker = broker;
    this.#log = log;
    const part = partOf(realm);
    const root = `${config.prefix}.${CLUSTER_VERSION}.${part}`;
    const { presence_timeout: presenceTimeoutMs } = config;
    this.#table = new ClusterTable(engine, { realm: part, label, presenceTimeoutMs, log });
    this.#peers = new PeerMessages(engine, root, this.#table.member, log);
    this.sessions = new SharedSessions(this.#table, this.#peers, sessions, observer);
    this.#events = new SharedEvents(engine, root, broker, log);
    this.#retained = new SharedRetained(broker.retained, this.#table, this.#peers, log);
    this.#table.observe({ current: () => this.#joined.resolve() });
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
    return this.#engine.name;
  }

  prepare(
    request: Request,
    authorized: Authorization | PendingAuthorization,
  ): Authorization | PendingAuthorization {
    if ("outcome" in authorized) {
      const outcome = authorized.outcome.then(async (authorization) => {
        await this.#prepare(request);
        return authorization;
      });
      return { outcome, cancel: () => authorized.cancel() };
    }
    const prepared = this.#prepare(request);
    if (prepared === undefined) return authorized;
    return { outcome: prepared.then(() => authorized), cancel() {} };
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
      this.#log.warn("meta event not sent", { topic: publication.topic, reason: thrown.message });
    }
  }

  unsubscribed(subscription: Subscription): void {
    this.#events.closeUnused(subscription);
  }

  /** The events of other patterns are kept than before. */
  configure(): void {
    this.#events.openAll(this.#broker.subscriptions.all());
  }

  /** The realm ends here. */
  async close(): Promise<void> {
    this.#events.close();
    this.#peers.close();
    await this.#table.close();
  }

  /** Undefined: nothing has to be waited for. */
  #prepare(request: Request): Promise<void> | undefined {
    const isApart = !this.#engine.isConnected;
    if (isApart && this.config.when_apart === "refuse") throw apart(request, this.servers);
    if (request.type === MessageType.SUBSCRIBE)
      return this.#events.open(request.uri, request.match);
    // What others did before the call is known when it is answered.
    if (request.type === MessageType.CALL && isAboutRealm(request.uri)) {
      return this.#table.caughtUp().catch(() => {});
    }
    // It would be kept here, though the others refuse it.
    if (request.type === MessageType.PUBLISH && request.options.retain) topicParts(request.uri);
    return undefined;
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
