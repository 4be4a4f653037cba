/**
 * Writing to standard output and standard error at once, so that a process may exit on the next line.
 *
 * @module
 */

import { writeSync } from "node:fs";

/** Which of the two streams. */
export type OutputStream = "stdout" | "stderr";

/** How long a reader may keep a full pipe full before text for it is lost, in milliseconds. */
const PATIENCE_MS = 200;

const lost = { stdout: 0, stderr: 0 };

/** Writes text whole; a stream that nobody reads any more is no reason to fail. */
export function writeOutput(stream: OutputStream, text: string): void {
  const before = lost[stream];
  const notice = before === 0 ? "" : `(${before} texts before this one were lost: pipe full)\n`;
  if (write(stream === "stdout" ? 1 : 2, Buffer.from(notice + text))) lost[stream] = 0;
  else lost[stream] += 1;
}

/** Says whether the octets are out (or never can be). */
function write(descriptor: number, octets: Uint8Array): boolean {
  const deadline = performance.now() + PATIENCE_MS;
  for (let written = 0; written < octets.length; ) {
    try {
      written += writeSync(descriptor, octets, written);
    } catch (thrown) {
      // The pipe may have been made non-blocking by whoever started us. Anything but a full pipe
      // (EPIPE, EIO of a terminal that is gone) means that nobody will ever read this.
      if ((thrown as NodeJS.ErrnoException).code !== "EAGAIN") return true;
      if (performance.now() > deadline) return false;
      Bun.sleepSync(1);
    }
  }
  return true;
}
