#!/usr/bin/env bash
# Bun 1.4.5 takes MIMALLOC_PURGE_DELAY for a switch: -1 keeps all freed memory for ever, and any number of
# milliseconds gives it back at once.
#
# Bun's allocator is mimalloc, whose documentation describes the variable as the time after which unused pages
# go back to the system: a longer delay saves page faults, and memory still falls when load ends. Here 300 MB in
# buffers are freed by a garbage collection, and resident memory is read at once and after two seconds.
#
# Output:
#   > unset: at once 0, later 0
#   > 60000: at once 0, later 0
#   > -1: at once 300, later 300
#
# For operators: with -1 a relay of messages of some kilobytes takes up to a seventh less CPU, because it has no page
# faults, but a worker stays as large as its largest burst until it is restarted. There is nothing in between.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
  @oven/bun-linux-x64@1.4.5

cat > "$folder/burst.js" <<'JAVASCRIPT'
const residentMegabytes = () => process.memoryUsage.rss() / 1e6;
const before = residentMegabytes();
// In hundreds, because a runtime needs some memory of its own.
const kept = () => 100 * Math.round((residentMegabytes() - before) / 100);

let buffers = Array.from({ length: 3_000 }, () => Buffer.alloc(100_000, 1));
if (kept() !== 300) throw new Error(`the burst takes ${kept()} MB`);
buffers = [];
Bun.gc(true);
const atOnce = kept();
await Bun.sleep(2_000);
console.log(`at once ${atOnce}, later ${kept()}`);
JAVASCRIPT
bun="$folder/node_modules/@oven/bun-linux-x64/bin/bun"
seen=$(
  echo "unset: $(env -u MIMALLOC_PURGE_DELAY timeout 20 "$bun" "$folder/burst.js")"
  echo "60000: $(MIMALLOC_PURGE_DELAY=60000 timeout 20 "$bun" "$folder/burst.js")"
  echo "-1: $(MIMALLOC_PURGE_DELAY=-1 timeout 20 "$bun" "$folder/burst.js")"
)
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."
