/**
 * The file of a listening Unix domain socket: created with the configured mode, replaced when it is
 * stale, never taken from a program that still listens on it, and removed at the end.
 *
 * @module
 */

import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { Failure } from "#base/failure.ts";
import type { ListeningUnixConfig } from "#config/endpoint/endpoint-config.ts";
import { isUnixPathTooLong, usableUnixPath } from "./peer-address.ts";

/** A connect that is pending for this long counts as a program that listens. */
const PROBE_TIMEOUT_MS = 2000;

/** A listening Unix socket. */
export interface OpenUnixSocket<Server> {
  server: Server;
  /** Removes the file, unless another program has replaced it. */
  removeFile(): void;
}

/**
 * Listens on a Unix socket: `listen` is called with the address to listen on.
 *
 * @throws Failure when the file belongs to a running program or is no socket.
 */
export async function openUnixSocket<Server>(
  endpoint: Pick<ListeningUnixConfig, "path" | "permission">,
  listen: (address: string) => Server,
): Promise<OpenUnixSocket<Server>> {
  const { path, permission } = endpoint;
  if (isUnixPathTooLong(path)) throw cannotListen(path, "the path is longer than 107 octets");
  const address = usableUnixPath(path);
  await removeStale(path, address);
  // The mask keeps the file from having a wider mode until chmod.
  const umask = process.umask(0o777 & ~permission);
  let server: Server;
  try {
    server = listen(address);
  } finally {
    process.umask(umask);
  }
  chmodSync(path, permission);
  return { server, removeFile: fileRemover(path) };
}

/** Removes the present file of this name when it is called, unless another program has replaced it. */
export function fileRemover(path: string): () => void {
  const { ino } = lstatSync(path);
  return () => removeOwn(path, ino);
}

async function removeStale(path: string, address: string): Promise<void> {
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (file === undefined) return;
  if (!file.isSocket()) throw cannotListen(path, "the file exists and is not a socket");
  if (await hasListener(address)) throw cannotListen(path, "address already in use");
  unlinkSync(path);
}

/** Whether a program listens at an address. Only ECONNREFUSED proves that none does. */
export function hasListener(address: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ path: address });
  const deadline = setTimeout(() => resolve(true), PROBE_TIMEOUT_MS);
  socket.once("connect", () => resolve(true));
  socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
  return promise.finally(() => {
    clearTimeout(deadline);
    socket.destroy();
  });
}

function removeOwn(path: string, ino: number): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.ino === ino) unlinkSync(path);
}

function cannotListen(path: string, state: string): Failure {
  return new Failure(`Cannot listen on "unix ${path}": ${state}`, { source: "internal" });
}
