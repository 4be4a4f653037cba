/**
 * WAMP client libraries of other languages, each in a program that obeys orders: one line of JSON on standard input for
 * each, and one on standard output for each answer and event.
 *
 * - `join` at `url` in realm1 with a `serializer` and, unless anonymous, `auth`: answers `authid`, `authrole` and
 *   `authmethod` of WELCOME, as far as the library tells them; with `reconnects` it comes back by itself, and each time
 *   that it has joined there is an event of the topic `joined`;
 * - `subscribe` to `uri` by `match`; each event is a line with `client`, `topic` (the URI of the order), `args`, `kwargs`
 *   and `details`;
 * - `publish` to `uri` with `args` and `kwargs`, acknowledged;
 * - `register` at `uri` a procedure that gives its arguments back (`as` echo), as an error (`fail`), or 3 after progress of
 *   1 and 2 (`count`), or that waits until it is interrupted (`wait`);
 * - `call` of `uri` with `args` and `kwargs`, with or without `progress`: answers `args`, `kwargs` and `progress`; with
 *   `cancel` it is canceled at once in that mode;
 * - `unsubscribe` and `unregister` of a `uri`, and `leave`.
 *
 * An order that failed is answered with `error`, a URI and, for a message ERROR, `args` and `kwargs`.
 */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Serializer } from "./wamp-clients.ts";

const root = resolve(import.meta.dir, "../..");
const built = (path: string) => resolve(root, ".venv", path);

/** How its clients may join, and what they can do. */
export interface PeerLibrary {
  name: string;
  command: string[];
  isInstalled: boolean;
  framings: readonly ("ws" | "rs")[];
  serializers: readonly Serializer[];
  authmethods: readonly ("ticket" | "wampcra" | "cryptosign")[];
  /** Progressive results, of callers and callees. */
  hasProgress: boolean;
  /** CANCEL and INTERRUPT. */
  hasCancel: boolean;
  /** Builds it, which takes minutes; tried only where CLIENTS is `all`. */
  build?: string[];
}

const XCONN = built("bin/xconn-client");
const JAVA = built("java");

/** xconn-go 0.1.0. */
const xconnGo: PeerLibrary = {
  name: "xconn (Go)",
  command: [XCONN],
  isInstalled: existsSync(XCONN),
  framings: ["ws", "rs"],
  serializers: ["json", "msgpack", "cbor"],
  authmethods: ["ticket", "wampcra", "cryptosign"],
  hasProgress: true,
  hasCancel: false,
};

/** jawampa 0.5.0; its source is run as it stands. */
export const jawampa: PeerLibrary = {
  name: "jawampa (Java)",
  command: [
    "java",
    "-XX:TieredStopAtLevel=1",
    "-cp",
    `${JAVA}/*`,
    resolve(root, "test/java/Jawampa.java"),
  ],
  isInstalled: existsSync(`${JAVA}/.ready`),
  framings: ["ws"],
  serializers: ["json", "msgpack"],
  authmethods: ["ticket", "wampcra"],
  hasProgress: false,
  hasCancel: false,
};

/** wampproto 0.1.0 for Rust, with sockets of the program's own. */
const wampproto: PeerLibrary = {
  name: "wampproto (Rust)",
  command: [built("rust/debug/peers")],
  isInstalled: Bun.which("cargo") !== null,
  framings: ["ws", "rs"],
  serializers: ["json", "msgpack", "cbor"],
  authmethods: ["ticket", "wampcra", "cryptosign"],
  hasProgress: true,
  hasCancel: true,
  build: [
    ...["cargo", "build", "--locked", "--manifest-path", resolve(root, "test/rust/Cargo.toml")],
    ...["--target-dir", built("rust")],
  ],
};

export const LIBRARIES: readonly PeerLibrary[] = [
  xconnGo,
  jawampa,
  ...(process.env["CLIENTS"] === "all" ? [wampproto] : []),
];

/** An order, without the number and the client. */
export interface Order {
  do:
    | "join"
    | "subscribe"
    | "unsubscribe"
    | "publish"
    | "register"
    | "unregister"
    | "call"
    | "leave";
  url?: string;
  serializer?: Serializer;
  auth?: { method: string; authid: string; secret: string };
  reconnects?: true;
  uri?: string;
  match?: "prefix" | "wildcard";
  as?: "echo" | "fail" | "count" | "wait";
  args?: unknown[];
  kwargs?: Record<string, unknown>;
  progress?: boolean;
  cancel?: "kill" | "killnowait" | "skip";
}

/** An event that a client got. */
export interface PeerEvent {
  topic: string;
  args: unknown[] | null;
  kwargs: Record<string, unknown> | null;
  details: Record<string, unknown>;
}

/** What it said to an order. */
export type Answer = Record<string, unknown>;

/** A client of a program. */
export interface PeerClient {
  order(order: Order): Promise<Answer>;
  /** Resolves with so many events, of which none was taken before. */
  events(count: number): Promise<PeerEvent[]>;
}

/** A running program, which has any number of clients. */
export interface PeerProgram {
  client(): PeerClient;
  stop(): Promise<void>;
}

/** Starts the program of a library, which is built before where that takes long. */
export async function startPeers(library: PeerLibrary): Promise<PeerProgram> {
  if (library.build !== undefined) {
    const building = Bun.spawn(library.build, { stdout: "ignore", stderr: "inherit" });
    if ((await building.exited) !== 0) throw new Error(`Cannot build ${library.name}`);
  }
  const child = Bun.spawn(library.command, { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
  const pending = new Map<number, PromiseWithResolvers<Answer>>();
  const clients = new Map<string, { events: PeerEvent[]; wake: () => void }>();
  let count = 0;
  let failure: Error | undefined;
  const onLine = (line: string) => {
    const { id, client, ...said } = JSON.parse(line) as { id?: number; client?: string };
    if (id !== undefined) pending.get(id)?.resolve(said);
    const receiver = clients.get(client ?? "");
    receiver?.events.push(said as unknown as PeerEvent);
    receiver?.wake();
  };
  const stderr = new Response(child.stderr).text();
  const reading = readLines(child.stdout, onLine).then(async () => {
    failure = new Error(`${library.name} ended: ${(await stderr).slice(-500)}`);
    for (const { reject } of pending.values()) reject(failure);
  });
  return {
    client() {
      const name = `client${clients.size + 1}`;
      const received = { events: [] as PeerEvent[], wake() {} };
      clients.set(name, received);
      return {
        async order(order) {
          if (failure !== undefined) throw failure;
          const id = ++count;
          const answer = Promise.withResolvers<Answer>();
          pending.set(id, answer);
          child.stdin.write(
            `${JSON.stringify({ id, client: name, args: [], kwargs: {}, ...order })}\n`,
          );
          await child.stdin.flush();
          const said = await answer.promise;
          pending.delete(id);
          return said;
        },
        async events(wanted) {
          while (received.events.length < wanted) {
            await new Promise<void>((wake) => {
              received.wake = wake;
            });
          }
          return received.events.splice(0, wanted);
        },
      };
    },
    async stop() {
      child.kill();
      await Promise.all([child.exited, reading]);
    },
  };
}

async function readLines(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(onLine);
  }
}
