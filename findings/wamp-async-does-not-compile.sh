#!/usr/bin/env bash
# wamp_async 0.3.1, the WAMP client for Rust, does not compile in a new project since rmp 0.8.15.
#
# It depends on rmp-serde 0.15, which takes any rmp 0.8. rmp 0.8.15 has no functions `read_data_…` any more, which
# rmp-serde 0.15.5 calls, so that a project without a Cargo.lock of earlier fails in a crate that it does not name.
#
# Output of cargo for rmp-serde 0.15.5, in a project that depends on wamp_async alone and on one of two releases of rmp:
#   > rmp 0.8.14: compiles
#   > rmp 0.8.15: cannot find function `read_data_f64` in module `rmp::decode`
#
# For users: `cargo add rmp@=0.8.14`, until wamp_async takes a later rmp-serde.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
touch "$folder/src/lib.rs"

try() {
  cat > "$folder/Cargo.toml" <<TOML
[package]
name = "example"
version = "0.0.0"
edition = "2021"

[dependencies]
wamp_async = "=0.3.1"
rmp = "=$1"
TOML
  rm -f "$folder/Cargo.lock"
  if timeout 200 cargo check --quiet --manifest-path "$folder/Cargo.toml" -p rmp-serde@0.15.5 2> "$folder/log"; then
    echo "rmp $1: compiles"
  else
    echo "rmp $1: $(grep -om1 'cannot find function `read_data_f64` in module `rmp::decode`' "$folder/log" || cat "$folder/log")"
  fi
}
seen=$(try 0.8.14 && try 0.8.15)
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."
