/** Plays a scenario against a router: its clients say their lines, and all that they see is compared. */

import { type Line, type Said, type Scenario, type Turn, turnsOf } from "./scenario.ts";
import { ScenarioNames } from "./scenario-names.ts";
import { ScriptedClient } from "./scripted-client.ts";
import type { Serializer } from "./wamp-clients.ts";

/** What a router does in every scenario, and which is no difference of one of them. */
export interface Habit {
  /** The lines in place of one that is wanted. */
  wanted(line: Line): Line[];
  /** A message without what the router always adds. */
  seen(message: unknown[]): unknown[];
}

/** Where a scenario is played. */
export interface Stage {
  url: string;
  serializer: Serializer;
  realm: string;
  /** What the router always does otherwise. */
  habit?: Habit;
  /** How long a wanted message may take, in ms. */
  patienceMs: number;
  /** For how long the lines of each turn are awaited, in ms; 0: until the wanted ones have come. */
  settleMs?: number;
}

const features = (...names: string[]) => ({
  features: Object.fromEntries(names.map((name) => [name, true])),
});

/** HELLO.Details of a client that knows everything. */
const DETAILS = {
  roles: {
    caller: features(
      "caller_identification",
      "progressive_call_results",
      "progressive_call_invocations",
      "call_canceling",
      "call_timeout",
      "payload_passthru_mode",
    ),
    callee: features(
      "caller_identification",
      "progressive_call_results",
      "progressive_call_invocations",
      "call_canceling",
      "call_timeout",
      "pattern_based_registration",
      "shared_registration",
      "registration_revocation",
      "payload_passthru_mode",
    ),
    publisher: features(
      "publisher_identification",
      "publisher_exclusion",
      "subscriber_blackwhite_listing",
      "payload_passthru_mode",
    ),
    subscriber: features(
      "publisher_identification",
      "pattern_based_subscription",
      "event_retention",
      "payload_passthru_mode",
    ),
  },
};

/** Ids of requests that no scenario uses, for an UNSUBSCRIBE and an UNREGISTER of nothing. */
const FIRST_FENCE = 9_000_001;
const NO_ID = 4_503_599_627_370_497;

/** One client of a scenario. */
class Actor {
  readonly seen: Said[] = [];
  readonly #stage: Stage;
  #client: ScriptedClient | undefined;
  #isJoined = false;
  #isOver = false;
  #fence = FIRST_FENCE;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async connect(): Promise<void> {
    this.#client ??= await ScriptedClient.open(this.#stage.url, this.#stage.serializer);
  }

  async says(messages: Said[]): Promise<void> {
    await this.connect();
    for (const message of messages) {
      if (message === "drop") {
        this.#client?.socket.destroy();
        this.#isOver = true;
        return;
      }
      if (message[0] === 6) this.#isJoined = false;
    }
    this.#client?.says(...messages.map((one) => withOctets(one) as unknown[]));
  }

  /** Takes what comes until so many lines are seen, for so long at most. */
  async sees(count: number, ms: number): Promise<void> {
    const until = performance.now() + ms;
    while (this.seen.length < count && !this.#isOver) {
      const left = until - performance.now();
      if (left <= 0 || !(await this.#take(left))) return;
    }
  }

  /** Takes everything that the router has sent before it answers two requests. */
  async settles(): Promise<void> {
    if (!this.#isJoined || this.#isOver) return;
    const [first, second] = [this.#fence, this.#fence + 1];
    this.#fence += 2;
    this.#client?.says([34, first, NO_ID], [66, second, NO_ID]);
    let left = 2;
    const isFence = ([type, , id]: unknown[]) => type === 8 && (id === first || id === second);
    while (left > 0 && !this.#isOver) {
      const isTaken = await this.#take(this.#stage.patienceMs, (message) => {
        if (!isFence(message)) return false;
        left -= 1;
        return true;
      });
      if (!isTaken) return;
    }
  }

  leaves(): void {
    this.#client?.socket.destroy();
  }

  /** Takes one message or the end; false: nothing came. */
  async #take(ms: number, isDropped: (message: unknown[]) => boolean = () => false) {
    const client = this.#client;
    if (client === undefined) return false;
    const message = await within(client, ms);
    if (message === "nothing") return false;
    if (message === undefined) {
      this.#isOver = true;
      const code = await client.closed;
      this.seen.push(code === null ? "close" : `close ${code}`);
      return true;
    }
    if (isDropped(message)) return true;
    if (message[0] === 2) this.#isJoined = true;
    if (message[0] === 3 || message[0] === 6) this.#isJoined = false;
    const plain = withTexts(message) as unknown[];
    this.seen.push(this.#stage.habit?.seen(plain) ?? plain);
    return true;
  }
}

/** The next message; it is not taken when there is none in time. */
async function within(client: ScriptedClient, ms: number) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const nothing = new Promise<"nothing">((resolve) => {
    timer = setTimeout(() => resolve("nothing"), ms);
  });
  try {
    const arrived = await Promise.race([client.hasNext(), nothing]);
    return arrived === "nothing" ? arrived : await client.next();
  } finally {
    clearTimeout(timer);
  }
}

