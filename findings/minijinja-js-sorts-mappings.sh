#!/usr/bin/env bash
# minijinja-js 2.11.0 sorts the keys of a context's mappings, and loses what makes 1.0 a float.
#
# Jinja2 3.1.6 goes through a mapping in the order in which its keys were added, and prints 1.0 as such. minijinja-js is
# built without MiniJinja's feature preserve_order: every mapping is sorted, also one that the template itself writes. A
# Map of the context is a mapping without keys. A number of the context without a fraction is an integer, though a
# literal of the template keeps its point.
#
# Output:
#   > object: a=1 b=2
#   > Map:
#   > 1.0 of the context: 1
#   > 1.0 in the template: 1.0
#   > mapping in the template: a=1 b=2
#
# For operators: minijinja and Jinja2 give different pages for the same template and values, without an error.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" minijinja-js@2.11.0

cat > "$folder/render.mjs" <<'JAVASCRIPT'
import { Environment } from "minijinja-js";

const environment = new Environment();
const each = "{% for key, value in mapping|items %}{{ key }}={{ value }} {% endfor %}";
const render = (template, context) => environment.renderStr(template, context).trim();

console.log("object:", render(each, { mapping: { b: 2, a: 1 } }));
console.log("Map:" + render(each, { mapping: new Map([["b", 2], ["a", 1]]) }));
console.log("1.0 of the context:", render("{{ x }}", { x: 1.0 }));
console.log("1.0 in the template:", render("{{ 1.0 }}", {}));
const literal = "{% for key, value in {'b': 2, 'a': 1}|items %}{{ key }}={{ value }} {% endfor %}";
console.log("mapping in the template:", render(literal, {}));
JAVASCRIPT
seen=$(cd "$folder" && timeout 30 node render.mjs 2>&1)
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."
