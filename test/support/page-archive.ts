/** The pages of the tests in a browser, with the WAMP libraries that they load, in a ZIP archive. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { zipSync } from "fflate";

const PAGES = join(import.meta.dir, "../browser/pages");

const LIBRARIES = {
  "autobahn.min.js": require.resolve("autobahn-browser/autobahn.min.js"),
  // The class is in the one, the serializers are in the other.
  "wampy.min.js": join(require.resolve("wampy"), "../../browser/wampy.min.js"),
  "wampy-all.min.js": join(require.resolve("wampy"), "../../browser/wampy-all.min.js"),
  "resumable.js": require.resolve("resumablejs"),
};

/** The octets of the archive. */
export function pageArchive(): Uint8Array {
  const pages = readdirSync(PAGES).map((name) => [name, join(PAGES, name)] as const);
  const files = [...pages, ...Object.entries(LIBRARIES)];
  return zipSync(Object.fromEntries(files.map(([name, file]) => [name, readFileSync(file)])));
}
