#!/usr/bin/env bash
# crossbar 26.10.1: a JSON configuration that says `"version": 1` stays at version 1 when it is upgraded, and a second
# `crossbar upgrade` denies every action.
#
# The first run writes permissions in the form of version 2 and leaves the number 1. `crossbar check` then asks for
# an upgrade again. The second run looks for the flat attributes `call` and `register`, finds none, and writes false
# for each. A file without the attribute `version` gets the number 2.
#
# Output:
#   > run 1: version 1, match prefix, allowed call register
#   > check: Configuration too old: version 1, while current is 2
#   > run 2: version 1, match exact, allowed nothing
#
# For operators: after the first run, change the number to 2 by hand. A file that went through two runs lets no
# client do anything, and nothing says so.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
timeout 400 "$folder/venv/bin/pip" install --quiet crossbar==26.10.1 autobahn==26.10.2 2> /dev/null

mkdir "$folder/node"
cat > "$folder/node/config.json" <<'JSON'
{
  "version": 1,
  "workers": [
    {
      "type": "router",
      "realms": [
        {
          "name": "realm1",
          "roles": [
            {
              "name": "anonymous",
              "permissions": [{ "uri": "com.example.*", "call": true, "register": true }]
            }
          ]
        }
      ]
    }
  ]
}
JSON
cat > "$folder/show.py" <<'PYTHON'
import json
import sys

config = json.load(open(sys.argv[1]))
permission = config["workers"][0]["realms"][0]["roles"][0]["permissions"][0]
allowed = [action for action, is_allowed in permission["allow"].items() if is_allowed]
print(f"version {config['version']}, match {permission['match']}, allowed {' '.join(allowed) or 'nothing'}")
PYTHON
crossbar="$folder/venv/bin/crossbar"
upgrade() { timeout 60 "$crossbar" upgrade --cbdir "$folder/node" > /dev/null 2>&1; }
show() { echo "run $1: $(python3 "$folder/show.py" "$folder/node/config.json")"; }
seen=$(
  upgrade && show 1
  timeout 60 "$crossbar" check --cbdir "$folder/node" 2>&1 |
    sed -n 's/^Error: \(.* current is 2\).*/check: \1/p'
  upgrade && show 2
)
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."
