/** A router without transports: realms of a test's own, and clients that join them. */

import { expect } from "bun:test";
import type {
  PermissionConfig,
  RealmConfig,
  RealmOptions,
  RoleConfig,
} from "#config/realm/realm-config.ts";
import { realmOptions } from "#config/realm/realm-options-schema.ts";
import { defaultsOf } from "#config/schema/attribute.ts";
import type { Logger } from "#observe/logger.ts";
import { SessionCounts } from "#observe/session-counts.ts";
import type { ClusterEngines } from "#router/cluster/realm-cluster.ts";
import { RealmTable } from "#router/realm-table.ts";
import { RouterSession } from "#router/router-session.ts";
import { MessageType as M } from "#wamp/message-type.ts";
import { FakePeer, type FakePeerOptions } from "./fake-peer.ts";
import { noAuthenticators } from "./no-authenticators.ts";
import { quiet } from "./quiet-context.ts";

/** A permission for everything. */
export const everything: PermissionConfig = {
  uri: "",
  match: "prefix",
  allow: { call: true, register: true, publish: true, subscribe: true },
  disclose: { caller: false, publisher: false },
};

/** The roles that a client announces unless a test says otherwise. */
const clientRoles = { callee: { features: { call_canceling: true } } };

/** A client that has joined. */
export type JoinedPeer = FakePeer & { readonly id: number; readonly session: RouterSession };

/** What may differ between clients. */
export interface JoinOptions extends FakePeerOptions {
  role?: string;
  roles?: object;
  authextra?: object;
}

/** What a realm has beside its name and its roles. */
export interface RealmParts extends Omit<RealmConfig, "name" | "roles" | "options"> {
  options?: Partial<RealmOptions>;
}

/** Opens `realm1` with these roles; `rest` is the rest of its configuration. */
export function openRouter(
  roles: RoleConfig[],
  log: Logger = quiet,
  { options, ...rest }: RealmParts = {},
  engines?: ClusterEngines,
) {
  const config = { name: "realm1", roles, options: { ...defaultsOf(realmOptions), ...options } };
  const realms = new RealmTable([{ ...config, ...rest }], log, engines);
  return {
    realms,
    async join(options: JoinOptions = {}): Promise<JoinedPeer> {
      const { role = roles[0]?.name ?? "", authextra, ...peerOptions } = options;
      const peer = new FakePeer(peerOptions);
      const auth = { anonymous: { type: "static", role } } as const;
      const session = new RouterSession(peer, auth, realms, {
        ...noAuthenticators,
        log,
        counts: new SessionCounts(),
        onEnd() {},
      });
      peer.attach(session);
      peer.says([
        M.HELLO,
        "realm1",
        { roles: options.roles ?? clientRoles, ...(authextra && { authextra }) },
      ]);
      const [type, id] = await peer.next();
      expect(type).toBe(M.WELCOME);
      return Object.assign(peer, { id: id as number, session });
    },
  };
}

/** Says a message, and takes the next one that comes. */
export async function ask(peer: FakePeer, message: unknown[]): Promise<unknown[]> {
  peer.says(message);
  return peer.next();
}
