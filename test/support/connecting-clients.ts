/** Clients that connect, join, call and leave all the time, so that a test learns whether one of them is refused. */

import { afterTest } from "./cleanups.ts";

/** What has happened to them. */
export interface Connects {
  /** Clients that have joined. */
  joined: number;
  /** Calls that were answered. */
  answered: number;
  /** Connections that failed, or ended without GOODBYE, and answers that are no RESULT. */
  lost: string[];
}

/** One client after the other. */
class ConnectingClients {
  readonly #url: string;
  readonly #all: Connects;
  #isStopping = false;
  #ended: Promise<void>;

  constructor(url: string, all: Connects) {
    this.#url = url;
    this.#all = all;
    this.#ended = this.#run();
  }

  stop(): Promise<void> {
    this.#isStopping = true;
    return this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) await this.#client();
  }

  /** Joins, calls twice, and leaves; or leaves earlier, when the node says so. */
  #client(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket = new WebSocket(this.#url, ["wamp.2.json"]);
    const say = (...message: unknown[]) => socket.send(JSON.stringify(message));
    let calls = 0;
    let isLeaving = false;
    afterTest(() => socket.terminate());
    socket.onopen = () => say(1, "realm1", { roles: { caller: {} } });
    socket.onmessage = ({ data }) => {
      const [type, ...rest] = JSON.parse(String(data)) as [number, ...unknown[]];
      if (type === 2) this.#all.joined += 1;
      else if (type === 50) this.#all.answered += 1;
      else if (type === 6 && !isLeaving) say(6, {}, "wamp.close.goodbye_and_out");
      else if (type !== 6) this.#all.lost.push(`got ${JSON.stringify([type, ...rest])}`);
      if (type === 6) {
        isLeaving = true;
        socket.close();
      } else if (calls < 2) {
        calls += 1;
        say(48, calls, {}, "com.example.echo", [calls]);
      } else {
        isLeaving = true;
        say(6, {}, "wamp.close.close_realm");
      }
    };
    socket.onclose = ({ code, reason }) => {
      if (!isLeaving) this.#all.lost.push(`closed with ${code} ${reason}`);
      resolve();
    };
    return promise;
  }
}

/** So many at a time; they call `com.example.echo`, for which a callee is there. */
export function connectingClients(url: string, count: number) {
  const all: Connects = { joined: 0, answered: 0, lost: [] };
  const clients = Array.from({ length: count }, () => new ConnectingClients(url, all));
  return {
    /** What has happened so far. */
    all,
    async stop(): Promise<Connects> {
      await Promise.all(clients.map((client) => client.stop()));
      return all;
    },
  };
}

/** A callee of `com.example.echo`, until the test has ended; gives the number of calls so far. */
export async function echoCallee(url: string): Promise<void> {
  const socket = new WebSocket(url, ["wamp.2.json"]);
  afterTest(() => socket.terminate());
  const registered = Promise.withResolvers<void>();
  const say = (...message: unknown[]) => socket.send(JSON.stringify(message));
  socket.onopen = () => say(1, "realm1", { roles: { callee: {} } });
  socket.onmessage = ({ data }) => {
    const [type, request, , , args] = JSON.parse(String(data)) as unknown[];
    if (type === 2) say(64, 1, {}, "com.example.echo");
    else if (type === 65) registered.resolve();
    else if (type === 68) say(70, request, {}, args);
  };
  socket.onclose = ({ code, reason }) => registered.reject(new Error(`${code} ${reason}`));
  await registered.promise;
}
