/**
 * Writing to standard output and standard error at once, so that a process may exit on the next line.
 *
 * @module
 */

import { constants, fstatSync, openSync, writeSync } from "node:fs";

/** Which of the two streams. */
export type OutputStream = "stdout" | "stderr";

const lost = { stdout: 0, stderr: 0 };
const descriptors: Partial<Record<OutputStream, number>> = {};

/**
 * Writes text, or drops it when its reader does not keep up: a log that nobody reads must
 * not stop the program. How many texts were lost is said before the next one that gets through.
 */
export function writeOutput(stream: OutputStream, text: string): void {
  const before = lost[stream];
  const notice = before === 0 ? "" : `(${before} texts before this one were lost: pipe full)\n`;
  descriptors[stream] ??= openWithoutWaiting(stream);
  if (write(descriptors[stream], Buffer.from(notice + text))) lost[stream] = 0;
  else lost[stream] += 1;
}

/**
 * The stream opened anew, so that writing to a full pipe fails instead of waiting. The descriptor
 * that we were given is shared with others, who would be surprised if it changed. A file makes nobody
 * wait, and its position is shared too: what others write through it is to come behind what is written here.
 */
function openWithoutWaiting(stream: OutputStream): number {
  const descriptor = stream === "stdout" ? 1 : 2;
  try {
    if (fstatSync(descriptor).isFile()) return descriptor;
    const { O_WRONLY, O_APPEND, O_NONBLOCK } = constants;
    return openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_APPEND | O_NONBLOCK);
  } catch {
    // A socket, a closed stream, or a system without /proc.
    return descriptor;
  }
}

/** Says whether the octets are out, or never can be. */
function write(descriptor: number, octets: Uint8Array): boolean {
  for (let written = 0; written < octets.length; ) {
    try {
      written += writeSync(descriptor, octets, written);
    } catch (thrown) {
      // EPIPE, or EIO of a terminal that is gone, mean that nobody will ever read this. A pipe takes
      // up to 4096 octets whole or not at all, so only longer texts can be cut.
      return (thrown as NodeJS.ErrnoException).code !== "EAGAIN";
    }
  }
  return true;
}
