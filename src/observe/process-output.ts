/**
 * What a process that the node started writes to its standard output and standard error, in the node's log.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";
import { withinTime } from "#base/within-time.ts";
import { MOST_OF_EVENT } from "./log-format.ts";
import type { Logger } from "./logger.ts";

/** Where a stream's lines go. */
export type LogLine = (line: string) => void;

/**
 * Logs each line of a stream; what follows the last line feed is logged at the stream's end.
 *
 * Resolves when the stream has ended. A line that is longer than the longest event becomes several records, so
 * that a process that ends no line fills no memory.
 */
export async function logLines(stream: ReadableStream<Uint8Array>, log: LogLine): Promise<void> {
  const decoder = new TextDecoder();
  let waiting = "";
  const take = (text: string) => {
    const lines = (waiting + text).split("\n");
    waiting = lines.pop() ?? "";
    for (const line of lines) logLine(line, log);
    while (waiting.length > MOST_OF_EVENT) {
      log(waiting.slice(0, MOST_OF_EVENT));
      waiting = waiting.slice(MOST_OF_EVENT);
    }
  };
  for await (const chunk of stream) {
    take(decoder.decode(chunk, { stream: true }));
    // A stream that always has more would keep the loop from everything else, also from signals.
    await setImmediate();
  }
  take(decoder.decode());
  if (waiting !== "") logLine(waiting, log);
}

/** Time for the rest of the output of a process that has ended. */
const REST_MS = 500;

/**
 * Logs both streams of a process, standard error as warnings.
 *
 * Resolves when the process has ended and all that it wrote is in the log. A program that it has started may hold
 * the streams open, and is not waited for; what it writes later is logged too.
 */
export async function logOutput(process: Bun.Subprocess, log: Logger): Promise<void> {
  const logged = ([process.stdout, process.stderr] as const).map((stream, index) =>
    // A process can be gone before its stream was opened; there is nothing to log then.
    stream instanceof ReadableStream
      ? logLines(stream, index === 0 ? log.info : log.warn).catch(() => {})
      : undefined,
  );
  await process.exited;
  await withinTime(Promise.all(logged), REST_MS);
}

function logLine(line: string, log: LogLine): void {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  for (let at = 0; at < text.length || at === 0; at += MOST_OF_EVENT) {
    log(text.slice(at, at + MOST_OF_EVENT));
  }
}
