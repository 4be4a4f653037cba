"""Runs WAMP components of autobahn, and authenticators, in this process, as crossproxy orders.

Descriptor 3 is the channel to crossproxy: one JSON object a line, in both directions.

    orders   {"start": {id, type, ...}}       load a component, connect it and join; or make an authenticator
             {"call": {call, id, args}}       call an authenticator; `args` is JSON in a text
             {"cancel": call}                 the answer to a call is no longer needed
    events   {"event": ..., "id": ..., ...}   started, unusable; of one component: loaded, other-framework,
                                              joined, ready, failed, left, lost
             {"event": ..., "call": ..., ...} of one call, once: returned, raised, canceled

The framework, Twisted or asyncio, is chosen by the first component, because autobahn can have only one
in a process; a component of the other one is reported as other-framework and not started. The end of
the channel, or SIGTERM, makes every session leave, and ends the process.

What only some components need is in modules of the package crossproxy_runner, which are no files: the description
of the process has their sources. They are compiled when they are first imported.
"""

import atexit
import contextlib
import importlib.machinery
import importlib.util
import json
import os
import select
import signal
import sys
import threading
import time

# Time for components to leave their realms, and then for this process to end.
LEAVE_SECONDS = 2
EXIT_SECONDS = 2

# Options of prctl.
PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15

PACKAGE = "crossproxy_runner"
SOURCES = {f"{PACKAGE}.{name}": text for name, text in description.pop("modules").items()}  # noqa: F821
SOURCES[PACKAGE] = ""


class Modules:
    """Finds and loads the modules of the package."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in SOURCES:
            return None
        return importlib.machinery.ModuleSpec(name, Modules, is_package=name == PACKAGE)

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        name = module.__name__
        exec(compile(SOURCES[name], f"<{name}>", "exec"), module.__dict__)


sys.meta_path.insert(0, Modules)

from crossproxy_runner.channel import CHANNEL, failure, send  # noqa: E402
from crossproxy_runner.loading import framework_of, load  # noqa: E402


# Orders


class Lines:
    """Orders from the channel, line by line."""

    def __init__(self, take, end):
        self.take = take
        self.end = end
        self.waiting = b""

    def read(self):
        """Reads what has come; waits for it where the channel still blocks."""
        try:
            octets = os.read(CHANNEL, 65536)
        except BlockingIOError:
            return
        except OSError:
            octets = b""
        if not octets:
            self.end()
            return
        *lines, self.waiting = (self.waiting + octets).split(b"\n")
        for line in lines:
            self.take(json.loads(line))


class OtherFramework(Exception):
    """A component is for the framework that this process does not run."""


class Runner:
    """All components of this process."""

    def __init__(self, folder):
        self.folder = folder
        self.framework = None
        self.running = {}
        self.authenticators = {}
        self.has_ended = False
        self.lines = Lines(self.take, self.end)

    def take(self, order):
        if "start" in order:
            self.start(order["start"])
        elif "call" in order:
            call = order["call"]
            self.authenticators[call["id"]].call(call["call"], call["args"])
        elif "cancel" in order:
            for authenticator in self.authenticators.values():
                authenticator.cancel(order["cancel"])

    def start(self, item):
        try:
            made_by, callbacks = self.load(item)
            wanted = framework_of(made_by)
            if self.framework and wanted and wanted != self.framework.name:
                raise OtherFramework
            self.framework = self.framework or framework_named(wanted)
        except (Exception, SystemExit) as error:
            self.not_loaded(item, error)
            return
        send("loaded", item["id"], framework=self.framework.name)
        if item["type"] == "authenticator":
            from crossproxy_runner.authenticator import Authenticator

            authenticator = self.authenticators[item["id"]] = Authenticator(item)
            authenticator.start(made_by)
            return
        from crossproxy_runner.component import Running

        running = self.running[item["id"]] = Running(self, item)
        running.start(made_by, callbacks)

    def load(self, item):
        try:
            return load(item)
        except RuntimeError as error:
            # txaio says so to code that logs at its import, before it or any other has chosen a framework.
            if self.framework or "must first select a framework" not in str(error):
                raise
            self.framework = framework_named(None)
            return load(item)

    def not_loaded(self, item, error):
        # Without this, the router would wait for the component.
        if "descriptor" in item.get("transport", {}):
            os.close(item["transport"]["descriptor"])
        # txaio refuses the import of a second framework in these words.
        is_refused = isinstance(error, RuntimeError) and "Explicitly using" in str(error)
        if self.framework and (is_refused or isinstance(error, OtherFramework)):
            send("other-framework", item["id"])
        else:
            failure(item["id"], "load", error)

    def ended(self, running):
        if self.running.get(running.id) is running:
            del self.running[running.id]
        if self.has_ended and not self.running:
            # Twice, so that a GOODBYE that was just written is sent before the loop ends.
            self.framework.later(0, lambda: self.framework.later(0, self.framework.stop))

    def end(self):
        """Leaves every realm, then ends the process."""
        if self.has_ended:
            return
        self.has_ended = True
        if self.framework is None:
            sys.exit(0)
        self.framework.stop_reading()
        for running in list(self.running.values()):
            # One that cannot leave must not keep the others from it.
            with contextlib.suppress(Exception):
                running.leave()
        if not self.running:
            self.framework.stop()
        self.framework.later(LEAVE_SECONDS, self.framework.stop)

    def run(self):
        while self.framework is None:
            self.lines.read()
        # After the imports of autobahn, which needs the same modules.
        set_title(description["title"])
        start_logging()
        self.framework.read_orders(self.lines)
        self.framework.on_term(self.end)
        self.framework.run()


def framework_named(name):
    if name is None:
        # As in Crossbar: code that imports neither runs on Twisted, where there is one.
        name = "twisted" if importlib.util.find_spec("twisted") else "asyncio"
    if name == "twisted":
        from crossproxy_runner.twisted_framework import Twisted

        return Twisted()
    from crossproxy_runner.asyncio_framework import Asyncio

    return Asyncio()


class WithoutTime:
    """Standard output for txaio, which begins each text with a time: crossproxy's log has its own."""

    mode = "w"
    encoding = "utf-8"

    def __init__(self, out):
        self.out = out

    def write(self, text):
        # txaio gives octets to a stream that it does not know.
        text = text.decode() if isinstance(text, bytes) else text
        self.out.write(text.partition(" ")[2])

    def flush(self):
        self.out.flush()


