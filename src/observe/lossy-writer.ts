/**
 * LossyWriter: writes texts where they may be lost, and says how many were.
 *
 * @module
 */

/** Writes octets from a position on; gives the number of those taken, or throws the system's error. */
type WriteOctets = (octets: Uint8Array, from: number) => number;

/** Why texts are lost, by the codes of errors that pass. */
const CAUSES: Record<string, string> = {
  EAGAIN: "pipe full",
  ENOSPC: "disk full",
  EDQUOT: "disk full",
  EFBIG: "file too large",
};

/** Writes to one stream. */
export class LossyWriter {
  readonly #writeOctets: WriteOctets;
  /** Texts that were lost since the last one that was written, and why. */
  #lost = 0;
  #cause = "";
  /** Whether the last text was written in part, so that its line has no end. */
  #isCut = false;

  constructor(writeOctets: WriteOctets) {
    this.#writeOctets = writeOctets;
  }

  /** Writes a text or loses it. The next one that is written begins with the number of those lost. */
  write(text: string): void {
    const notice = `(${this.#lost} texts before this one were lost: ${this.#cause})\n`;
    const lead = `${this.#isCut ? "\n" : ""}${this.#lost === 0 ? "" : notice}`;
    const octets = Buffer.from(lead + text);
    let written = 0;
    try {
      while (written < octets.length) written += this.#writeOctets(octets, written);
    } catch (thrown) {
      // At EPIPE, or EIO of a terminal that is gone, no reader is left who could be told.
      const cause = CAUSES[(thrown as NodeJS.ErrnoException).code ?? ""];
      if (cause !== undefined) this.#lose(cause, written);
      return;
    }
    this.#lost = 0;
    this.#isCut = false;
  }

  #lose(cause: string, written: number): void {
    this.#lost += 1;
    this.#cause = cause;
    if (written > 0) this.#isCut = true;
  }
}
