/**
 * Composition root of a router worker: its realms, then the transports over which clients join them.
 *
 * @module
 */

import { loginOf } from "#auth/cookie.ts";
import type { SessionIdentity } from "#auth/session-identity.ts";
import { Failure } from "#base/failure.ts";
import { prepareTogether } from "#base/prepared-change.ts";
import { Jinja2Process } from "#component/jinja2-process.ts";
import type { RouterWorkerConfig } from "#config/node/worker-config.ts";
import type { SessionConfig } from "#config/options/session-config.ts";
import { SessionCounts } from "#observe/session-counts.ts";
import { RealmCaller } from "#router/realm-caller.ts";
import { RealmTable } from "#router/realm-table.ts";
import { RouterSession, type RouterSessionOptions } from "#router/router-session.ts";
import type { Peer, PeerHandler } from "#wamp/peer.ts";
import { FailedJoins } from "./failed-joins.ts";
import { RouterComponents } from "./router-components.ts";
import type { RunningWorker, WorkerContext } from "./running-worker.ts";
import { SessionTable } from "./session-table.ts";
import { WorkerAuthenticators } from "./worker-authenticators.ts";
import { WorkerClusters } from "./worker-clusters.ts";
import { WorkerTicketTokens } from "./worker-ticket-tokens.ts";
import { WorkerTransports } from "./worker-transports.ts";

/** Time for the sessions of components to end. */
const COMPONENTS_TIMEOUT_MS = 2_000;

/** Starts a router worker; resolves once every transport listens. */
export async function startRouterWorker(
  config: RouterWorkerConfig,
  context: WorkerContext,
): Promise<RunningWorker<RouterWorkerConfig>> {
  const clusters = new WorkerClusters(config.id, context.log);
  await clusters.load(config.realms);
  const realms = new RealmTable(config.realms, context.log, clusters);
  await realms.joinClusters();
  const caller = new RealmCaller(realms, context.log);

  const ticketTokens = new WorkerTicketTokens(context.log);
  (await ticketTokens.prepare(config.transports)).apply();
  const functionAuthenticators = new WorkerAuthenticators(context);
  const failedJoins = new FailedJoins(context.log);
  const sessions = new SessionTable<RouterSession>();
  /** Components stay until the clients have left, which may call them. */
  const ofComponents = new SessionTable<RouterSession>();
  const counts = new SessionCounts(context.tracer);
  const shared = {
    log: context.log,
    counts,
    authenticators: caller,
    functionAuthenticators,
    ticketTokens,
  };
  const ofClients = { ...shared, onEnd: (session: RouterSession) => sessions.remove(session) };
  /** What the sessions of one transport have in common. */
  const sharedOptions = new WeakMap<SessionConfig, RouterSessionOptions>();
  const accept = (peer: Peer, config: SessionConfig): PeerHandler => {
    const { auth, joining, options } = config;
    if (auth === "passthrough") {
      throw new Failure("Cannot pass authentication through: a router authenticates by itself", {
        source: "internal",
      });
    }
    const limit = joining?.max_auth_failures_per_minute ?? 0;
    const failedAttempts = failedJoins.of(peer.details.peer, limit);
    const { max_connection_age: maxAgeMs } = options;
    const ofTransport = sharedOptions.get(config) ?? { ...ofClients, joining, maxAgeMs };
    sharedOptions.set(config, ofTransport);
    const session = failedAttempts === undefined ? ofTransport : { ...ofTransport, failedAttempts };
    return sessions.add(new RouterSession(peer, auth, realms, session));
  };

  const acceptComponent = (peer: Peer, identity: SessionIdentity) => {
    const onEnd = (session: RouterSession) => ofComponents.remove(session);
    return ofComponents.add(new RouterSession(peer, {}, realms, { ...shared, identity, onEnd }));
  };
  const components =
    config.components && new RouterComponents(config.components, acceptComponent, context);
  const [authenticators] = await Promise.all([
    functionAuthenticators.prepare(config.authenticators, false),
    components?.start(),
  ]);
  authenticators.apply();
  const endPython = () => Promise.all([components?.shutdown(), functionAuthenticators.shutdown()]);

  const jinja2 = config.templates && new Jinja2Process(config.templates, context);
  const ownServices = { wampCaller: caller, recallLogin: loginOf, ...(jinja2 && { jinja2 }) };
  const serviceContext = { ...context, ...ownServices };
  const { runFolder = null } = context;
  const starting = WorkerTransports.start(config.transports, accept, serviceContext, runFolder);
  const transports = await starting.catch(async (thrown: unknown) => {
    jinja2?.end();
    ticketTokens.close();
    await endPython();
    throw thrown;
  });
  return {
    urls: transports.urls,
    counts,
    sessions,
    transports,
    routers: reachOf(realms),
    figures: () => ({ sessions: counts.figures(sessions.size + ofComponents.size), routers: [] }),
    prepare: ({ config: next, isForced }) =>
      prepareTogether([
        async () => {
          await clusters.load(next.realms);
          return { apply: () => realms.configure(next.realms), abandon() {} };
        },
        () => functionAuthenticators.prepare(next.authenticators, isForced),
        () => ticketTokens.prepare(next.transports),
        () => transports.prepare(next.transports, isForced),
      ]),
    renewCertificates: () => transports.renewCertificates(),
    async shutdown(drainMs = 0) {
      await transports.drain(sessions, drainMs);
      const left = ofComponents.shutdown(COMPONENTS_TIMEOUT_MS);
      await Promise.all([transports.stop(sessions), left, endPython()]);
      jinja2?.end();
      ticketTokens.close();
      await realms.leaveClusters();
      await clusters.close();
    },
  };
}

/** The clusters that cannot be reached count as routers that cannot. */
function reachOf(realms: RealmTable): NonNullable<RunningWorker["routers"]> {
  return {
    figures: () => [],
    reach: async () =>
      realms.clusters().map(({ realm, servers, isCurrent }) => ({
        realm,
        role: "*",
        reachable: isCurrent ? [servers] : [],
        unreachable: isCurrent ? [] : [servers],
        markedDown: [],
      })),
    backends: () => [],
    mark() {},
  };
}
