/**
 * One WAMP session whose messages are kept in a history. Requests resolve with their answer, or with undefined where
 * the session is over before it has come.
 */

import type { SerializerName } from "#wamp/serializer-name.ts";
import { ScriptedClient } from "../scripted-client.ts";
import { CANCELED, REFUSAL } from "./check-history.ts";
import type { RandomNumbers } from "./random-numbers.ts";
import type {
  Invoke,
  Match,
  RealmHistory,
  RegistrationSpan,
  SubscriptionSpan,
} from "./realm-history.ts";

const ROLES = {
  publisher: { features: { publisher_exclusion: true, subscriber_blackwhite_listing: true } },
  subscriber: { features: { pattern_based_subscription: true } },
  caller: { features: { call_canceling: true } },
  callee: {
    features: { call_canceling: true, shared_registration: true, registration_revocation: true },
  },
};

const SHARES_OF_ANSWERS = { result: 80, refusal: 8, late: 8, leave: 1 };
const LATE_MS = 40;

const now = () => performance.now();

/** Where a client connects. */
export interface Place {
  /** The worker's index. */
  member: number;
  url: string;
}

type Answer = unknown[] | undefined;

export class RecordedSession {
  readonly id: number;
  readonly subscriptions = new Map<number, SubscriptionSpan>();
  readonly registrations = new Map<number, RegistrationSpan>();
  readonly #client: ScriptedClient;
  readonly #history: RealmHistory;
  readonly #random: RandomNumbers;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  /** What arrives for them may be on its way still. */
  readonly #givenUp = new Map<number, SubscriptionSpan>();
  #request = 0;
  #isOver = false;
  readonly #over = Promise.withResolvers<void>();

  private constructor(
    id: number,
    client: ScriptedClient,
    history: RealmHistory,
    random: RandomNumbers,
  ) {
    this.id = id;
    this.#client = client;
    this.#history = history;
    this.#random = random;
    void this.#receive();
  }

