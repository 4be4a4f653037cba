/**
 * What a place of the configuration needs of the machine that runs the node. The loader only notes it, so that
 * a file can be loaded anywhere; `check` and the start compare it with this machine.
 *
 * @module
 */

import type { PythonName, PythonOptions } from "#config/component/process-config.ts";
import type { ConfigIssue } from "./text/config-issue.ts";

/** What the Python of a worker is needed for. */
export type PythonNeed =
  /** It loads this. */
  | { kind: "python"; wanted: PythonName }
  /** It may have to render the template, for a route of the path at this place of the configuration. */
  | { kind: "template"; service: string; folder: string; name: string; isSandboxed: boolean };

/** One need; file names are absolute. */
export type MachineNeed =
  /** A Unix socket is made there. */
  | { kind: "socket"; file: string }
  /** The file is written, and sometimes replaced. */
  | { kind: "cookies"; file: string }
  /** The file is downloaded. */
  | { kind: "download"; file: string }
  /** The ZIP file is read: its files below the prefix are served, if its SHA-256 is one of these, or any. */
  | { kind: "archive"; file: string; prefix: string; hashes: readonly string[] }
  /** The binary schema of FlatBuffers is read. */
  | { kind: "schema"; file: string }
  /** A program works, or looks for modules, in this folder. */
  | { kind: "folder"; folder: string }
  /** One of these files is run. */
  | { kind: "program"; name: string; files: readonly string[] }
  | (PythonNeed & { options: PythonOptions })
  /** Connections to this IP address are accepted; names are resolved when the node starts. */
  | { kind: "interface"; address: string };

/** A need, and where the configuration states it. */
export interface PlacedNeed {
  need: MachineNeed;
  place: Omit<ConfigIssue, "sentence">;
}
