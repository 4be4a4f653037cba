#!/usr/bin/env bash
# The package yaml 2.9.1 in its mode for YAML 1.1 reads other values than PyYAML 6.0.4.
#
# Both implement YAML 1.1. PyYAML does not take y and n for booleans, wants a dot in every float and a sign in
# every exponent, and takes 08 for a text, since 8 is no octal digit. yaml takes "." for a float without
# digits, which is NaN. PyYAML refuses "=" as a value, which yaml takes for a text.
#
# Output:
#   > .     PyYAML text "."    yaml NaN
#   > y     PyYAML text "y"    yaml true
#   > 08    PyYAML text "08"   yaml 8
#   > 12e3  PyYAML text "12e3" yaml 12000
#   > =     PyYAML error       yaml text "="
#   > 010   PyYAML 8           yaml 8
#   > 22:22 PyYAML 1342        yaml 1342
#
# For operators: a tool in JavaScript that asks yaml for version 1.1 in order to read a node configuration of
# Crossbar.io reads `directory: .` as NaN, an authid y as true, and a ticket 12e3 as a number.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
timeout 90 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyyaml==6.0.4
timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" yaml@2.9.1

values=(. y 08 12e3 = 010 22:22)
cat > "$folder/read.py" <<'PYTHON'
import sys

import yaml

for text in sys.argv[1:]:
    try:
        value = yaml.safe_load(f"value: {text}")["value"]
        shown = f'text "{value}"' if isinstance(value, str) else value
    except yaml.YAMLError:
        shown = "error"
    print(f"{text:5} PyYAML {shown!s:11}")
PYTHON
cat > "$folder/read.cjs" <<'JAVASCRIPT'
const { parse } = require("yaml");

for (const text of process.argv.slice(2)) {
  const { value } = parse(`value: ${text}`, { version: "1.1" });
  console.log("yaml", typeof value === "string" ? `text "${value}"` : String(value));
}
JAVASCRIPT
seen=$(paste -d " " \
  <("$folder/venv/bin/python" "$folder/read.py" "${values[@]}") \
  <(node "$folder/read.cjs" "${values[@]}"))
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."