def start_logging():
    import txaio

    level = description["log_level"]
    # asyncio's half of txaio has no level for silence.
    txaio.start_logging(out=WithoutTime(sys.stdout), level="critical" if level == "none" else level)


# The process


def end_with_crossproxy():
    """Kills this process, and those it has started, when crossproxy has gone, or wants it to end, and it does not end by itself."""
    poll = select.poll()
    # Without flags only the end of the connection is reported.
    poll.register(CHANNEL, getattr(select, "POLLRDHUP", 0))
    poll.poll()
    time.sleep(LEAVE_SECONDS + EXIT_SECONDS)
    os.killpg(0, signal.SIGKILL)


def end_children():
    """Ends what components have started: it would stay, and be started once more with them."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)


def keep_descriptors():
    """Programs that components start must not inherit them: a connection would stay open without its component."""
    for descriptor in range(CHANNEL, CHANNEL + 1 + description["connections"]):
        os.set_inheritable(descriptor, False)


def set_title(title):
    """The title as `ps` shows it, where the package setproctitle is installed; else the first 15 octets."""
    try:
        from setproctitle import setproctitle

        setproctitle(title)
    except ImportError:
        prctl(PR_SET_NAME, title.encode()[:15])


def prctl(option, value):
    """A system call of Linux that Python does not offer; nothing elsewhere."""
    # A Python that was built without it raises ImportError.
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def main():
    keep_descriptors()
    # The first that is registered is the last that is called.
    atexit.register(end_children)
    threading.Thread(target=end_with_crossproxy, daemon=True).start()
    # A process that is stopped (SIGSTOP) would not see that crossproxy has gone.
    prctl(PR_SET_PDEATHSIG, signal.SIGCONT)
    try:
        if description["cpu_affinity"]:
            os.sched_setaffinity(0, description["cpu_affinity"])
    except OSError as error:
        send("unusable", reason=f"it cannot run on processors {description['cpu_affinity']}: {error}")
        sys.exit(69)
    try:
        import autobahn
    except ImportError as error:
        send("unusable", reason=f"no module autobahn: {error}")
        sys.exit(69)
    send("started", python=sys.version.split()[0], autobahn=autobahn.__version__)
    Runner(description["folder"]).run()
