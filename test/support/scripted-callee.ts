/** A callee of the tests: a real session that answers INVOCATIONs as it is told, values exact. */

import type { SerializerName } from "#wamp/serializer-name.ts";
import { ScriptedClient } from "./scripted-client.ts";

/** What an INVOCATION is answered with: the end of a YIELD, or of an ERROR. */
export type Behaviour = (
  args: unknown[],
  kwargs: Record<string, unknown>,
) => { result: unknown[] } | { error: unknown[] } | null;

/** Joins realm1, and registers these procedures and subscribes to these topics. */
export async function scriptedCallee(
  url: string,
  serializer: SerializerName,
  procedures: Record<string, Behaviour>,
  topics: string[] = [],
) {
  const client = await ScriptedClient.open(url, serializer);
  const features = { call_canceling: true };
  client.says([1, "realm1", { roles: { callee: { features }, subscriber: {} } }]);
  await client.next();
  const byRegistration = new Map<unknown, Behaviour>();
  for (const [uri, behaviour] of Object.entries(procedures)) {
    client.says([64, 1, {}, uri]);
    const registered = await client.next();
    byRegistration.set(registered?.[2], behaviour);
  }
  for (const topic of topics) {
    client.says([32, 1, {}, topic]);
    await client.next();
  }
  const others: unknown[][] = [];
  const wakes: (() => void)[] = [];
  const listen = async () => {
    for (let message = await client.next(); message; message = await client.next()) {
      const [type, id, registration, , args, kwargs] = message;
      const behaviour = type === 68 ? byRegistration.get(registration) : undefined;
      const answer = behaviour?.((args ?? []) as unknown[], (kwargs ?? {}) as never) ?? null;
      if (answer !== null && "result" in answer) client.says([70, id, {}, ...answer.result]);
      if (answer !== null && "error" in answer) client.says([8, 68, id, {}, ...answer.error]);
      if (answer !== null) continue;
      others.push(message);
      for (const wake of wakes.splice(0)) wake();
    }
  };
  const listening = listen();
  return {
    /** The next message that no behaviour has answered: EVENT, INTERRUPT, a call that waits. */
    async next(): Promise<unknown[]> {
      while (others.length === 0) await new Promise<void>((resolve) => wakes.push(resolve));
      return others.shift() ?? [];
    },
    async leave() {
      client.socket.end();
      await listening;
    },
  };
}
