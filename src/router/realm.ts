/**
 * A realm: its sessions and roles, its broker and its dealer.
 *
 * @module
 */

import type { ClusterConfig } from "#config/realm/cluster-config.ts";
import type { RealmConfig, RoleConfig, StatsConfig } from "#config/realm/realm-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { OutgoingRequests } from "#session/outgoing-requests.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { AuthorizerCalls } from "./authorizer-calls.ts";
import { AuthorizerRole } from "./authorizer-role.ts";
import { Broker } from "./broker.ts";
import { CallQueue } from "./call-queue.ts";
import { type ClusterEngines, type ClusterParts, RealmCluster } from "./cluster/realm-cluster.ts";
import { ConfiguredRole } from "./configured-role.ts";
import { Dealer } from "./dealer.ts";
import { DEFAULT_CHUNK_SIZE } from "./event-dispatch.ts";
import { openInternalSession } from "./internal-session.ts";
import { MetaApi } from "./meta-api.ts";
import type { MetaRealm } from "./meta-procedure.ts";
import { PermissionRole, TRUSTED } from "./permission.ts";
import type { ListedSession, RealmSession } from "./realm-session.ts";
import type { Role } from "./role.ts";
import { ROUTER_ROLES, ROUTER_ROLES_WITHOUT_META_API } from "./router-features.ts";
import { type PublishedStats, SessionStats } from "./session-stats.ts";

/** Most questions to authorizers that wait for their answers at once. */
const MAX_QUESTIONS = 10_000;

const NO_OTHERS: ReadonlyMap<number, ListedSession> = new Map();

/** A routing namespace; no message crosses from one realm to another. */
export class Realm implements MetaRealm {
  readonly name: string;
  readonly broker: Broker;
  readonly dealer: Dealer;
  /** Undefined: no other worker has the realm. */
  readonly cluster: RealmCluster | undefined;
  /** Undefined: a call of callees that are busy is refused. */
  callQueue: CallQueue | undefined;
  checksStrictly = false;
  /** When the counts of sessions are published that join from now on; undefined: never. */
  #stats: StatsConfig | undefined;
  readonly #meta: MetaApi;
  readonly #log: Logger;
  readonly #service: OutgoingRequests;
  readonly #authorizers = new Map<string, AuthorizerCalls>();
  /** Those that a session has had. */
  readonly #roles = new Map<string, ConfiguredRole>();
  /** The configuration of each role that has one. */
  #configs: ReadonlyMap<string, RoleConfig> = new Map();
  readonly #sessions = new Map<number, RealmSession>();

