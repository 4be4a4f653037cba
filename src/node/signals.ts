/**
 * Signals of the controller: of SIGINT and SIGTERM the first asks for an orderly end, the second for
 * any end; SIGHUP has the certificates read again.
 *
 * @module
 */

import { constants } from "node:os";

/** What is done at the first and at any later signal. */
export interface ShutdownSignalHandler {
  first(signal: string): void;
  /** `exitCode` is the shell's convention for a process ended by that signal. */
  again(exitCode: number): void;
}

/** Listens for both signals, for as long as the process lives. */
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

/** Listens for SIGHUP, for as long as the process lives. */
export function onRenewalSignal(renew: () => void): void {
  process.on("SIGHUP", renew);
}