  /** Joins; undefined: nobody lets this client join there now. */
  static async join(
    realm: string,
    { member, url }: Place,
    serializer: SerializerName,
    history: RealmHistory,
    random: RandomNumbers,
  ): Promise<RecordedSession | undefined> {
    const client = await ScriptedClient.open(url, serializer).catch(() => undefined);
    if (client === undefined) return undefined;
    client.says([1, realm, { roles: ROLES }]);
    const welcome = await client.next();
    if (welcome?.[0] !== 2) {
      client.reset();
      return undefined;
    }
    const id = Number(welcome[1]);
    if (history.sessions.has(id)) history.oddities.push(`there are two sessions ${id}`);
    history.sessions.set(id, { session: id, member, joinedAt: now() });
    return new RecordedSession(id, client, history, random);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Resolves when the connection is over. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  async subscribe(topic: string, match: Match): Promise<void> {
    await this.ask(32, [{ match }, topic], (answer) => {
      if (answer[0] !== 33) return;
      const span = { session: this.id, topic, match, activeAt: now() };
      this.#history.subscriptions.push(span);
      this.subscriptions.set(Number(answer[2]), span);
    });
  }

  async unsubscribe(id: number): Promise<void> {
    const span = this.subscriptions.get(id);
    if (span === undefined) return;
    span.endingAt = now();
    this.subscriptions.delete(id);
    this.#givenUp.set(id, span);
    await this.ask(34, [id], () => this.#givenUp.delete(id));
  }

  async publish(
    topic: string,
    {
      excludeMe,
      exclude,
      eligible,
    }: { excludeMe: boolean; exclude: number[]; eligible?: number[] },
  ): Promise<void> {
    const number = this.#history.nextNumber();
    const sentAt = now();
    const publication = { number, session: this.id, topic, excludeMe, exclude, sentAt };
    const span = { ...publication, ...(eligible && { eligible }) };
    this.#history.publications.set(number, span);
    const lists = { exclude, ...(eligible && { eligible }) };
    const options = { acknowledge: true, exclude_me: excludeMe, ...lists };
    await this.ask(16, [options, topic, [number]], (answer) => {
      if (answer[0] === 17) this.#history.publications.set(number, { ...span, publishedAt: now() });
    });
  }

  async register(procedure: string, invoke: Invoke): Promise<void> {
    await this.ask(64, [{ invoke }, procedure], (answer) => {
      if (answer[0] !== 65) return;
      const span = { session: this.id, procedure, invoke, activeAt: now() };
      this.#history.registrations.push(span);
      this.registrations.set(Number(answer[2]), span);
    });
  }

  async unregister(id: number): Promise<void> {
    const span = this.registrations.get(id);
    if (span === undefined) return;
    span.endingAt = now();
    await this.ask(66, [id], () => this.registrations.delete(id));
  }

  /** Calls; `cancelAfterMs` is how long it waits at most, undefined: as long as it takes. */
  async call(procedure: string, cancelAfterMs: number | undefined, mode: string): Promise<void> {
    const number = this.#history.nextNumber();
    const span = { number, session: this.id, procedure, sentAt: now() };
    this.#history.calls.set(number, span);
    const answered = this.ask(48, [{}, procedure, [number]], (answer) => {
      const outcome =
        answer[0] === 50
          ? { result: (answer[3] as unknown[] | undefined)?.[0] }
          : { error: String(answer[4]) };
      const known = this.#history.calls.get(number) ?? span;
      this.#history.calls.set(number, { ...known, endedAt: now(), outcome });
    });
    if (cancelAfterMs !== undefined) {
      const request = this.#request;
      const timer = setTimeout(() => {
        if (this.#isOver || !this.#waiting.has(request)) return;
        this.#history.calls.set(number, { ...span, canceledAt: now() });
        this.#client.says([49, request, { mode }]);
      }, cancelAfterMs);
      void answered.then(() => clearTimeout(timer));
    }
    await answered;
  }

  /** Calls a procedure of the router; undefined: there was an ERROR, or no answer. */
  async result(procedure: string, args: unknown[]): Promise<unknown> {
    const answer = await this.ask(48, [{}, procedure, args], () => {});
    return answer?.[0] === 50 ? (answer[3] as unknown[] | undefined)?.[0] : undefined;
  }

  /** Leaves, or is gone without a word. */
  async leave(isPolite: boolean): Promise<void> {
    this.#end();
    if (isPolite) this.#client.says([6, {}, "wamp.close.normal"]);
    else this.#client.reset();
    await this.over;
  }

  /** Asks; `onAnswer` is called before any later message is taken. */
  async ask(type: number, rest: unknown[], onAnswer: (answer: unknown[]) => void): Promise<Answer> {
    if (this.#isOver) return undefined;
    this.#request += 1;
    const request = this.#request;
    const answered = Promise.withResolvers<Answer>();
    this.#waiting.set(request, (answer) => {
      this.#waiting.delete(request);
      if (answer !== undefined) onAnswer(answer);
      answered.resolve(answer);
    });
    this.#client.says([type, request, ...rest]);
    return answered.promise;
  }

  async #receive(): Promise<void> {
    for (;;) {
      const message = await this.#client.next();
      if (message === undefined) break;
      this.#take(message);
    }
    this.#end();
    for (const answer of this.#waiting.values()) answer(undefined);
    this.#over.resolve();
  }

  #take(message: unknown[]): void {
    const [type, first, second, details] = message;
    const inform = (told: string) => this.#history.oddities.push(`session ${this.id} ${told}`);
    if (type === 6) this.#client.socket.end();
    else if (type === 36) this.#takeEvent(message);
    else if (type === 68) this.#takeInvocation(message);
    else if (type === 69) this.#says([8, 68, first, {}, CANCELED]);
    else if (type === 67 && first === 0)
      this.#lose((second as { registration: number }).registration);
    else {
      const request = Number(type === 8 ? second : first);
      // The ERROR of a call that was canceled may cross with an answer to INTERRUPT.
      const answer = this.#waiting.get(request);
      if (answer === undefined)
        inform(`got ${JSON.stringify([type, first, second, details])} unasked`);
      else answer(message);
    }
  }

  #takeEvent([, id, , details, args]: unknown[]): void {
    const subscription = this.subscriptions.get(Number(id)) ?? this.#givenUp.get(Number(id));
    const publication = Number((args as unknown[] | undefined)?.[0]);
    if (subscription === undefined) {
      this.#history.oddities.push(
        `session ${this.id} got event ${publication} without a subscription`,
      );
      return;
    }
    const topic = (details as { topic?: string }).topic ?? subscription.topic;
    this.#history.events.push({ subscription, publication, topic, at: now() });
  }

  #takeInvocation([, request, , , args]: unknown[]): void {
    const call = Number((args as unknown[] | undefined)?.[0]);
    this.#history.invocations.push({ call, session: this.id, at: now() });
    const result = () => this.#says([70, request, {}, [call]]);
    const kind = this.#random.weighted(SHARES_OF_ANSWERS);
    if (kind === "result") result();
    else if (kind === "refusal") this.#says([8, 68, request, {}, REFUSAL]);
    else if (kind === "late") setTimeout(result, this.#random.below(LATE_MS));
    else void this.leave(false);
  }

  /** The router has taken a registration away. */
  #lose(id: number): void {
    const span = this.registrations.get(id);
    if (span !== undefined) span.endingAt = now();
    this.registrations.delete(id);
  }

  #says(message: unknown[]): void {
    if (!this.#isOver) this.#client.says(message);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const span = this.#history.sessions.get(this.id);
    if (span !== undefined) span.endedAt ??= now();
  }
}