  /** `engines` connect a realm with `cluster` to other workers. */
  constructor(config: RealmConfig, log: Logger, engines?: ClusterEngines) {
    this.name = config.name;
    this.#log = log;
    this.#meta = new MetaApi(this, log);
    this.broker = new Broker(this.#meta);
    this.dealer = new Dealer(log, this.#meta);
    const options = { role: TRUSTED, log, maxRequests: MAX_QUESTIONS };
    this.#service = openInternalSession(this, options);
    const { broker, dealer } = this;
    const role = (wanted: string) => this.componentRole(wanted);
    const own = { sessions: this.#sessions, observer: this.#meta, role, log };
    const parts = { realm: config.name, broker, dealer, ...own };
    this.cluster = openCluster(config.cluster, parts, engines);
    this.broker.cluster = this.cluster;
    this.dealer.cluster = this.cluster;
    this.configure(config);
  }

  /** Sets the roles, also for sessions that have joined: those of a role that is removed may do nothing more. */
  configure({ roles, options, history = [], stats, queues }: RealmConfig): void {
    this.#stats = stats;
    this.#meta.isEnabled = options?.enable_meta_api ?? true;
    this.dealer.timeLimits = {
      default: options?.default_call_timeout ?? 0,
      most: options?.max_call_timeout ?? 0,
    };
    if (queues !== undefined) this.callQueue ??= new CallQueue(this.dealer);
    this.callQueue?.configure(queues ?? []);
    this.checksStrictly = options?.uri_check === "strict";
    this.broker.events.chunkSize = options?.event_dispatching_chunk_size ?? DEFAULT_CHUNK_SIZE;
    this.broker.subscriptions.keepEvents(history);
    this.cluster?.configure();
    const before = this.#configs;
    this.#configs = new Map(roles.map((role) => [role.name, role]));
    for (const [name, role] of this.#roles) {
      const isSame = Bun.deepEquals(this.#configs.get(name), before.get(name));
      if (isSame) role.forgetDecisions();
      else role.replaceRules(this.#rulesOf(name));
    }
  }

  /** Ends every session: the realm is removed. */
  close(): void {
    for (const session of [...this.#sessions.values()]) session.goodbye(ErrorUri.closeRealm);
    void this.cluster?.close();
  }

  /** The roles and features for WELCOME. */
  get announced(): Record<string, unknown> {
    return this.#meta.isEnabled ? ROUTER_ROLES : ROUTER_ROLES_WITHOUT_META_API;
  }

  /** Whether its cluster has this configuration; undefined: it is in none. */
  hasCluster(config: ClusterConfig | undefined): boolean {
    return Bun.deepEquals(config, this.cluster?.config);
  }

  /** Whether a session is joined, or something of this worker has subscribed. */
  get isUsed(): boolean {
    if (this.#sessions.size > 0) return true;
    return [...this.broker.subscriptions.all()].some(({ isSubscribed }) => isSubscribed);
  }

  /** How many sessions are joined. */
  get size(): number {
    return this.#sessions.size;
  }

  /**
   * The role of a client; undefined: the realm has none of this name. As in Crossbar, every realm has `trusted`,
   * which may do everything, and `anonymous`, which may do nothing unless it is configured.
   */
  role(name: string): Role | undefined {
    const isKnown = this.#configs.has(name) || name === TRUSTED.name || name === "anonymous";
    return isKnown ? this.componentRole(name) : undefined;
  }

  /** The role of a component, which, as in Crossbar, need not exist: it may do nothing then. */
  componentRole(name: string): Role {
    const known = this.#roles.get(name);
    if (known !== undefined) return known;
    const role = new ConfiguredRole(name, this.#rulesOf(name));
    this.#roles.set(name, role);
    return role;
  }

  /** The joined sessions by their ids. */
  get sessions(): ReadonlyMap<number, RealmSession> {
    return this.#sessions;
  }

  /** The sessions of other workers by their ids. */
  get otherSessions(): ReadonlyMap<number, ListedSession> {
    return this.cluster?.sessions.others ?? NO_OTHERS;
  }

  /** The counts of a session that is to join; undefined: nobody counts. */
  statsOf(session: RealmSession): SessionStats | undefined {
    if (this.#stats === undefined) return undefined;
    const publish = (stats: PublishedStats) => this.#meta.counted(session, stats);
    return new SessionStats(this.#stats, session.serializer, publish);
  }

  join(session: RealmSession): void {
    this.#sessions.set(session.id, session);
    this.cluster?.sessions.joined(session);
    this.#meta.joined(session);
  }

  leave(session: RealmSession): void {
    if (!this.#sessions.delete(session.id)) return;
    this.broker.leave(session);
    this.callQueue?.leave(session);
    this.dealer.leave(session);
    session.role.left?.(session);
    this.#meta.left(session);
    this.cluster?.sessions.left(session);
  }

  #rulesOf(name: string): PermissionRole | AuthorizerRole {
    const config = this.#configs.get(name);
    if (config === undefined && name === TRUSTED.name) return TRUSTED;
    const { permissions = [], authorizer } = config ?? {};
    return authorizer === undefined
      ? new PermissionRole({ name, permissions })
      : new AuthorizerRole(name, authorizer, this.#callsOf(authorizer.authorizer), this.#log);
  }

  /** Roles with the same authorizer share its calls. */
  #callsOf(authorizer: string): AuthorizerCalls {
    const calls =
      this.#authorizers.get(authorizer) ?? new AuthorizerCalls(authorizer, this.#service);
    this.#authorizers.set(authorizer, calls);
    return calls;
  }
}

function openCluster(
  config: ClusterConfig | undefined,
  parts: Omit<ClusterParts, "engine" | "label">,
  engines: ClusterEngines | undefined,
): RealmCluster | undefined {
  if (config === undefined || engines === undefined) return undefined;
  return new RealmCluster(config, { ...parts, engine: engines.of(config), label: engines.label });
}
