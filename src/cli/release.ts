/**
 * The release of this program.
 *
 * @module
 */

// biome-ignore lint/style/noRestrictedImports: package.json lies outside src, and only this module reads it
import { version } from "../../package.json" with { type: "json" };

/** The release, as in package.json. */
export const RELEASE: string = version;

/** What `crossproxy version` prints. */
export function versionLine(): string {
  return `crossproxy ${RELEASE} (bun ${Bun.version})`;
}
