/** A socket as transports use Bun's, without a connection: it keeps what is written, and what is done. */

import type { ConnectionSocket } from "#transport/endpoint/connection.ts";

export class ScriptedSocket implements ConnectionSocket {
  /** How many more octets it takes; -1: the system takes none for this connection any more. */
  takes = Number.POSITIVE_INFINITY;
  /** What was written, in Latin-1, one text for each write. */
  readonly writes: string[] = [];
  /** Everything else that was done, in order. */
  readonly done: ("shutdown" | "terminate" | "end" | "pause" | "resume")[] = [];
  #wakes: (() => void)[] = [];

  write(octets: Uint8Array, offset = 0, length = octets.length - offset): number {
    if (this.takes < 0) return -1;
    const count = Math.min(length, this.takes);
    this.takes -= count;
    const text = Buffer.from(octets.subarray(offset, offset + count)).toString("latin1");
    if (count > 0) this.writes.push(text);
    this.#wake();
    return count;
  }

  shutdown = () => this.#do("shutdown");
  terminate = () => this.#do("terminate");
  end = () => this.#do("end");
  pause = () => this.#do("pause");
  resume = () => this.#do("resume");

  /** All that was written. */
  get text(): string {
    return this.writes.join("");
  }

  /** Resolves once something is so; it is looked at after each write and deed. */
  async until(isSo: (socket: this) => boolean): Promise<void> {
    while (!isSo(this)) await new Promise<void>((resolve) => this.#wakes.push(resolve));
  }

  #do(what: (typeof this.done)[number]): void {
    this.done.push(what);
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#wakes.splice(0)) wake();
  }
}
