/**
 * KeepAlive: ends connections whose clients have sent nothing for one and a half times the time that they announced
 * (MQTT 5.0, section 3.1.2.10).
 *
 * One timer serves all clients, which are kept by the second in which they are looked at next. A packet only notes the
 * time, so that busy clients cost no more than idle ones.
 *
 * @module
 */

const TICK_MS = 1_000;

/** A connection with a keep-alive. */
export interface KeptAlive {
  /** Milliseconds that it may be silent. */
  readonly silenceMs: number;
  /** How long it has been silent, in milliseconds; 0: it is not read at present. */
  readonly silentMs: number;
  /** The second in which it is looked at next; 0: it is not. */
  keepAliveSecond: number;
  onSilence(): void;
}

/** The connections of a process. */
class KeepAlive {
  readonly #bySecond = new Map<number, Set<KeptAlive>>();
  #size = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #now = 0;

  /** Looks after a connection from now on. */
  add(connection: KeptAlive): void {
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
    this.#size += 1;
    this.#put(connection, connection.silenceMs);
  }

  /** The connection has ended, or needs no sign of life any more. */
  remove(connection: KeptAlive): void {
    if (connection.keepAliveSecond === 0) return;
    this.#bySecond.get(connection.keepAliveSecond)?.delete(connection);
    connection.keepAliveSecond = 0;
    this.#size -= 1;
    if (this.#size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#bySecond.clear();
  }

  #put(connection: KeptAlive, inMs: number): void {
    const second = this.#now + Math.max(1, Math.ceil(inMs / TICK_MS));
    const others = this.#bySecond.get(second) ?? new Set();
    others.add(connection);
    this.#bySecond.set(second, others);
    connection.keepAliveSecond = second;
  }

  #tick(): void {
    this.#now += 1;
    const due = this.#bySecond.get(this.#now);
    this.#bySecond.delete(this.#now);
    for (const connection of due ?? []) {
      const leftMs = connection.silenceMs - connection.silentMs;
      if (leftMs > 0) {
        this.#put(connection, leftMs);
      } else {
        this.remove(connection);
        connection.onSilence();
      }
    }
  }
}

/** The connections of this process. */
export const keepAlive = new KeepAlive();
