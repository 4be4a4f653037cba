"""Renders templates as Crossbar does: reads cases as JSON, one a line, and prints what Jinja2 makes of each."""

import base64
import json
import sys

from jinja2 import DictLoader, Environment
from jinja2.sandbox import SandboxedEnvironment


def value_of(value):
    """Octets are written as WAMP writes them in JSON."""
    if isinstance(value, str) and value.startswith("\0"):
        return base64.b64decode(value[1:])
    if isinstance(value, list):
        return [value_of(item) for item in value]
    if isinstance(value, dict):
        return {key: value_of(item) for key, item in value.items()}
    return value


def render(case):
    environment = SandboxedEnvironment if case["sandbox"] else Environment
    templates = environment(loader=DictLoader(case["templates"]), autoescape=True)
    try:
        template = templates.get_template("page")
    except Exception as error:
        return {"refused": repr(error)}
    try:
        return {"page": template.render(value_of(json.loads(case["data"])))}
    except Exception as error:
        return {"failed": repr(error)}


for line in sys.stdin:
    print(json.dumps(render(json.loads(line))))
