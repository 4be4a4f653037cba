/**
 * The folder for the sockets between the workers of a node. Its name cannot be known before, so that nothing can be
 * put in its place. A worker that needs it makes it; it is removed when the controller ends, unless another node uses it
 * from then on.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new name. */
export function newRunFolder(): string {
  return join(tmpdir(), `crossproxy-${randomBytes(8).toString("hex")}`);
}

/** Has the folder, should there be one by then, removed at the end of this process; returns what revokes that. */
export function removeRunFolderAtEnd(folder: string): () => void {
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.on("exit", remove);
  return () => process.off("exit", remove);
}
