/** WAMP clients that nobody here wrote, behind one face. */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type AutobahnSession, serializer as autobahnSerializer, Connection } from "autobahn";
import { Wampy } from "wampy";
import { CborSerializer } from "wampy/CborSerializer.js";
import { JsonSerializer } from "wampy/JsonSerializer.js";
import { MsgpackSerializer } from "wampy/MsgpackSerializer.js";

/** The Python of the virtual environment that `npm test` makes. */
export const PYTHON = resolve(import.meta.dir, "../../.venv/bin/python");

/** Whether `npm test` has put the Python peers in place. */
export const hasPython = existsSync(join(resolve(import.meta.dir, "../../.venv"), ".ready"));

/** The serializers by name. */
export type Serializer = "json" | "msgpack" | "cbor";

/** One joined client. */
export interface WampClient {
  name: string;
  subscribe(topic: string, onEvent: (args: unknown[]) => void): Promise<void>;
  publish(topic: string, args: unknown[]): Promise<void>;
  /** Registers a procedure that returns its arguments. */
  registerEcho(procedure: string): Promise<void>;
  call(procedure: string, args: unknown[]): Promise<unknown>;
  leave(): Promise<void>;
}

/** How a client authenticates; without it, anonymous. */
export interface Ticket {
  authid: string;
  ticket: string;
}

const autobahnSerializers = {
  json: () => new autobahnSerializer.JSONSerializer(),
  msgpack: () => new autobahnSerializer.MsgpackSerializer(),
  cbor: () => new autobahnSerializer.CBORSerializer(),
};

/** Joins with Autobahn for JavaScript. */
export async function joinAutobahn(
  url: string,
  serializer: Serializer,
  auth?: Ticket,
): Promise<WampClient> {
  const connection = new Connection({
    url,
    realm: "realm1",
    max_retries: 0,
    serializers: [autobahnSerializers[serializer]()],
    ...(auth && { authmethods: ["ticket"], authid: auth.authid, onchallenge: () => auth.ticket }),
  });
  const closed = Promise.withResolvers<void>();
  const session = await new Promise<AutobahnSession>((onopen, reject) => {
    connection.onopen = onopen;
    connection.onclose = (reason, details) => {
      closed.resolve();
      reject(new Error(`${reason} ${details?.reason ?? ""}`.trim()));
      return true;
    };
    connection.open();
  });
  return {
    name: `autobahn (JavaScript) over ${serializer}`,
    async subscribe(topic, onEvent) {
      await session.subscribe(topic, (args) => onEvent(args));
    },
    async publish(topic, args) {
      await session.publish(topic, args, {}, { acknowledge: true });
    },
    async registerEcho(procedure) {
      await session.register(procedure, (args) => args);
    },
    call: (procedure, args) => session.call(procedure, args),
    async leave() {
      connection.close("wamp.close.normal");
      await closed.promise;
    },
  };
}

const wampySerializers = {
  json: () => new JsonSerializer(),
  msgpack: () => new MsgpackSerializer(),
  cbor: () => new CborSerializer(),
};

/** Joins with wampy. */
export async function joinWampy(
  url: string,
  serializer: Serializer,
  auth?: Ticket,
): Promise<WampClient> {
  const wampy = new Wampy(url, {
    realm: "realm1",
    serializer: wampySerializers[serializer](),
    ws: WebSocket,
    autoReconnect: false,
    ...(auth && { authid: auth.authid, authmethods: ["ticket"], onChallenge: () => auth.ticket }),
  });
  await wampy.connect();
  return {
    name: `wampy over ${serializer}`,
    async subscribe(topic, onEvent) {
      await wampy.subscribe(topic, ({ argsList }) => onEvent(argsList ?? []));
    },
    async publish(topic, args) {
      await wampy.publish(topic, args);
    },
    async registerEcho(procedure) {
      await wampy.register(procedure, ({ argsList }) => ({ argsList: [argsList ?? []] }));
    },
    async call(procedure, args) {
      const { argsList } = (await wampy.call(procedure, args)) as { argsList: unknown[] };
      return argsList[0];
    },
    async leave() {
      await wampy.disconnect();
    },
  };
}

/** Joins with Autobahn for Python, in a process of its own. */
export async function joinPython(
  url: string,
  serializer: Serializer | `${Serializer}.batched`,
  auth?: Ticket,
): Promise<WampClient> {
  const script = resolve(import.meta.dir, "../python/client.py");
  const credentials = auth ? ["ticket", auth.authid, auth.ticket] : [];
  const child = Bun.spawn([PYTHON, script, url, serializer, ...credentials], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const stderr = new Response(child.stderr).text();
  const waiting: ((said: Said) => void)[] = [];
  const said: Said[] = [];
  let onEvent: (args: unknown[]) => void = () => {};
  const listen = async () => {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const one = JSON.parse(line) as Said;
        if (one.event) onEvent(one.event);
        else if (waiting.length > 0) waiting.shift()?.(one);
        else said.push(one);
      }
    }
    const failure = `the Python client ended: ${(await stderr).slice(-500)}`;
    for (const tell of waiting.splice(0)) tell({ error: failure });
  };
  const listening = listen();
  const next = () =>
    new Promise<Said>((resolve) => {
      const first = said.shift();
      if (first) resolve(first);
      else waiting.push(resolve);
    });
  const order = async (what: object): Promise<Said> => {
    child.stdin.write(`${JSON.stringify(what)}\n`);
    await child.stdin.flush();
    return expectNoError(await next());
  };
  expectNoError(await next());
  return {
    name: `autobahn (Python) over ${serializer}`,
    async subscribe(topic, handler) {
      onEvent = handler;
      await order({ do: "subscribe", uri: topic });
    },
    async publish(topic, args) {
      await order({ do: "publish", uri: topic, args });
    },
    async registerEcho(procedure) {
      await order({ do: "register", uri: procedure });
    },
    async call(procedure, args) {
      return (await order({ do: "call", uri: procedure, args })).result;
    },
    async leave() {
      await order({ do: "leave" });
      child.kill();
      await Promise.all([child.exited, listening]);
    },
  };
}

interface Said {
  event?: unknown[];
  result?: unknown;
  error?: string;
  left?: string;
}

function expectNoError(said: Said): Said {
  if (said.error !== undefined) throw new Error(said.error);
  const isExpected = said.left === undefined || said.left.startsWith("wamp.close.");
  if (!isExpected) throw new Error(said.left);
  return said;
}
