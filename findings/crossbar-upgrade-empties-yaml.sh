#!/usr/bin/env bash
# crossbar 26.10.1: `crossbar upgrade` leaves a YAML configuration empty.
#
# It opens the file for writing before it prints the upgraded configuration, and then writes text to a file that it
# has opened for octets. The error comes when the old configuration is gone, and there is no copy of it.
#
# Output:
#   > Error: a bytes-like object is required, not 'str'
#   > exit code 1, octets left: 0
#
# For operators: make a copy before the upgrade. JSON files are written.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
timeout 400 "$folder/venv/bin/pip" install --quiet crossbar==26.10.1 autobahn==26.10.2 2> /dev/null

mkdir "$folder/node"
cat > "$folder/node/config.yaml" <<'YAML'
version: 1
workers:
  - type: router
    realms:
      - name: realm1
        roles:
          - name: anonymous
            permissions:
              - uri: com.example.*
                call: true
                register: true
YAML
code=0
output=$(timeout 60 "$folder/venv/bin/crossbar" upgrade --cbdir "$folder/node" 2>&1) || code=$?
seen=$(
  grep '^Error:' <<< "$output"
  echo "exit code $code, octets left: $(wc -c < "$folder/node/config.yaml")"
)
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."
