"""Renders the templates of pages with Jinja2, as crossproxy orders.

Standard input has orders, standard output their answers in the same order, each one JSON object a line:

    {folder, isSandboxed, name}          {"faults": [{file, line, reason, isFatal}]} of the template, and of others
                                         that it names
    {folder, isSandboxed, name, value}   {"page": text}, or {"failed": reason}

The first answer comes without an order: {jinja2, python}, the releases; or {"unusable": reason}.
"""

import base64
import contextlib
import json
import os
import signal
import sys
import traceback

# Most octets of a page, and of the memory of this process.
MAX_PAGE = 16 * 1024 * 1024
MAX_MEMORY = 1024 * 1024 * 1024

# An exception may quote any value: longer texts are cut.
MAX_REASON = 2_000

# Option of prctl.
PR_SET_PDEATHSIG = 1

# What templates print must not be taken for an answer.
ANSWERS = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)


def answer(**fields):
    text = json.dumps(fields, ensure_ascii=False)
    # Half of a surrogate pair, which a reason may quote, becomes its form in JSON.
    ANSWERS.write(text.encode(errors="backslashreplace") + b"\n")
    ANSWERS.flush()


try:
    import jinja2
    from jinja2 import nodes
    from jinja2.sandbox import SandboxedEnvironment
except ImportError as error:
    answer(unusable=str(error))
    sys.exit(69)

ENVIRONMENTS = {}


def environment_of(folder, is_sandboxed):
    """Set up as in Crossbar."""
    key = (folder, is_sandboxed)
    if key not in ENVIRONMENTS:
        kind = SandboxedEnvironment if is_sandboxed else jinja2.Environment
        ENVIRONMENTS[key] = kind(loader=jinja2.FileSystemLoader(folder), autoescape=True)
    return ENVIRONMENTS[key]


def value_of(entries):
    """A map of JSON; with the key "", octets in base64 or the items of a map that has other keys than texts."""
    if "" not in entries:
        return entries
    special = entries[""]
    return base64.b64decode(special) if isinstance(special, str) else dict(special)


# Pages


def page_of(environment, name, value):
    parts = []
    rest = MAX_PAGE
    # What `render` does, too, but this can be ended.
    for part in environment.get_template(name).generate(value):
        rest -= len(part.encode())
        if rest < 0:
            raise ValueError(f"the page is longer than {MAX_PAGE} octets")
        parts.append(part)
    return "".join(parts)


def reason_of(error, folder):
    """The exception, and the last line of a template that it came from."""
    reason = f"{type(error).__name__}: {message_of(error)}"
    lines = [
        f'"{frame.f_code.co_filename}", line {line}'
        for frame, line in traceback.walk_tb(error.__traceback__)
        if folder and frame.f_code.co_filename.startswith(folder)
    ]
    return f"{lines[-1]}: {reason}" if lines else reason


def message_of(error):
    try:
        # Without the lines of the template, which str adds.
        return str(getattr(error, "message", None) or error)[:MAX_REASON]
    except Exception:
        return "its text could not be made"


# Faults


def faults_of(environment, folder, first):
    faults = []
    names = [first]
    for name in names:
        try:
            environment.get_template(name)
            source, file, _ = environment.loader.get_source(environment, name)
            for other in named_in(environment.parse(source, name, file)):
                if other not in names:
                    names.append(other)
        except Exception as error:
            file = os.path.join(folder, name)
            faults.append({**fault_of(error, file), "isFatal": name == first})
    return faults


def named_in(tree):
    """The templates that a template names in texts, as far as they have to be there."""
    kinds = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
    for node in tree.find_all(kinds):
        name = getattr(node.template, "value", None)
        if isinstance(name, str) and not getattr(node, "ignore_missing", False):
            yield name


def fault_of(error, file):
    if isinstance(error, jinja2.TemplateSyntaxError):
        return {"file": error.filename or file, "line": error.lineno, "reason": error.message}
    is_missing = isinstance(error, jinja2.TemplateNotFound)
    reason = "no such file" if is_missing else f"{type(error).__name__}: {message_of(error)}"
    return {"file": file, "line": None, "reason": reason}


# The process


def limit_process():
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, hard))
    # Without crossproxy, no template runs on. Linux alone has this, and not every Python has ctypes.
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def perform(line):
    folder = None
    try:
        order = json.loads(line, object_hook=value_of)
        folder = order["folder"]
        environment = environment_of(folder, order["isSandboxed"])
        if "value" in order:
            return {"page": page_of(environment, order["name"], order["value"])}
        return {"faults": faults_of(environment, folder, order["name"])}
    # Templates without a sandbox may raise SystemExit.
    except (Exception, SystemExit) as error:
        return {"failed": reason_of(error, folder)}


def main():
    limit_process()
    answer(jinja2=jinja2.__version__, python=sys.version.split()[0])
    for line in sys.stdin.buffer:
        answer(**perform(line))


main()