/** Binary values are texts that begin with NUL, as WAMP has it for JSON. */
function withOctets(value: unknown): unknown {
  if (typeof value === "string" && value.startsWith("\0")) {
    return new Uint8Array(Buffer.from(value.slice(1), "base64"));
  }
  return mapped(value, withOctets);
}

function withTexts(value: unknown): unknown {
  if (value instanceof Uint8Array) return `\0${Buffer.from(value).toString("base64")}`;
  if (typeof value === "bigint") return Number(value);
  return mapped(value, withTexts);
}

function mapped(value: unknown, change: (one: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, change(one)]));
}

/** Plays a scenario; its lines as they are wanted where they match, as they were seen elsewhere. */
export async function played(scenario: Scenario, stage: Stage): Promise<Line[]> {
  const names = new ScenarioNames();
  names.bind("$realm", stage.realm);
  const actors = new Map(Object.keys(scenario.peers).map((name) => [name, new Actor(stage)]));
  const lines: Line[] = [];
  try {
    for (const [name, changes] of Object.entries(scenario.peers)) {
      if (changes !== null) await joins(name, actors.get(name), changes, stage, names);
    }
    for (const turn of turnsOf(scenario.lines)) {
      for (const message of turn.said) lines.push([turn.peer, ">", message]);
      lines.push(...(await playTurn(turn, actors, stage, names)));
    }
    return lines;
  } finally {
    for (const actor of actors.values()) actor.leaves();
  }
}

async function joins(
  name: string,
  actor: Actor | undefined,
  changes: object,
  { realm, patienceMs }: Stage,
  names: ScenarioNames,
): Promise<void> {
  await actor?.says([[1, realm, { ...DETAILS, ...changes }]]);
  await actor?.sees(1, patienceMs);
  const [welcome = []] = actor?.seen.splice(0) ?? [];
  if (welcome[0] !== 2) throw new Error(`${name} does not join`);
  bindWelcome(names, name, welcome);
}

function bindWelcome(names: ScenarioNames, name: string, [, session, details]: Said): void {
  names.bindNew(`$${name}.session`, session);
  names.bindNew(`$${name}.authid`, (details as unknown as Record<string, unknown>)["authid"]);
}

async function playTurn(
  { peer, said, seen }: Turn,
  actors: ReadonlyMap<string, Actor>,
  { patienceMs, settleMs = 0 }: Stage,
  names: ScenarioNames,
): Promise<Line[]> {
  await actors.get(peer)?.says(said.map((one) => names.filled(one) as Said));
  const wantedOf = (name: string) => seen.filter(([of]) => of === name);
  const count = (name: string) => (settleMs > 0 ? Number.POSITIVE_INFINITY : wantedOf(name).length);
  const ms = settleMs > 0 ? settleMs : patienceMs;
  await Promise.all([...actors].map(([name, actor]) => actor.sees(count(name), ms)));
  // What the router does for others, it has done once it answers the client that spoke.
  await actors.get(peer)?.settles();
  await Promise.all([...actors.values()].map((actor) => actor.settles()));
  const order = [peer, ...[...actors.keys()].filter((name) => name !== peer)];
  const lines = order.map((name) =>
    (actors.get(name)?.seen.splice(0) ?? []).map((one): Line => [name, "<", one]),
  );
  for (const [name, , said] of lines.flat()) if (said[0] === 2) bindWelcome(names, name, said);
  return order.flatMap((name, index) => {
    const [wanted, got] = [wantedOf(name), lines[index] ?? []];
    const length = Math.max(wanted.length, got.length);
    return Array.from({ length }, (_, at) => compared(wanted[at], got[at], names)).flat();
  });
}

function compared(wanted: Line | undefined, got: Line | undefined, names: ScenarioNames): Line[] {
  if (got === undefined) return [];
  if (wanted !== undefined && names.matches(wanted[2], got[2])) return [wanted];
  return [names.named(got)];
}
