/**
 * The socket of a running node in its folder, over which the command line asks it to do something.
 *
 *     command line                              controller
 *        │  {"command":"reload","isForced":false}   │
 *        ├─────────────────────────────────────────►│
 *        │  {"isDone":true,"text":"Reloaded …"}     │
 *        │◄─────────────────────────────────────────┤   and the connection is closed
 *
 * Each message is a line. The user of the node alone may connect.
 *
 * @module
 */

import { existsSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import type { Socket, SocketListener } from "bun";
import { Failure, sentenceOf } from "#base/failure.ts";
import { isRecord } from "#base/record.ts";
import type { Logger } from "#observe/logger.ts";
import { type NodeCommand, parseNodeCommand } from "./command-message.ts";

/** Its name begins with a dot, so that folders that are watched or served do not show it. */
const FILE = ".node.sock";

/** Longest name of a socket file that all systems take. */
const MAX_PATH_OCTETS = 103;

const MAX_MESSAGE_OCTETS = 1024 * 1024;

/** Longest time for an answer. */
const ANSWER_DEADLINE_MS = {
  reload: 300_000,
  upgrade: 300_000,
  backend: 30_000,
  status: 5_000,
  figures: 5_000,
};

/** The socket of a node that takes commands. */
export interface CommandSocket {
  /** Takes no more; the present ones are answered. */
  close(): void;
}

/** What came of it. */
export interface CommandAnswer {
  isDone: boolean;
  /** Sentences for the operator, each on a line of its own; or what the command says. */
  text: string;
}

/** Collects the octets of one message, which ends with a line feed. */
class MessageLine {
  #octets = Buffer.alloc(0);

  /** The message once it is whole; undefined: it is not. */
  push(chunk: Uint8Array): unknown {
    this.#octets = Buffer.concat([this.#octets, chunk]);
    const end = this.#octets.indexOf("\n");
    if (end < 0 && this.#octets.length <= MAX_MESSAGE_OCTETS) return undefined;
    try {
      return JSON.parse(this.#octets.toString("utf8", 0, Math.max(0, end)));
    } catch {
      return null;
    }
  }
}

/** A connection of a command line; what the system has not taken of the answer waits. */
class Connection {
  readonly command = new MessageLine();
  waiting: Uint8Array | null = null;
}

/**
 * Takes the commands for the node of a folder until this process ends. Where that is not possible, the log says so,
 * and the node runs without; then it gives null.
 */
export async function takeCommands(
  folder: string,
  perform: (command: NodeCommand) => Promise<CommandAnswer>,
  log: Logger,
): Promise<CommandSocket | null> {
  const path = join(folder, FILE);
  try {
    const unix = usablePath(path);
    if (existsSync(path)) {
      if (await isAnswered(path)) throw new Error("another node of this folder listens there");
      rmSync(path);
    }
    // The mask keeps others from connecting.
    const umask = process.umask(0o177);
    let server: SocketListener<Connection>;
    try {
      server = listen(unix, perform);
    } finally {
      process.umask(umask);
    }
    const remove = () => rmSync(path, { force: true });
    process.on("exit", remove);
    return {
      close() {
        server.stop();
        remove();
        process.off("exit", remove);
      },
    };
  } catch (thrown) {
    log.info("no commands are taken", { socket: path, reason: sentenceOf(thrown) });
    return null;
  }
}

function listen(
  unix: string,
  perform: (command: NodeCommand) => Promise<CommandAnswer>,
): SocketListener<Connection> {
  return Bun.listen<Connection>({
    unix,
    socket: {
      open(socket) {
        socket.data = new Connection();
      },
      data(socket, chunk) {
        const message = socket.data.command.push(chunk);
        if (message === undefined) return;
        const command = parseNodeCommand(message);
        if (command === undefined) {
          socket.end();
          return;
        }
        void perform(command).then((answer) => {
          socket.data.waiting = Buffer.from(`${JSON.stringify(answer)}\n`);
          sendWaiting(socket);
        });
      },
      drain: sendWaiting,
    },
  });
}

/** Bun drops what the system does not take of the octets of `end`. */
function sendWaiting(socket: Socket<Connection>): void {
  const { waiting } = socket.data;
  if (waiting === null) return;
  const rest = waiting.subarray(Math.max(0, socket.write(waiting)));
  socket.data.waiting = rest;
  if (rest.length === 0) socket.end();
}

/** Whether a node of a folder takes commands; one that hangs takes them, too. */
export function takesCommands(folder: string): Promise<boolean> {
  return isAnswered(join(folder, FILE));
}

/**
 * Has the node of a folder perform a command; a reload waits for workers to start and to end.
 *
 * @throws Failure when no node runs there, or it ends before it has answered.
 */
export async function askNode(folder: string, command: NodeCommand): Promise<CommandAnswer> {
  const answer = Promise.withResolvers<CommandAnswer>();
  const line = new MessageLine();
  const fail = (state: string) => answer.reject(cannotAsk(folder, command, state));
  const socket = await Bun.connect<undefined>({
    unix: usablePath(join(folder, FILE)),
    socket: {
      data(_socket, chunk) {
        const message = line.push(chunk);
        if (message === undefined) return;
        if (isAnswer(message)) answer.resolve(message);
        else fail("its answer cannot be read");
      },
      close: () => fail("it ended before it answered"),
    },
  }).catch(() => {
    throw cannotAsk(folder, command, "no node runs there that takes commands");
  });
  const deadlineMs = ANSWER_DEADLINE_MS[command.command];
  const timer = setTimeout(
    () => fail(`it has not answered within ${deadlineMs / 1000} seconds`),
    deadlineMs,
  );
  socket.write(`${JSON.stringify(command)}\n`);
  return answer.promise.finally(() => {
    clearTimeout(timer);
    socket.end();
  });
}

function cannotAsk(folder: string, { command }: NodeCommand, state: string): Failure {
  const what = {
    reload: "reload",
    upgrade: "upgrade",
    backend: "mark a backend of",
    status: "ask",
    figures: "get the figures of",
  }[command];
  return new Failure(`Cannot ${what} the node in "${folder}": ${state}`, { source: "internal" });
}

/** A shorter name of the same file, where the full one is too long for a socket. */
function usablePath(path: string): string {
  const shorter = relative(process.cwd(), path);
  const usable = [path, shorter].find((name) => Buffer.byteLength(name) <= MAX_PATH_OCTETS);
  if (usable !== undefined) return usable;
  throw new Failure(`Cannot use socket "${path}": its name is too long`, { source: "config" });
}

async function isAnswered(path: string): Promise<boolean> {
  try {
    const socket = await Bun.connect({ unix: usablePath(path), socket: { data() {} } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}

function isAnswer(value: unknown): value is CommandAnswer {
  return (
    isRecord(value) && typeof value["isDone"] === "boolean" && typeof value["text"] === "string"
  );
}
