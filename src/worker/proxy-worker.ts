/**
 * Composition root of a proxy worker: the connections to the routers and the authenticators first, the
 * transports last, so that nothing listens before all that it needs is there.
 *
 * @module
 */

import { loginOf } from "#auth/cookie.ts";
import { type PreparedChange, prepareTogether } from "#base/prepared-change.ts";
import { Jinja2Process } from "#component/jinja2-process.ts";
import type { ProxyWorkerConfig } from "#config/node/worker-config.ts";
import type { SessionConfig } from "#config/options/session-config.ts";
import { SessionCounts } from "#observe/session-counts.ts";
import { RealmRoutes } from "#proxy/routing/realm-routes.ts";
import { nodeCredentials } from "#proxy/routing/router-join-messages.ts";
import { ServiceSessions } from "#proxy/service/service-sessions.ts";
import { FrontendSession } from "#proxy/session/frontend-session.ts";
import type { FrontendContext } from "#proxy/session/session-teardown.ts";
import type { Peer } from "#wamp/peer.ts";
import { FailedJoins } from "./failed-joins.ts";
import type { RunningWorker, WorkerContext } from "./running-worker.ts";
import { SessionTable } from "./session-table.ts";
import { WorkerAuthenticators } from "./worker-authenticators.ts";
import { WorkerTicketTokens } from "./worker-ticket-tokens.ts";
import { WorkerTransports } from "./worker-transports.ts";

const GOODBYE_TIMEOUT_MS = 1_000;

/** Starts a proxy worker; resolves once every transport listens. */
export async function startProxyWorker(
  config: ProxyWorkerConfig,
  context: WorkerContext,
): Promise<RunningWorker<ProxyWorkerConfig>> {
  const routes = new RealmRoutes(config, context.log);
  routes.mark(context.downMarks ?? []);
  const node = nodeCredentials(context.nodeInfo.nodeId, context.nodeKey ?? null);
  const services = new ServiceSessions({ routes, node, log: context.log });

  const ticketTokens = new WorkerTicketTokens(context.log);
  (await ticketTokens.prepare(config.transports)).apply();
  const functionAuthenticators = new WorkerAuthenticators(context);
  (await functionAuthenticators.prepare(config.authenticators, false)).apply();

  const failedJoins = new FailedJoins(context.log);
  const sessions = new SessionTable<FrontendSession>();
  const counts = new SessionCounts(context.tracer);
  const shared = {
    log: context.log,
    node,
    routes,
    services,
    functionAuthenticators,
    ticketTokens,
    failedAttempts: ({ details }: Peer, perMinute: number) =>
      failedJoins.of(details.peer, perMinute),
    goodbyeTimeoutMs: GOODBYE_TIMEOUT_MS,
    counts,
    onEnd: (session: FrontendSession) => sessions.remove(session),
  };
  const accept = (client: Peer, session: SessionConfig) =>
    sessions.add(new FrontendSession(client, session, shared));

  const jinja2 = config.templates && new Jinja2Process(config.templates, context);
  const ownServices = { wampCaller: services, recallLogin: loginOf, ...(jinja2 && { jinja2 }) };
  const serviceContext = { ...context, ...ownServices };
  const { runFolder = null } = context;
  const starting = WorkerTransports.start(config.transports, accept, serviceContext, runFolder);
  const transports = await starting.catch(async (thrown: unknown) => {
    jinja2?.end();
    ticketTokens.close();
    await functionAuthenticators.shutdown();
    throw thrown;
  });
  return {
    urls: transports.urls,
    counts,
    sessions,
    transports,
    routers: {
      figures: () => shared.routes.figures(),
      reach: () => shared.routes.reach(),
      backends: () => shared.routes.backends(),
      mark(marks) {
        shared.routes.mark(marks);
        services.use(shared.routes, shared.node);
      },
    },
    figures: () => ({ sessions: counts.figures(sessions.size), routers: shared.routes.figures() }),
    prepare: ({ config: next, nodeKey, isForced }) =>
      prepareTogether([
        async () =>
          prepareRoutes(shared, new RealmRoutes(next, context.log, shared.routes), nodeKey),
        () => functionAuthenticators.prepare(next.authenticators, isForced),
        () => ticketTokens.prepare(next.transports),
        () => transports.prepare(next.transports, isForced),
      ]),
    renewCertificates: () => transports.renewCertificates(),
    async shutdown(drainMs = 0) {
      const end = performance.now() + drainMs;
      await transports.drain(sessions, drainMs);
      if (drainMs > 0) await services.untilAnswered(end - performance.now());
      const stopped = transports.stop(sessions);
      // After the clients: a client that waits for an authenticator learns of the shutdown, and not of
      // a failed authentication.
      services.shutdown();
      await Promise.all([stopped, functionAuthenticators.shutdown()]);
      jinja2?.end();
      ticketTokens.close();
      shared.routes.stop();
    },
  };
}

/** Sessions that join from now on take the routes of another configuration. */
function prepareRoutes(
  shared: Pick<FrontendContext, "node" | "routes" | "services">,
  routes: RealmRoutes,
  nodeKey: string | null,
): PreparedChange {
  const before = shared.routes;
  return {
    apply() {
      shared.routes = routes;
      shared.node = nodeCredentials(shared.node.nodeId, nodeKey);
      shared.services.use(routes, shared.node);
      before.stop(routes);
    },
    abandon: () => routes.stop(before),
  };
}
