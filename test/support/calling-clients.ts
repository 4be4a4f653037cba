/** Clients that call all the time, so that a test learns whether a session or a call is lost meanwhile. */

import { afterTest } from "./cleanups.ts";

/** What has happened to the clients. */
export interface Calls {
  answered: number;
  /** Answers that are no RESULT, and what ended a session. */
  lost: string[];
}

/** Joined clients that call. */
export interface CallingClients {
  /** Resolves when each client has been answered once more. */
  untilAnswered(): Promise<void>;
  /** Ends the clients when each has its last answer. */
  stop(): Promise<Calls>;
}

/** One client: it joins, and calls `com.example.echo` again at each answer. */
class CallingClient {
  readonly calls: Calls = { answered: 0, lost: [] };
  readonly joined = Promise.withResolvers<void>();
  readonly #socket: WebSocket;
  readonly #isCallee: boolean;
  #request = 0;
  #isStopping = false;
  #answered = Promise.withResolvers<void>();

  constructor(url: string, isCallee: boolean) {
    this.#isCallee = isCallee;
    const socket = new WebSocket(url, ["wamp.2.json"]);
    this.#socket = socket;
    afterTest(() => socket.terminate());
    socket.onopen = () => this.#say(1, "realm1", { roles: { caller: {}, callee: {} } });
    socket.onmessage = ({ data }) => this.#take(JSON.parse(String(data)));
    socket.onclose = ({ code, reason }) => this.#lose(`closed with ${code} ${reason}`);
  }

  /** Resolves at the next answer, or when there will be none. */
  get answered(): Promise<void> {
    return this.#answered.promise;
  }

  stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#isCallee) this.#answered.resolve();
    return this.#answered.promise;
  }

  close(): void {
    this.#socket.onclose = null;
    this.#socket.close();
  }

  #take(message: unknown[]): void {
    const [type, request, , , args] = message;
    if (type === 2 && this.#isCallee) this.#say(64, 1, {}, "com.example.echo");
    else if (type === 65) this.joined.resolve();
    else if (type === 68) this.#say(70, request, {}, args);
    else if (type === 2 || type === 50) this.#next(type === 50);
    else this.#lose(`got ${JSON.stringify(message)}`);
  }

  #next(isAnswer: boolean): void {
    this.joined.resolve();
    if (isAnswer) this.calls.answered += 1;
    this.#answered.resolve();
    if (this.#isStopping) return;
    if (isAnswer) this.#answered = Promise.withResolvers();
    this.#request += 1;
    this.#say(48, this.#request, {}, "com.example.echo", [this.#request]);
  }

  #say(...message: unknown[]): void {
    this.#socket.send(JSON.stringify(message));
  }

  #lose(what: string): void {
    this.calls.lost.push(what);
    this.joined.resolve();
    this.#answered.resolve();
  }
}

/** A callee, and so many callers, which have joined `realm1` at the URL. */
export async function callingClients(url: string, count: number): Promise<CallingClients> {
  const callee = new CallingClient(url, true);
  await callee.joined.promise;
  const callers = Array.from({ length: count }, () => new CallingClient(url, false));
  const all = [callee, ...callers];
  await Promise.all(all.map(({ joined }) => joined.promise));
  return {
    async untilAnswered() {
      await Promise.all(callers.map(({ answered }) => answered));
    },
    async stop() {
      await Promise.all(callers.map((client) => client.stop()));
      for (const client of all) client.close();
      return {
        answered: callers.reduce((sum, { calls }) => sum + calls.answered, 0),
        lost: all.flatMap(({ calls }) => calls.lost),
      };
    },
  };
}
