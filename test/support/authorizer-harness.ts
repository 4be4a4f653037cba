/** A realm whose role `user` has an authorizer, which a test plays. */

import { expect } from "bun:test";
import type { DecisionCacheConfig, RoleConfig } from "#config/realm/realm-config.ts";
import { MessageType as M } from "#wamp/message-type.ts";
import { afterTest } from "./cleanups.ts";
import { quiet } from "./quiet-context.ts";
import {
  ask,
  everything,
  type JoinedPeer,
  type JoinOptions,
  openRouter,
} from "./router-harness.ts";

/** The procedure of the authorizer. */
export const authorizerProcedure = "com.example.authorize";

/** Lets promises settle. */
export const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

/** What may differ between tests. */
interface AuthorizerOptions {
  timeout?: number;
  isRegistered?: boolean;
  cache?: DecisionCacheConfig;
}

/** A question to the authorizer, and how it is answered. */
export interface Question {
  args: unknown[];
  invocation: number;
  returns(value: unknown): void;
  raises(uri: string, ...args: unknown[]): void;
}

/** A realm with the role `user`, whose authorizer is registered unless a test says otherwise. */
export async function startAuthorizer({
  timeout = 60_000,
  isRegistered = true,
  cache,
}: AuthorizerOptions = {}) {
  const logged: unknown[][] = [];
  const log = { ...quiet, warn: (...line: unknown[]) => void logged.push(line) };
  const roles: RoleConfig[] = [
    { name: "service", permissions: [everything] },
    {
      name: "user",
      permissions: [],
      authorizer: {
        authorizer: authorizerProcedure,
        "authorizer-timeout": timeout,
        ...(cache && { "authorizer-cache": cache }),
      },
    },
  ];
  const opened = openRouter(roles, log);
  /** What waits of a client that stays would count in the next test. */
  const join = async (options: JoinOptions) => {
    const peer = await opened.join(options);
    afterTest(() => peer.disconnect());
    return peer;
  };
  const router = { ...opened, join };
  const authorizer = await router.join({ role: "service" });
  if (isRegistered) await ask(authorizer, [M.REGISTER, 1, {}, authorizerProcedure]);
  const client = await router.join({ role: "user" });
  const service = await router.join({ role: "service" });
  const question = async (): Promise<Question> => {
    const [type, invocation, , , args] = await authorizer.next();
    expect(type).toBe(M.INVOCATION);
    return {
      args: args as unknown[],
      invocation: invocation as number,
      returns: (value) => authorizer.says([M.YIELD, invocation, {}, [value]]),
      raises: (uri, ...said) => authorizer.says([M.ERROR, M.INVOCATION, invocation, {}, uri, said]),
    };
  };
  /** Says a message, and answers the question that it causes. */
  const decide = async (peer: JoinedPeer, message: unknown[], value: unknown) => {
    peer.says(message);
    const asked = await question();
    asked.returns(value);
    return asked.args;
  };
  return { ...router, roles, authorizer, client, service, question, decide, logged };
}
