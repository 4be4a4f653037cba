/**
 * The folder for the sockets between the workers of a node. Its name cannot be known before, so that nothing can be
 * put in its place. A worker that needs it makes it; it is removed when the controller ends.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new name; the folder, should there be one by then, is removed at the end of this process. */
export function newRunFolder(): string {
  const folder = join(tmpdir(), `crossproxy-${randomBytes(8).toString("hex")}`);
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
