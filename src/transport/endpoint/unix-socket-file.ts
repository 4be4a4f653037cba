/**
 * The file of a listening Unix domain socket: made with the right mode, taken over when it is stale,
 * never taken from a program that still listens on it, and removed at the end.
 *
 * @module
 */

import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { Failure } from "#base/failure.ts";
import type { ListeningUnixConfig } from "#config/node-config.ts";
import { isUnixPathTooLong, usableUnixPath } from "./peer-address.ts";

/** How long a program that holds the socket may take to answer before it counts as alive. */
const probeTimeoutMs = 2000;

/** A Unix socket that listens. */
export interface OpenUnixSocket<Server> {
  server: Server;
  /** Removes the file, unless another program has put its own in its place. */
  removeFile(): void;
}

/**
 * Listens on a Unix socket: `listen` is called with the address to use.
 *
 * @throws Failure when the file belongs to a live program or is no socket.
 */
export async function openUnixSocket<Server>(
  endpoint: Pick<ListeningUnixConfig, "path" | "permission">,
  listen: (address: string) => Server,
): Promise<OpenUnixSocket<Server>> {
  const { path, permission } = endpoint;
  if (isUnixPathTooLong(path)) throw cannotListen(path, "the path is longer than 107 octets");
  const address = usableUnixPath(path);
  await removeStale(path, address);
  // With the mask the file never has a wider mode, not even before chmod.
  const umask = process.umask(0o777 & ~permission);
  let server: Server;
  try {
    server = listen(address);
  } finally {
    process.umask(umask);
  }
  chmodSync(path, permission);
  const { ino } = lstatSync(path);
  return { server, removeFile: () => removeOwn(path, ino) };
}

async function removeStale(path: string, address: string): Promise<void> {
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (file === undefined) return;
  if (!file.isSocket()) throw cannotListen(path, "the file exists and is not a socket");
  if (await isAnswered(address)) throw cannotListen(path, "address already in use");
  unlinkSync(path);
}

/** Whether a program listens there. Only a refusal is proof that none does. */
export function isAnswered(address: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ path: address });
  const deadline = setTimeout(() => resolve(true), probeTimeoutMs);
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
