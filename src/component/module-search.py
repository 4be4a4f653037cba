"""Says why modules and names cannot be loaded, without running any of them.

Finders are asked for specifications, and the source of a module is parsed. Where the source does not
decide, nothing is said: a name may be made when the module runs.
"""

import ast
import json
import sys

# Where one of these is used, a module may have names that are nowhere written.
MAKERS = {"__getattr__", "exec", "globals", "setattr", "vars"}


START = description["start"]  # noqa: F821


class Unknown(Exception):
    """The module would have to be run."""


def spec_of(name, places):
    for finder in sys.meta_path:
        spec = finder.find_spec(name, places) if hasattr(finder, "find_spec") else None
        if spec is not None:
            return spec
    return None


def find(module):
    """The specification of a module; raises ImportError with the part that is missing."""
    places = spec = None
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        name = ".".join(parts[:count])
        parent, spec = spec, spec_of(name, places)
        if spec is None:
            if parent is not None and "__path__" in source_of(parent):
                raise Unknown
            where = f"the folder of the start is searched too, here {json.dumps(START)}"
            raise ImportError(f"no module {json.dumps(name)} is found; {where}")
        places = spec.submodule_search_locations
        if places is None and count < len(parts):
            raise Unknown
    return spec


def source_of(spec):
    if not hasattr(spec.loader, "get_source") or not str(spec.origin).endswith(".py"):
        raise Unknown
    source = spec.loader.get_source(spec.name)
    if source is None:
        raise Unknown
    return source


def names_in(tree):
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name
        elif isinstance(node, ast.Name):
            if node.id in MAKERS:
                raise Unknown
            if isinstance(node.ctx, ast.Store):
                yield node.id
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                if alias.name == "*":
                    raise Unknown
                yield alias.asname or alias.name.partition(".")[0]


def look_up(dotted):
    module, _, name = dotted.rpartition(".")
    spec = find(module)
    try:
        tree = ast.parse(source_of(spec))
    except SyntaxError as error:
        raise ImportError(f"{spec.origin}:{error.lineno} is no Python 3: {error.msg}") from None
    names = set(names_in(tree))
    if name in names or "__getattr__" in names:
        return
    places = spec.submodule_search_locations
    if places is None or spec_of(dotted, places) is None:
        raise ImportError(f"{spec.origin} defines no {json.dumps(name)}")


def look_up_wamplet(package, name):
    from importlib.metadata import entry_points

    group = "autobahn.twisted.wamplet"
    points = entry_points()
    found = points.select(group=group) if hasattr(points, "select") else points.get(group, ())
    if not any(one.name == name and (not one.dist or one.dist.name == package) for one in found):
        raise ImportError(f"package {json.dumps(package)} registers no wamplet {json.dumps(name)}")


def state_of(wanted):
    """Why it cannot be loaded; None where it can be, or where only running it would tell."""
    try:
        if "package" in wanted:
            look_up_wamplet(wanted["package"], wanted["entrypoint"])
        else:
            look_up(wanted["name"])
    except ImportError as error:
        return str(error)
    # Finders and metadata are those of the operator, and may fail in any way.
    except Exception:
        return None
    return None


def main(wanted):
    has_autobahn = spec_of("autobahn", None) is not None
    states = [state_of(one) for one in wanted]
    print(json.dumps({"has_autobahn": has_autobahn, "states": states}))


main(description["wanted"])  # noqa: F821
