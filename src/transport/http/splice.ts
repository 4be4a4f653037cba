/**
 * Splice: copies octets between a client's connection and the Web server's private socket.
 *
 * Each direction has back-pressure: a chunk that the target does not take whole is kept, and the source is
 * paused until the target has taken it. So a splice holds at most one read in each direction.
 *
 * @module
 */

import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import type { ConnectBatches } from "./connect-batches.ts";
import { refusalOctets } from "./refused-connection.ts";

/** How long a side may take no octets after the other side has closed. */
const LINGER_MS = 10_000;

/** The answer when the Web server cannot be reached. */
const UNREACHABLE = refusalOctets(503);

/** The two sides of a splice. */
export interface SpliceOptions {
  client: ConnectionSocket;
  /** Address of the Web server's socket. */
  unix: string;
  connects: ConnectBatches;
  /** What the client has sent so far: at least the head of a request. */
  received: Uint8Array;
  /** Called when the Web server cannot be reached, after the client has been answered. */
  onUnreachable: (thrown: unknown) => void;
  /** Called once, when both sides have closed. */
  onEnd: () => void;
}

/** A splice; receives the events of its client's socket. */
export class Splice implements ConnectionEvents {
  readonly #client: ConnectionSocket;
  readonly #onUnreachable: SpliceOptions["onUnreachable"];
  readonly #onEnd: () => void;
  readonly #toServer: Pipe;
  readonly #toClient: Pipe;
  #server: ConnectionSocket | null = null;
  #isClientClosed = false;
  #isServerClosed = false;
  #linger: ReturnType<typeof setTimeout> | null = null;

  constructor(options: SpliceOptions) {
    const { client, unix, connects, received } = options;
    this.#client = client;
    this.#onUnreachable = options.onUnreachable;
    this.#onEnd = options.onEnd;
    this.#toServer = new Pipe(client);
    this.#toClient = new Pipe(null);
    this.#toClient.setTarget(client);
    this.#toServer.push(received);
    connects.run(() => void this.#connect(unix));
  }

  received(chunk: Uint8Array): void {
    this.#toServer.push(chunk);
  }

  drained(): void {
    this.#toClient.flush();
    this.#refreshLinger();
  }

  ended(): void {
    this.#toServer.end();
  }

  closed(error?: Error): void {
    if (this.#isClientClosed) return;
    this.#isClientClosed = true;
    this.#toClient.drop();
    // After an orderly close the server still gets what the client has sent; nobody reads the answer.
    if (error !== undefined) this.#terminateServer();
    else this.#toServer.end();
    if (this.#isServerClosed) this.#bothClosed();
    else this.#startLinger();
  }

  /** Terminates both sides. */
  terminate(): void {
    if (!this.#isClientClosed) this.#client.terminate();
    this.#terminateServer();
  }

  async #connect(unix: string): Promise<void> {
    if (this.#toServer.isBroken) {
      this.#serverClosed(undefined);
      return;
    }
    try {
      this.#server = await Bun.connect({
        unix,
        allowHalfOpen: true,
        socket: {
          open: (socket) => this.#connected(socket),
          data: (_socket, chunk) => this.#toClient.push(chunk),
          drain: () => {
            this.#toServer.flush();
            this.#refreshLinger();
          },
          end: () => this.#toClient.end(),
          close: (_socket, error) => this.#serverClosed(error),
          error: () => this.terminate(),
        },
      });
    } catch (thrown) {
      // There is no file descriptor left, or the temporary folder has been removed.
      this.#toClient.push(UNREACHABLE);
      this.#onUnreachable(thrown);
      this.#serverClosed(undefined);
    }
  }

  #connected(socket: ConnectionSocket): void {
    this.#server = socket;
    if (this.#isClientClosed && this.#toServer.isBroken) {
      socket.terminate();
      return;
    }
    this.#toClient.setSource(socket);
    this.#toServer.setTarget(socket);
  }

  #serverClosed(error: Error | undefined): void {
    if (this.#isServerClosed) return;
    this.#isServerClosed = true;
    this.#toServer.drop();
    if (this.#isClientClosed) {
      this.#bothClosed();
      return;
    }
    if (error !== undefined) this.#client.terminate();
    else {
      this.#toClient.end();
      this.#startLinger();
    }
  }

  #terminateServer(): void {
    this.#toServer.drop();
    if (!this.#isServerClosed) this.#server?.terminate();
  }

  #startLinger(): void {
    if (this.#linger !== null) clearTimeout(this.#linger);
    this.#linger = setTimeout(() => this.terminate(), LINGER_MS);
  }

  /** A side that takes octets is not stuck. */
  #refreshLinger(): void {
    this.#linger?.refresh();
  }

  #bothClosed(): void {
    if (this.#linger !== null) clearTimeout(this.#linger);
    this.#onEnd();
  }
}

/** One direction of a splice: a source, a target and the octets that wait in between. */
class Pipe {
  #source: ConnectionSocket | null;
  #target: ConnectionSocket | null = null;
  #waiting: Uint8Array | null = null;
  #isEnding = false;
  /** The target takes no more octets. */
  isBroken = false;

  constructor(source: ConnectionSocket | null) {
    this.#source = source;
  }

  /** Sets the source. */
  setSource(socket: ConnectionSocket): void {
    this.#source = socket;
    if (this.#waiting !== null) socket.pause();
  }

  /** Sets the target, and sends the octets that wait for it. */
  setTarget(socket: ConnectionSocket): void {
    this.#target = socket;
    this.flush();
  }

  /** Sends a chunk, which is borrowed, and keeps what the target does not take. */
  push(chunk: Uint8Array): void {
    if (this.isBroken) return;
    if (this.#waiting !== null || this.#target === null) {
      this.#waiting = Buffer.concat([this.#waiting ?? Buffer.alloc(0), chunk]);
      this.#source?.pause();
      return;
    }
    const written = this.#target.write(chunk);
    if (written === chunk.length) return;
    if (written < 0) {
      this.drop();
      return;
    }
    this.#waiting = new Uint8Array(chunk.subarray(written));
    this.#source?.pause();
  }

  /** The target is writable again. */
  flush(): void {
    if (this.isBroken || this.#target === null) return;
    if (this.#waiting !== null) {
      const written = this.#target.write(this.#waiting);
      if (written < 0) {
        this.drop();
        return;
      }
      if (written < this.#waiting.length) {
        this.#waiting = this.#waiting.subarray(written);
        return;
      }
      this.#waiting = null;
      this.#source?.resume();
    }
    if (this.#isEnding) this.#finish();
  }

  /** The source has ended: ends the target's stream after the waiting octets. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    if (this.#waiting === null && this.#target !== null) this.#finish();
  }

  /** The target is gone: the source is read on, without effect, because its end comes last. */
  drop(): void {
    this.isBroken = true;
    if (this.#waiting === null) return;
    this.#waiting = null;
    this.#source?.resume();
  }

  #finish(): void {
    if (!this.isBroken) this.#target?.shutdown();
    this.isBroken = true;
  }
}
