"""Matches paths as Crossbar does: reads cases as JSON, one a line, and prints what Werkzeug makes of each."""

import json
import sys
from uuid import UUID

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect, Rule


def printable(value):
    return {"uuid": str(value)} if isinstance(value, UUID) else {type(value).__name__: str(value)}


def match(case):
    try:
        rules = Map()
        for index, (rule, method) in enumerate(case["rules"]):
            rules.add(Rule(rule, methods=[method], endpoint=index))
        adapter = rules.bind("localhost", "/")
        rules.update()
    except Exception as error:
        return {"kind": "refused", "error": repr(error)}
    try:
        endpoint, values = adapter.match(case["path"], method=case["method"])
    except RequestRedirect as redirect:
        return {"kind": "redirect", "path": redirect.new_url.removeprefix("http://localhost")}
    except MethodNotAllowed as refusal:
        return {"kind": "other method", "methods": sorted(set(refusal.valid_methods) - {"HEAD"})}
    except NotFound:
        return {"kind": "none"}
    return {
        "kind": "found",
        "target": endpoint,
        "values": {name: printable(value) for name, value in values.items()},
    }


for line in sys.stdin:
    print(json.dumps(match(json.loads(line))))
