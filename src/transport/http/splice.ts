/**
 * Splice: a client's connection joined to the Web server's private socket, octets in both directions.
 *
 * Each way waits for its reader: a chunk that the one side does not take whole is kept, and the other
 * side is not read until it is gone. So a splice never holds more than one read in either direction,
 * and a server behind it feels its client's pace.
 *
 * @module
 */

import type { Socket } from "bun";
import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import type { ConnectBatches } from "./connect-batches.ts";
import { refusalOctets } from "./refused-connection.ts";

/** How long a side may take nothing of what is left once the other side is over. */
const LINGER_MS = 10_000;

/** The answer to a client whose request can go nowhere. */
const UNREACHABLE = refusalOctets(503);

/** What a splice is made of. */
export interface SpliceOptions {
  client: ConnectionSocket;
  /** The Web server's socket, as the system takes its path. */
  unix: string;
  connects: ConnectBatches;
  /** What the client has sent already. */
  first: Uint8Array;
  /** Is called when the Web server cannot be reached; the client has been answered then. */
  onUnreachable: (thrown: unknown) => void;
  /** Is called once, when both sides are closed. */
  onEnd: () => void;
}

/** A splice from its client's point of view. */
export class Splice implements ConnectionEvents {
  readonly #client: ConnectionSocket;
  readonly #onUnreachable: SpliceOptions["onUnreachable"];
  readonly #onEnd: () => void;
  /** What goes to the Web server, and what goes to the client. */
  readonly #inward: Pipe;
  readonly #outward: Pipe;
  #server: Socket | null = null;
  #isClientClosed = false;
  #isServerClosed = false;
  #linger: ReturnType<typeof setTimeout> | null = null;

  constructor(options: SpliceOptions) {
    const { client, unix, connects, first } = options;
    this.#client = client;
    this.#onUnreachable = options.onUnreachable;
    this.#onEnd = options.onEnd;
    this.#inward = new Pipe(client);
    this.#outward = new Pipe(null);
    this.#outward.to(client);
    this.#inward.push(first);
    connects.run(() => void this.#connect(unix));
  }

  received(chunk: Uint8Array): void {
    this.#inward.push(chunk);
  }

  drained(): void {
    this.#outward.flush();
    this.#refreshLinger();
  }

  ended(): void {
    this.#inward.end();
  }

  closed(error?: Error): void {
    if (this.#isClientClosed) return;
    this.#isClientClosed = true;
    this.#outward.drop();
    // What a client sent before it left in good order still goes in; the answer has no reader.
    if (error !== undefined) this.#cutServer();
    else this.#inward.end();
    if (this.#isServerClosed) this.#over();
    else this.#startLinger();
  }

  /** Cuts both sides off. */
  terminate(): void {
    if (!this.#isClientClosed) this.#client.terminate();
    this.#cutServer();
  }

  async #connect(unix: string): Promise<void> {
    if (this.#inward.isBroken) {
      this.#serverClosed(undefined);
      return;
    }
    try {
      this.#server = await Bun.connect({
        unix,
        allowHalfOpen: true,
        socket: {
          open: (socket) => this.#connected(socket),
          data: (_socket, chunk) => this.#outward.push(chunk),
          drain: () => {
            this.#inward.flush();
            this.#refreshLinger();
          },
          end: () => this.#outward.end(),
          close: (_socket, error) => this.#serverClosed(error),
          error: () => this.terminate(),
        },
      });
    } catch (thrown) {
      // No descriptor is left, or somebody has tidied the folder of temporary files up.
      this.#outward.push(UNREACHABLE);
      this.#onUnreachable(thrown);
      this.#serverClosed(undefined);
    }
  }

  #connected(socket: Socket): void {
    this.#server = socket;
    if (this.#isClientClosed && this.#inward.isBroken) {
      socket.terminate();
      return;
    }
    this.#outward.from(socket);
    this.#inward.to(socket);
  }

  #serverClosed(error: Error | undefined): void {
    if (this.#isServerClosed) return;
    this.#isServerClosed = true;
    this.#inward.drop();
    if (this.#isClientClosed) {
      this.#over();
      return;
    }
    if (error !== undefined) this.#client.terminate();
    else {
      this.#outward.end();
      this.#startLinger();
    }
  }

  #cutServer(): void {
    this.#inward.drop();
    if (!this.#isServerClosed) this.#server?.terminate();
  }

  #startLinger(): void {
    if (this.#linger !== null) clearTimeout(this.#linger);
    this.#linger = setTimeout(() => this.terminate(), LINGER_MS);
  }

  /** Whoever takes octets is not stuck. */
  #refreshLinger(): void {
    this.#linger?.refresh();
  }

  #over(): void {
    if (this.#linger !== null) clearTimeout(this.#linger);
    this.#onEnd();
  }
}

/** One direction of a splice: at most one socket on either end, and what waits in between. */
class Pipe {
  #from: ConnectionSocket | null;
  #to: ConnectionSocket | null = null;
  #waiting: Uint8Array | null = null;
  #isEnding = false;
  /** The target takes nothing more. */
  isBroken = false;

  constructor(from: ConnectionSocket | null) {
    this.#from = from;
  }

  /** Names the source. */
  from(socket: ConnectionSocket): void {
    this.#from = socket;
    if (this.#waiting !== null) socket.pause();
  }

  /** Names the target, and sends what has waited for it. */
  to(socket: ConnectionSocket): void {
    this.#to = socket;
    this.flush();
  }

  /** Sends a chunk, which is borrowed, or keeps what of it does not go out. */
  push(chunk: Uint8Array): void {
    if (this.isBroken) return;
    if (this.#waiting !== null || this.#to === null) {
      this.#waiting = Buffer.concat([this.#waiting ?? Buffer.alloc(0), chunk]);
      this.#from?.pause();
      return;
    }
    const written = this.#to.write(chunk);
    if (written === chunk.length) return;
    if (written < 0) {
      this.drop();
      return;
    }
    this.#waiting = new Uint8Array(chunk.subarray(written));
    this.#from?.pause();
  }

  /** The target is writable again. */
  flush(): void {
    if (this.isBroken || this.#to === null) return;
    if (this.#waiting !== null) {
      const written = this.#to.write(this.#waiting);
      if (written < 0) {
        this.drop();
        return;
      }
      if (written < this.#waiting.length) {
        this.#waiting = this.#waiting.subarray(written);
        return;
      }
      this.#waiting = null;
      this.#from?.resume();
    }
    if (this.#isEnding) this.#finish();
  }

  /** Nothing comes any more: ends the target's stream behind what waits. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    if (this.#waiting === null && this.#to !== null) this.#finish();
  }

  /** The target is gone: what still comes is read and thrown away, for the end lies behind it. */
  drop(): void {
    this.isBroken = true;
    if (this.#waiting === null) return;
    this.#waiting = null;
    this.#from?.resume();
  }

  #finish(): void {
    if (!this.isBroken) this.#to?.shutdown();
    this.isBroken = true;
  }
}
