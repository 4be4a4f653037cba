/**
 * Synchronous writes to standard output and standard error, or to the log's file, so that a process may exit right
 * after.
 *
 * @module
 */

import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { errorCodeOf } from "#base/failure.ts";
import { fileStateOf } from "#base/file-state.ts";
import { GatheredLines } from "./gathered-lines.ts";
import { LogFile } from "./log-file.ts";
import { LossyWriter, type PrintLoss, printLoss } from "./lossy-writer.ts";

/** The name of a stream. */
export type OutputStream = "stdout" | "stderr";

let writers: Partial<Record<OutputStream, LossyWriter>> = {};

let printLostTexts: PrintLoss = printLoss;

/** The file that both streams go to; undefined: there is none. */
let logFile: LogFile | undefined;

/**
 * Sets where the texts of this process go from now on, and how lost ones are told. Returns the state of a file that
 * cannot be opened; then the streams stay.
 */
export function setOutput(file: string | null, print: PrintLoss): string | null {
  printLostTexts = print;
  writers = {};
  return fileStateAfter(() => {
    logFile = file === null ? undefined : new LogFile(file);
  });
}

/** Opens the log's file again, if there is one, after it was renamed; returns the state of one that cannot be opened. */
export function reopenLogFile(): string | null {
  gathered?.flush();
  return fileStateAfter(() => logFile?.reopen());
}

function fileStateAfter(open: () => void): string | null {
  try {
    open();
    return null;
  } catch (thrown) {
    return fileStateOf(thrown);
  }
}

/** Lines for standard output. */
let gathered: GatheredLines | undefined;

/**
 * Writes text, or drops it when the stream's reader does not keep up or the disk is full, so that neither
 * stops the program. The next text that is written begins with the number of those dropped.
 */
export function writeOutput(stream: OutputStream, text: string): void {
  // So that the lines of both streams are in their order where they go to the same file.
  gathered?.flush();
  writerOf(stream).write(text);
}

/** Writes a line to standard output as `writeOutput` does, but together with others, a moment later. */
export function gatherOutput(line: string): void {
  gathered ??= gatherLines();
  gathered.add(line);
}

function gatherLines(): GatheredLines {
  const made = new GatheredLines((text, lines) => writerOf("stdout").write(text, lines));
  process.on("exit", () => made.flush());
  return made;
}

function writerOf(stream: OutputStream): LossyWriter {
  writers[stream] ??= openWriter(stream);
  return writers[stream];
}

function openWriter(stream: OutputStream): LossyWriter {
  const file = logFile;
  if (file !== undefined) {
    return new LossyWriter((octets, from) => file.write(octets, from), printLostTexts);
  }
  const descriptor = openNonBlocking(stream);
  // A pipe takes up to 4096 octets whole or not at all, so only longer texts can be cut.
  return new LossyWriter((octets, from) => writeSync(descriptor, octets, from), printLostTexts);
}

/** Milliseconds until a full pipe that does not block is tried again. */
const RETRY_MS = 5;

/**
 * Writes a text that a command was asked for, and waits for the reader as long as it takes: unlike a line of
 * the log, no part of it may be lost.
 */
export function writeCompletely(stream: OutputStream, text: string): void {
  const descriptor = stream === "stdout" ? 1 : 2;
  const octets = Buffer.from(text);
  for (let written = 0; written < octets.length; ) {
    try {
      written += writeSync(descriptor, octets, written);
    } catch (thrown) {
      if (errorCodeOf(thrown) !== "EAGAIN") return;
      // Another process with the same stream has made it non-blocking.
      Bun.sleepSync(RETRY_MS);
    }
  }
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
