/**
 * Signals of the controller: the first SIGINT or SIGTERM asks for a graceful shutdown, the second for an
 * immediate end; SIGHUP has the node take its configuration again, SIGUSR1 open the log's file again.
 *
 * @module
 */

import { constants } from "node:os";

/** What the first signal and later signals do. */
export interface ShutdownSignalHandler {
  first(signal: string): void;
  /** `exitCode` is the shell's convention for a process ended by that signal. */
  again(exitCode: number): void;
}

/** Handles SIGINT and SIGTERM for as long as the process lives. */
export function onShutdownSignal(handler: ShutdownSignalHandler): void {
  let isFirst = true;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (!isFirst) return handler.again(128 + constants.signals[signal]);
      isFirst = false;
      handler.first(signal);
    });
  }
}

/** Handles SIGUSR1 for as long as the process lives. */
export function onReopenSignal(reopen: () => void): void {
  process.on("SIGUSR1", reopen);
}

/** Handles SIGHUP for as long as the process lives. */
export function onReloadSignal(reload: () => void): void {
  process.on("SIGHUP", reload);
}
