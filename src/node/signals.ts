/**
 * Signals of the controller: the first SIGINT, SIGTERM or SIGUSR2 asks for a graceful shutdown, a later SIGINT or
 * SIGTERM for an immediate end; SIGHUP has the node take its configuration again, SIGUSR1 open the log's file again.
 *
 * As in NATS, SIGUSR2 begins a drain that SIGTERM lets go on: a container's `preStop` sends the one, and the system
 * the other behind it.
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

/** Handles SIGINT, SIGTERM and SIGUSR2 for as long as the process lives. */
export function onShutdownSignal(handler: ShutdownSignalHandler): void {
  let last: NodeJS.Signals | undefined;
  for (const signal of ["SIGINT", "SIGTERM", "SIGUSR2"] as const) {
    process.on(signal, () => {
      const before = last;
      if (before === undefined || signal !== "SIGUSR2") last = signal;
      if (before === undefined) handler.first(signal);
      else if (signal === "SIGINT" || (signal === "SIGTERM" && before !== "SIGUSR2")) {
        handler.again(128 + constants.signals[signal]);
      }
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
