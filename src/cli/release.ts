/**
 * Which program this is.
 *
 * @module
 */

// biome-ignore lint/style/noRestrictedImports: package.json lies outside src and is read nowhere else
import { version } from "../../package.json" with { type: "json" };

/** The release, as in package.json. */
export const RELEASE: string = version;

/** What `crossproxy version` prints. */
export function versionLine(): string {
  return `crossproxy ${RELEASE} (bun ${Bun.version})`;
}
