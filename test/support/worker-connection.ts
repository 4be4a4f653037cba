/** A connection to one of the workers that share a port: the page of the node tells which of them has accepted it. */

import { connect, type Socket } from "node:net";
import { afterTest } from "./cleanups.ts";

export class WorkerConnection {
  /** All that has come, in Latin-1. */
  text = "";
  readonly #socket: Socket;
  #isClosed = false;
  #wake = () => {};

  private constructor(port: number) {
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.on("error", () => {});
    this.#socket.on("data", (chunk: Buffer) => {
      this.text += chunk.toString("latin1");
      this.#wake();
    });
    this.#socket.on("close", () => {
      this.#isClosed = true;
      this.#wake();
    });
    afterTest(() => this.close());
  }

  /** Connects until the worker of this name has accepted; `info` is the path of the page of the node. */
  static async to(port: number, worker: string, info: string): Promise<WorkerConnection> {
    for (;;) {
      const connection = new WorkerConnection(port);
      connection.send(`GET ${info}?format=json HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      await connection.until(/"answeredBy":"[^"]*"\}\n$/);
      if (connection.text.endsWith(`"answeredBy":"${worker}"}\n`)) {
        connection.text = "";
        return connection;
      }
      connection.close();
    }
  }

  send(text: string): void {
    this.#socket.write(Buffer.from(text, "latin1"));
  }

  /** Waits until this has come, or the other side has closed. */
  async until(wanted: RegExp): Promise<void> {
    while (!wanted.test(this.text) && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}
