/**
 * BackendMarks: the backends of a node that an operator has marked down, so that they get no new sessions.
 *
 *     down   the mark is kept, and sent to all workers, those included that are started later
 *     up     it is dropped in the same way
 *
 * A reload drops those of connections that no proxy has any more; the end of the node drops all. A node that follows this
 * one gets them: when it is spawned, and once more, as they are then, when it takes over.
 *
 * @module
 */

import { type BackendFacts, type BackendName, covers } from "#observe/backend-facts.ts";
import type { Logger } from "#observe/logger.ts";
import type { WorkerReply } from "./admin/node-operations.ts";
import type { WorkerQuestion } from "./answer-message.ts";
import type { CommandAnswer } from "./command-socket.ts";

/** What the marks need of their node. */
export interface MarkedNode {
  /** The names of the connections of all proxies. */
  connections(): ReadonlySet<string>;
  ask(question: WorkerQuestion): Promise<WorkerReply[]>;
  /** Sends all marks to all workers. */
  sendMarks(marks: readonly BackendName[]): void;
}

/** The marks of one node. */
export class BackendMarks {
  readonly #node: MarkedNode;
  readonly #log: Logger;
  #marks: readonly BackendName[] = [];

  constructor(node: MarkedNode, log: Logger) {
    this.#node = node;
    this.#log = log;
  }

  /** All marks, in the order in which they were made. */
  get all(): readonly BackendName[] {
    return this.#marks;
  }

  /** Marks a backend, or drops its marks; the answer is for the operator. */
  async set({ connection, address }: BackendName, isDown: boolean): Promise<CommandAnswer> {
    const backend = { connection, address };
    const fault = await this.#faultOf(backend, isDown);
    const name = printBackend(backend);
    if (fault !== null) {
      const text = `Cannot mark backend ${name} ${isDown ? "down" : "up"}: ${fault}`;
      return { isDone: false, text };
    }
    return { isDone: true, text: await (isDown ? this.#down(backend) : this.#up(backend)) };
  }

  /** Takes those of the node before; what its connections are called there may not be configured here. */
  adopt(marks: readonly BackendName[]): void {
    if (!Bun.deepEquals(marks, this.#marks)) this.#change(marks);
    this.dropUnknown();
  }

  /** Drops the marks of connections that are not configured any more. */
  dropUnknown(): void {
    const connections = this.#node.connections();
    const isKnown = ({ connection }: BackendName) => connections.has(connection);
    if (this.#marks.every(isKnown)) return;
    for (const gone of this.#marks.filter((mark) => !isKnown(mark))) {
      this.#log.info("backend mark dropped", { ...fieldsOf(gone), reason: "no such connection" });
    }
    this.#change(this.#marks.filter(isKnown));
  }

  async #down(backend: BackendName): Promise<string> {
    const isNew = !this.#marks.some((mark) => covers(mark, backend));
    if (isNew) {
      this.#log.info("backend marked down", fieldsOf(backend));
      this.#change([...this.#marks.filter((mark) => !covers(backend, mark)), backend]);
    }
    const replies = await this.#node.ask({ about: "backends" });
    const backends = factsIn(replies).filter((one) => covers(backend, one));
    const sessions = backends.reduce((sum, one) => sum + one.sessions, 0);
    const silent = replies.filter(({ answer }) => answer === null).map(({ id }) => `"${id}"`);
    const missing = silent.length === 0 ? "" : `; no answer from ${silent.join(", ")}`;
    const state = isNew ? "is marked down" : "was marked down already";
    return `Backend ${printBackend(backend)} ${state}; sessions on it: ${sessions}${missing}`;
  }

  async #up(backend: BackendName): Promise<string> {
    const others = this.#marks.filter((mark) => !covers(backend, mark));
    if (others.length === this.#marks.length) {
      return `Backend ${printBackend(backend)} was not marked down`;
    }
    this.#log.info("backend marked up", fieldsOf(backend));
    this.#change(others);
    await this.#node.ask({ about: "backends" });
    return `Backend ${printBackend(backend)} gets new sessions again`;
  }

  #change(marks: readonly BackendName[]): void {
    this.#marks = marks;
    this.#node.sendMarks(marks);
  }

  /** Why a backend cannot be marked; null: it can. */
  async #faultOf({ connection, address }: BackendName, isDown: boolean): Promise<string | null> {
    const connections = this.#node.connections();
    if (!connections.has(connection)) {
      const names = [...connections].map((name) => `"${name}"`).join(", ");
      return `no proxy has a connection of this name; there are ${names || "none"}`;
    }
    if (address === null) return null;
    if (!isDown) {
      const isWhole = this.#marks.some((mark) => covers(mark, { connection, address: null }));
      return isWhole ? "the whole connection is marked down" : null;
    }
    const all = factsIn(await this.#node.ask({ about: "backends" }));
    const found = all.filter((one) => one.connection === connection).map((one) => one.address);
    if (found.includes(address)) return null;
    const addresses = [...new Set(found)].filter((one) => one !== null);
    return `no proxy has a router at this address; there are ${addresses.join(", ") || "none"}`;
  }
}

/** How sentences name a backend. */
export function printBackend({ connection, address }: BackendName): string {
  return address === null ? `"${connection}"` : `"${connection}" at ${address}`;
}

function fieldsOf({ connection, address }: BackendName) {
  return { connection, ...(address !== null && { address }) };
}

function factsIn(replies: readonly WorkerReply[]): BackendFacts[] {
  return replies.flatMap(({ answer }) => (answer?.about === "backends" ? answer.backends : []));
}
