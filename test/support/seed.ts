/** The seed's node, for tests: its own snippet, on a free port, with an archive made here. */

import { strToU8, zipSync } from "fflate";
import seed from "../fixtures/config/seed.json";
import { temporaryFolder } from "./temporary-folder.ts";
import { freePort } from "./temporary-node.ts";

/** A ZIP with the prefix and the default object that the seed's snippet names. */
const ARCHIVE = zipSync({
  "autobahn-js-browser-20.1.1/autobahn.min.js": strToU8("console.log('autobahn');\n"),
  "autobahn-js-browser-20.1.1/README.md": strToU8("# Autobahn\n"),
});

/** A folder with the seed's node: `<folder>/node/node.json` and `<folder>/web`. */
export function seedFolder(): { folder: string; port: number } {
  const port = freePort();
  const sha256 = new Bun.CryptoHasher("sha256").update(ARCHIVE).digest("hex");
  const text = JSON.stringify(seed)
    .replaceAll("8443", String(port))
    .replace(/"hashes":\["[0-9a-f]+"\]/g, `"hashes":["${sha256}"]`);
  const folder = temporaryFolder({
    "web/index.html": "<!doctype html><title>seed</title><p>hello from the seed",
    "node/node.json": text,
    "node/autobahn-v20.1.1.zip": ARCHIVE,
  });
  return { folder: `${folder}/node`, port };
}
