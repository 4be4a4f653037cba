/** One call of so many octets, whose result is as long: from a caller to a callee, through a router that both have joined. */

import { expect } from "bun:test";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { afterTest } from "./cleanups.ts";
import { ScriptedClient } from "./scripted-client.ts";

const HELLO = [1, "realm1", { roles: { caller: {}, callee: {} } }];

async function joined(url: string, serializer: SerializerName): Promise<ScriptedClient> {
  const client = await ScriptedClient.open(url, serializer);
  afterTest(() => client.socket.destroy());
  client.says(HELLO);
  expect((await client.next())?.[0]).toBe(2);
  return client;
}

/** Both texts have to arrive as they were sent. */
export async function callWithLongTexts(url: string, serializer: SerializerName, octets: number) {
  const [caller, callee] = [await joined(url, serializer), await joined(url, serializer)];
  callee.says([64, 1, {}, "com.example.long"]);
  expect((await callee.next())?.[0]).toBe(65);
  const [question, answer] = ["é".repeat(octets / 2), "y".repeat(octets)];
  caller.says([48, 1, {}, "com.example.long", [question]]);
  const invocation = (await callee.next()) ?? [];
  expect(invocation[0]).toBe(68);
  expect((invocation[4] as [string])[0] === question).toBe(true);
  callee.says([70, invocation[1], {}, [answer]]);
  const result = (await caller.next()) ?? [];
  expect(result.slice(0, 2)).toEqual([50, 1]);
  expect((result[3] as [string])[0] === answer).toBe(true);
}
