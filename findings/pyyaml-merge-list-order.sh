#!/usr/bin/env bash
# PyYAML 6.0.4 lets the last map of a merge list win, except for some keys.
#
# For `<<: [*one, *two]` the merge key type of YAML 1.1 says that an earlier map overrides a later one.
# PyYAML 6.0.4 skips a key of a later map only where both keys are the same object in memory. Python keeps
# one object for each string of one Latin-1 character, and makes a new one for a longer string. So for a
# key of one such character the first map wins, for any other the last one. The package yaml 2.9.1 for
# JavaScript keeps to the specification.
#
# Output, for a key that is 1 in the first map and 2 in the second:
#   > /    PyYAML 1 yaml 1
#   > é    PyYAML 1 yaml 1
#   > ws   PyYAML 2 yaml 1
#   > port PyYAML 2 yaml 1
#   > 7    PyYAML 1 yaml 1
#   > 77   PyYAML 2 yaml 1
#
# For operators: Crossbar.io reads its node configuration with PyYAML. Where a file merges a list of maps, a
# port, a secret or the path "ws" comes from the last map and the path "/" from the first, and a tool in
# another language reads other values from the same file. Merge one map at a time.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
timeout 90 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyyaml==6.0.4
timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" yaml@2.9.1

files=0
for key in / é ws port 7 77; do
  files=$((files + 1))
  cat > "$folder/$files.yaml" <<YAML
one: &one { $key: 1 }
two: &two { $key: 2 }
merged: { <<: [*one, *two] }
YAML
done
cat > "$folder/read.py" <<'PYTHON'
import sys

import yaml

for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        [(key, value)] = yaml.safe_load(file)["merged"].items()
    print(f"{key!s:4} PyYAML {value}")
PYTHON
cat > "$folder/read.cjs" <<'JAVASCRIPT'
const { readFileSync } = require("node:fs");
const { parse } = require("yaml");

for (const name of process.argv.slice(2)) {
  const { merged } = parse(readFileSync(name, "utf8"), { version: "1.1" });
  console.log("yaml", Object.values(merged)[0]);
}
JAVASCRIPT
seen=$(paste -d " " \
  <(PYTHONUTF8=1 "$folder/venv/bin/python" "$folder/read.py" "$folder"/?.yaml) \
  <(node "$folder/read.cjs" "$folder"/?.yaml))
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."
