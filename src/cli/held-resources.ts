/**
 * HeldResources: what one process of a node alone can have, until it gives it up to the process that follows it.
 *
 * @module
 */

import type { AdminListener } from "#node/admin/admin-listener.ts";
import type { CommandSocket } from "#node/command-socket.ts";
import { removeRunFolderAtEnd } from "#node/run-folder.ts";

/** The commands, the admin endpoint, and the folder for sockets between workers. */
export class HeldResources {
  /** Null: no commands are taken. */
  commands: CommandSocket | null = null;
  readonly #runFolder: string;
  #admin: AdminListener | null = null;
  #keepRunFolder = () => {};

  constructor(runFolder: string) {
    this.#runFolder = runFolder;
  }

  /** This process is the node of its folder; `admin` is null where there is no endpoint. */
  hold(admin: AdminListener | null): void {
    this.#admin = admin;
    if (admin !== null) process.on("exit", () => admin.stop());
    this.#keepRunFolder = removeRunFolderAtEnd(this.#runFolder);
  }

  /** Reads the certificates of the admin endpoint again. */
  renewCertificates(): void {
    this.#admin?.renewCertificates();
  }

  giveUp(): void {
    this.commands?.close();
    this.#admin?.stop();
    this.#keepRunFolder();
  }
}
