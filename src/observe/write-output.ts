/**
 * Synchronous writes to standard output and standard error, so that a process may exit right after.
 *
 * @module
 */

import { constants, fstatSync, openSync, writeSync } from "node:fs";

/** The name of a stream. */
export type OutputStream = "stdout" | "stderr";

/** Texts that were dropped since the last one that was written. */
const dropped = { stdout: 0, stderr: 0 };
const descriptors: Partial<Record<OutputStream, number>> = {};

/**
 * Writes text, or drops it when the stream's reader does not keep up, so that an unread log does not
 * stop the program. The next text that is written begins with the number of those dropped.
 */
export function writeOutput(stream: OutputStream, text: string): void {
  const count = dropped[stream];
  const notice = count === 0 ? "" : `(${count} texts before this one were lost: pipe full)\n`;
  descriptors[stream] ??= openNonBlocking(stream);
  if (write(descriptors[stream], Buffer.from(notice + text))) dropped[stream] = 0;
  else dropped[stream] += 1;
}

/**
 * Opens the stream again in non-blocking mode, so that writing to a full pipe fails instead of waiting.
 * The inherited descriptor keeps its mode, because other processes share it. A file never blocks, and
 * keeps its descriptor: other processes share its position, and write behind what is written here.
 */
function openNonBlocking(stream: OutputStream): number {
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

/** Writes the octets; false: the pipe is full. True also when they can never be written. */
function write(descriptor: number, octets: Uint8Array): boolean {
  for (let written = 0; written < octets.length; ) {
    try {
      written += writeSync(descriptor, octets, written);
    } catch (thrown) {
      // EPIPE, or EIO of a terminal that is gone: no reader is left. A pipe takes up to 4096 octets
      // whole or not at all, so only longer texts can be cut.
      return (thrown as NodeJS.ErrnoException).code !== "EAGAIN";
    }
  }
  return true;
}
