/**
 * LossyWriter: writes texts where they may be lost, and says how many were.
 *
 * @module
 */

const LINE_FEED = 0x0a;

/** Writes octets from a position on; gives the number of those taken, or throws the system's error. */
type WriteOctets = (octets: Uint8Array, from: number) => number;

/** Why texts are lost, by the codes of errors that pass. */
const CAUSES: Record<string, string> = {
  EAGAIN: "pipe full",
  ENOSPC: "disk full",
  EDQUOT: "disk full",
  EFBIG: "file too large",
};

/** Prints how many texts were lost, and why, as one line without the line feed at its end. */
export type PrintLoss = (lost: number, cause: string) => string;

/** The line between those of a log that people read. */
export const printLoss: PrintLoss = (lost, cause) =>
  `(${lost} texts before this one were lost: ${cause})`;

/** Writes to one stream. */
export class LossyWriter {
  readonly #writeOctets: WriteOctets;
  readonly #printLoss: PrintLoss;
  /** Texts that were lost since the last one that was written, and why. */
  #lost = 0;
  #cause = "";
  /** Whether the last text was written in part, so that its line has no end. */
  #isCut = false;

  constructor(writeOctets: WriteOctets, print: PrintLoss = printLoss) {
    this.#writeOctets = writeOctets;
    this.#printLoss = print;
  }

  /**
   * Writes a text or loses it. The next one that is written begins with the number of those lost. With `lines`, the
   * text is so many lines, each of which counts as a text.
   */
  write(text: string, lines = 1): void {
    const notice = this.#lost === 0 ? "" : `${this.#printLoss(this.#lost, this.#cause)}\n`;
    const lead = `${this.#isCut ? "\n" : ""}${notice}`;
    const octets = Buffer.from(lead + text);
    let written = 0;
    try {
      while (written < octets.length) written += this.#writeOctets(octets, written);
    } catch (thrown) {
      // At EPIPE, or EIO of a terminal that is gone, no reader is left who could be told.
      const cause = CAUSES[(thrown as NodeJS.ErrnoException).code ?? ""];
      if (cause !== undefined) this.#lose(cause, lines, octets.subarray(0, written), lead.length);
      return;
    }
    this.#lost = 0;
    this.#isCut = false;
  }

  /** `written` is what was taken of the lead and the text behind it. */
  #lose(cause: string, lines: number, written: Uint8Array, leadOctets: number): void {
    // Those before are told, if the lead was taken whole.
    if (written.length >= leadOctets) this.#lost = 0;
    this.#lost += lines > 1 ? lines - linesIn(written.subarray(leadOctets)) : 1;
    this.#cause = cause;
    if (written.length > 0) this.#isCut = written.at(-1) !== LINE_FEED;
  }
}

/** How many lines end in these octets. */
function linesIn(octets: Uint8Array): number {
  let count = 0;
  for (let at = octets.indexOf(LINE_FEED); at >= 0; at = octets.indexOf(LINE_FEED, at + 1)) count++;
  return count;
}
