#!/usr/bin/env bash
# wampy 8.0.2 has no client in its browser bundle with all serializers, wampy-all.min.js.
#
# Its README says to add this file to a page. The file defines the serializers and the plug-in for cryptosign, but not
# the class Wampy, which wampy.min.js defines.
#
# Output:
#   > wampy.min.js: Wampy
#   > wampy-all.min.js: CborSerializer JsonSerializer MsgpackSerializer WampyCryptosign
#
# For operators: a page that uses wampy with CBOR or MsgPack has to load both files.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" wampy@8.0.2

cat > "$folder/globals.cjs" <<'JAVASCRIPT'
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const vm = require("node:vm");

for (const name of ["wampy.min.js", "wampy-all.min.js"]) {
  const file = join(__dirname, "node_modules/wampy/dist/browser", name);
  const page = vm.createContext({ TextEncoder, TextDecoder });
  vm.runInContext(readFileSync(file, "utf8"), page);
  const defined = Object.keys(page).filter((key) => /^[A-Z]/.test(key) && !/^Text/.test(key));
  console.log(`${name}: ${defined.sort().join(" ")}`);
}
JAVASCRIPT
seen=$(timeout 30 node "$folder/globals.cjs")
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."
