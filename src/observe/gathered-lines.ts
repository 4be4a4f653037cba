/**
 * GatheredLines: writes lines that are many and short together, so that not each of them costs a system call.
 *
 *     a line                       is kept
 *     20 ms after the first one    all are written
 *     beyond 4096 octets           those before are written: a pipe takes so many whole or not at all
 *     `flush`                      all are written: before another line, and when the process exits
 *
 * @module
 */

/** Most octets that are written together. */
const MAX_OCTETS = 4096;

/** Time that a line is kept. */
const KEPT_MS = 20;

/** The lines of one stream. */
export class GatheredLines {
  readonly #write: (text: string, lines: number) => void;
  #text = "";
  #octets = 0;
  #lines = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `write` takes a text and the number of lines in it. */
  constructor(write: (text: string, lines: number) => void) {
    this.#write = write;
  }

  /** Keeps a line, which ends with a line feed. */
  add(line: string): void {
    const octets = Buffer.byteLength(line);
    if (this.#octets + octets > MAX_OCTETS) this.flush();
    this.#text += line;
    this.#octets += octets;
    this.#lines += 1;
    this.#timer ??= setTimeout(() => this.flush(), KEPT_MS);
  }

  /** Writes all that is kept. */
  flush(): void {
    if (this.#lines === 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [text, lines] = [this.#text, this.#lines];
    this.#text = "";
    this.#octets = 0;
    this.#lines = 0;
    this.#write(text, lines);
  }
}
