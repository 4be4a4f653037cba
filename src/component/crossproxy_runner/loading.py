"""Loads what components and authenticators are made of, and values of the configuration."""

import base64
import datetime
import importlib
import json
import sys


def attribute(dotted):
    """The object with a dotted name, such as `package.module.Class`."""
    module, _, name = dotted.rpartition(".")
    if not module:
        raise ImportError(f"'{dotted}' names no module: expected module.name")
    return getattr(importlib.import_module(module), name)


def wamplet(package, name):
    """The factory that a wamplet's package registers as an entry point."""
    from importlib.metadata import entry_points

    group = "autobahn.twisted.wamplet"
    points = entry_points()
    found = points.select(group=group) if hasattr(points, "select") else points.get(group, ())
    for point in found:
        if point.name == name and (not point.dist or point.dist.name == package):
            return point.load()
    raise ImportError(f"package '{package}' registers no wamplet '{name}'")


def load(item):
    """What makes the session (a class, a factory, or None for a plain session), and its callbacks."""
    kind = item["type"]
    if kind == "authenticator":
        return attribute(item["create"]), {}
    if kind == "class":
        return attribute(item["classname"]), {}
    if kind == "wamplet":
        return wamplet(item["package"], item["entrypoint"]), {}
    return None, {name: attribute(dotted) for name, dotted in item.get("callbacks", {}).items()}


def framework_of(made_by):
    """`twisted` or `asyncio` where the loaded code decides it, else None."""
    for name in ("twisted", "asyncio"):
        module = sys.modules.get(f"autobahn.{name}.wamp")
        if module and isinstance(made_by, type) and issubclass(made_by, module.ApplicationSession):
            return name
    import txaio

    if getattr(txaio, "using_twisted", False):
        return "twisted"
    return "asyncio" if getattr(txaio, "using_asyncio", False) else None


MAKERS = {
    "date": datetime.date.fromisoformat,
    "datetime": datetime.datetime.fromisoformat,
    "bytes": base64.b64decode,
}


def configured(text, parts=()):
    """A value in JSON; `parts` replace what JSON does not have, inner ones first."""
    whole = [json.loads(text)]
    for part in parts:
        *outer, last = [0, *part["path"]]
        inside = whole
        for step in outer:
            inside = inside[step]
        make = MAKERS.get(part["type"])
        inside[last] = make(part["text"]) if make else set(inside[last])
    return whole[0]
