/** Routers of one realm that are connected by a hub within this process. */

import type { ClusterConfig } from "#config/realm/cluster-config.ts";
import type { RealmConfig, RoleConfig } from "#config/realm/realm-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { LoopbackEngine, LoopbackHub } from "./loopback-engine.ts";
import { quiet } from "./quiet-context.ts";
import { everything, openRouter } from "./router-harness.ts";

/** A role for everybody. */
export const user: RoleConfig = { name: "user", permissions: [everything] };

/** The defaults, but for the servers. */
export const clusterConfig: ClusterConfig = {
  type: "nats",
  servers: ["nats://127.0.0.1:4222"],
  prefix: "wamp",
  replicas: 1,
  presence_timeout: 2_000,
  when_apart: "serve",
  prefer_local: false,
};

/** What may differ between the routers of a test. */
export interface MemberOptions extends Pick<RealmConfig, "history"> {
  cluster?: Partial<ClusterConfig>;
  roles?: RoleConfig[];
  log?: Logger;
  label?: string;
}

/** A router that is a member of the cluster of a hub, and knows the others. */
export type Member = ReturnType<typeof openRouter> & { readonly engine: LoopbackEngine };

/** Opens one more router. */
export async function openMember(
  hub: LoopbackHub,
  { cluster, roles = [user], log = quiet, label = "member", ...rest }: MemberOptions = {},
): Promise<Member> {
  const engine = hub.engine();
  const config = { ...clusterConfig, ...cluster };
  const engines = { label, of: () => engine };
  const router = openRouter(roles, log, { ...rest, cluster: config }, engines);
  await router.realms.joinClusters();
  return { ...router, engine };
}
