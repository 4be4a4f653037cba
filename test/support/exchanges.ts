/**
 * Exchanges of one WAMP client with a router: what it says, in turns, and what it then sees. A router is asked for a
 * subscription behind each turn, so that everything that a turn causes has come when that is answered.
 */

import { ScriptedClient } from "./scripted-client.ts";
import type { Serializer } from "./wamp-clients.ts";

/** Messages in one write; `$invocation`, `$registration` and so on stand for the last id of that kind. */
export type Turn = readonly (readonly unknown[])[];

/** How an exchange begins and goes on. */
export interface Exchange {
  turns: readonly Turn[];
  /** Whether it begins with HELLO and WELCOME. */
  joins: boolean;
}

const FENCE = 9_000_000;
const hello = (realm: string) => [
  1,
  realm,
  {
    roles: {
      caller: { features: { progressive_call_results: true, call_canceling: true } },
      callee: { features: { progressive_call_results: true, call_canceling: true } },
      publisher: {},
      subscriber: {},
    },
  },
];

const NAMES: Record<number, string> = {
  1: "HELLO",
  2: "WELCOME",
  3: "ABORT",
  4: "CHALLENGE",
  5: "AUTHENTICATE",
  6: "GOODBYE",
  8: "ERROR",
  16: "PUBLISH",
  17: "PUBLISHED",
  32: "SUBSCRIBE",
  33: "SUBSCRIBED",
  34: "UNSUBSCRIBE",
  35: "UNSUBSCRIBED",
  36: "EVENT",
  48: "CALL",
  49: "CANCEL",
  50: "RESULT",
  64: "REGISTER",
  65: "REGISTERED",
  66: "UNREGISTER",
  67: "UNREGISTERED",
  68: "INVOCATION",
  69: "INTERRUPT",
  70: "YIELD",
};

/** Where the id of this kind stands in the message of this type. */
const IDS: Record<number, [kind: string, index: number]> = {
  33: ["$subscription", 2],
  65: ["$registration", 2],
  68: ["$invocation", 1],
  17: ["$publication", 2],
};

/** What the client sees, a word or two for each message, and the end of the connection. */
export async function seenOf(
  url: string,
  serializer: Serializer,
  { turns, joins }: Exchange,
  { idleMs, realm, unique }: { idleMs: number; realm: string; unique: string },
): Promise<string> {
  const client = await ScriptedClient.open(url, serializer);
  const ids: Record<string, unknown> = {
    $realm: realm,
    $topic: `com.t${unique}`,
    $procedure: `com.p${unique}`,
  };
  const seen: string[] = [];
  let isOver = false;
  const take = async (until: (message: readonly unknown[]) => boolean): Promise<void> => {
    for (;;) {
      const message = await within(client.next(), idleMs);
      if (message === "idle") {
        seen.push("idle");
        return;
      }
      if (message === undefined) {
        isOver = true;
        const code = await client.closed;
        seen.push(code === null ? "end" : `close ${code}`);
        return;
      }
      const [kind, index] = IDS[Number(message[0])] ?? [];
      if (until(message)) return;
      if (kind !== undefined && index !== undefined) ids[kind] = message[index];
      seen.push(inWords(message));
    }
  };
  try {
    if (joins) {
      client.says(hello(realm));
      await take(([type]) => type === 2);
    }
    let fence = FENCE;
    for (const turn of turns) {
      if (isOver) break;
      const said = turn.map((message) => filled(message, ids) as unknown[]);
      if (!joins) {
        client.says(...said);
        continue;
      }
      if (turn.at(-1)?.[0] === 1) {
        client.says(...said);
        await take(([type]) => type === 2);
        if (!isOver) seen.push("WELCOME");
        continue;
      }
      const id = ++fence;
      client.says(...said, [32, id, {}, `com.fence.f${id}`]);
      await take((message) => message[1] === id || (message[0] === 8 && message[2] === id));
    }
    if (!joins) await take(() => false);
  } finally {
    client.socket.destroy();
  }
  return seen.join(", ");
}

function filled(value: unknown, ids: Record<string, unknown>): unknown {
  if (typeof value === "string" && value.startsWith("$")) return ids[value] ?? 0;
  if (Array.isArray(value)) return value.map((one) => filled(one, ids));
  return value;
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | "idle"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const idle = new Promise<"idle">((resolve) => {
    timer = setTimeout(() => resolve("idle"), ms);
  });
  try {
    return await Promise.race([promise, idle]);
  } finally {
    clearTimeout(timer);
  }
}

/** A message in a word or two. */
function inWords(message: readonly unknown[]): string {
  const type = Number(message[0]);
  const name = NAMES[type] ?? `type ${type}`;
  if (type === 8) return `ERROR ${NAMES[Number(message[1])]} ${String(message[4])}`;
  if (type === 3 || type === 6) return `${name} ${String(message[2])}`;
  if (type === 36) return `EVENT ${JSON.stringify(message.slice(4))}`;
  if (type === 68) return `INVOCATION ${JSON.stringify(message.slice(4))}`;
  if (type === 50) {
    const { progress } = message[2] as { progress?: unknown };
    return `RESULT${progress === undefined ? "" : ` progress ${progress}`} ${JSON.stringify(message.slice(3))}`;
  }
  return name;
}
