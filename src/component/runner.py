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
"""

import atexit
import base64
import contextlib
import datetime
import importlib
import importlib.util
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback

CHANNEL = 3

# Time for components to leave their realms, and then for this process to end.
LEAVE_SECONDS = 2
EXIT_SECONDS = 2

# Options of prctl.
PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15

# An exception, or a router, may quote any value: longer texts are cut.
MAX_REASON = 2_000
MAX_TRACEBACK = 16_000

# Characters of an authenticator's answer in JSON; crossproxy reads no longer event.
MAX_ANSWER = 400_000


def send(event, component=None, **fields):
    """Writes one whole event; waits where the channel is full."""
    record = {"event": event, "id": component, **fields}
    line = (json.dumps(record, default=str) + "\n").encode()
    # Without crossproxy at the other end there is no reader, and the process is about to end.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while line:
            try:
                line = line[os.write(CHANNEL, line) :]
            except BlockingIOError:
                select.select([], [CHANNEL], [])


def failure(component, step, error, stays=False):
    """Reports an exception; `step`: load, create, connect, onConnect, onJoin or onLeave."""
    send(
        "failed",
        component,
        step=step,
        reason=reason_of(error),
        place=place_of(error),
        traceback="".join(traceback.format_exception(None, error, error.__traceback__))[
            -MAX_TRACEBACK:
        ],
        path=sys.path,
        stays_joined=stays,
    )


def reason_of(error):
    return f"{type(error).__name__}: {text_of(error)}"


def text_of(value):
    """The value in words, which may be code of a component that fails."""
    try:
        return str(value)[:MAX_REASON]
    except Exception as error:
        return f"its text could not be made: {type(error).__name__}"


def place_of(error):
    """File and line of the exception; frames of this file and of Python's import are no place of it."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [frame for frame in frames if not frame.filename.startswith("<")]
    return f"{where[-1].filename}:{where[-1].lineno}" if where else ""


# Loading


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


# Values of the configuration

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


# The two frameworks


class Twisted:
    """Components on Twisted's reactor."""

    name = "twisted"

    def __init__(self):
        import txaio

        txaio.use_twisted()
        from autobahn.twisted import rawsocket, wamp, websocket
        from twisted.internet import defer, reactor

        self.reactor = reactor
        self.ended = defer.Deferred()
        self.Session = wamp.ApplicationSession
        self.WebSocketFactory = websocket.WampWebSocketClientFactory
        self.RawSocketFactory = rawsocket.WampRawSocketClientFactory

    def adopt(self, descriptor, factory, failed):
        try:
            self.reactor.adoptStreamConnection(descriptor, socket.AF_UNIX, factory)
            os.close(descriptor)
        except Exception as error:
            failed(error)

    def connect(self, endpoint, factory, failed):
        from twisted.internet import endpoints

        timeout = endpoint.get("timeout", 10)
        if endpoint["type"] == "unix":
            point = endpoints.UNIXClientEndpoint(self.reactor, endpoint["path"], timeout=timeout)
        else:
            address = (self.reactor, endpoint["host"], endpoint["port"])
            point = endpoints.HostnameEndpoint(*address, timeout=timeout)
            if endpoint.get("tls"):
                point = endpoints.wrapClientTLS(self.tls(endpoint), point)
        point.connect(factory).addErrback(lambda fail: failed(fail.value))

    def tls(self, endpoint):
        from twisted.internet import ssl

        tls = endpoint["tls"]
        trusted = [
            ssl.Certificate.loadPEM(read(file)) for file in tls.get("ca_certificates", ())
        ]
        own = None
        if tls.get("certificate"):
            own = ssl.PrivateCertificate.loadPEM(read(tls["key"]) + b"\n" + read(tls["certificate"]))
        return ssl.optionsForClientTLS(
            tls.get("hostname", endpoint["host"]),
            trustRoot=ssl.trustRootFromCertificates(trusted) if trusted else None,
            clientCertificate=own,
        )

    def read_orders(self, lines):
        from twisted.internet import fdesc

        fdesc.setNonBlocking(CHANNEL)
        self.reader = OrderReader(lines)
        self.reactor.addReader(self.reader)

    def stop_reading(self):
        self.reactor.removeReader(self.reader)

    def later(self, seconds, call):
        self.reactor.callLater(seconds, call)

    def on_term(self, call):
        def before_shutdown():
            call()
            return self.ended

        self.reactor.addSystemEventTrigger("before", "shutdown", before_shutdown)

    def run(self):
        self.reactor.run()

    def stop(self):
        if not self.ended.called:
            self.ended.callback(None)
        if self.reactor.running:
            from twisted.internet.error import ReactorNotRunning

            with contextlib.suppress(ReactorNotRunning):
                self.reactor.stop()


class OrderReader:
    """Twisted's view of the channel."""

    def __init__(self, lines):
        self.lines = lines

    def fileno(self):
        return CHANNEL

    def logPrefix(self):
        return "channel"

    def doRead(self):
        self.lines.read()

    def connectionLost(self, reason):
        pass


class Asyncio:
    """Components on asyncio's loop."""

    name = "asyncio"

    def __init__(self):
        import asyncio

        import txaio

        txaio.use_asyncio()
        from autobahn.asyncio import rawsocket, wamp, websocket

        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        txaio.config.loop = self.loop
        self.Session = wamp.ApplicationSession
        self.WebSocketFactory = websocket.WampWebSocketClientFactory
        self.RawSocketFactory = rawsocket.WampRawSocketClientFactory

    def adopt(self, descriptor, factory, failed):
        end = socket.socket(fileno=descriptor)
        self.await_connection(self.loop.create_unix_connection(factory, sock=end), 10, failed)

    def connect(self, endpoint, factory, failed):
        if endpoint["type"] == "unix":
            connecting = self.loop.create_unix_connection(factory, path=endpoint["path"])
        else:
            tls = self.tls(endpoint["tls"]) if endpoint.get("tls") else None
            name = endpoint["tls"].get("hostname", endpoint["host"]) if tls else None
            address = (endpoint["host"], endpoint["port"])
            connecting = self.loop.create_connection(
                factory, *address, ssl=tls, server_hostname=name
            )
        self.await_connection(connecting, endpoint.get("timeout", 10), failed)

    def await_connection(self, connecting, seconds, failed):
        import asyncio

        def done(task):
            if not task.cancelled() and task.exception() is not None:
                failed(task.exception())

        self.loop.create_task(asyncio.wait_for(connecting, seconds)).add_done_callback(done)

    def tls(self, tls):
        import ssl

        context = ssl.create_default_context()
        for file in tls.get("ca_certificates", ()):
            context.load_verify_locations(file)
        if tls.get("certificate"):
            context.load_cert_chain(tls["certificate"], tls["key"])
        return context

    def read_orders(self, lines):
        os.set_blocking(CHANNEL, False)
        self.loop.add_reader(CHANNEL, lines.read)

    def stop_reading(self):
        self.loop.remove_reader(CHANNEL)

    def later(self, seconds, call):
        self.loop.call_later(seconds, call)

    def on_term(self, call):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.loop.add_signal_handler(number, call)

    def run(self):
        self.loop.run_forever()

    def stop(self):
        self.loop.stop()


def read(file):
    with open(file, "rb") as opened:
        return opened.read()


# Running


class Running:
    """One component, from the order to start it until its session is over."""

    def __init__(self, runner, item):
        self.runner = runner
        self.item = item
        self.id = item["id"]
        self.session = None
        self.is_joined = False
        self.is_asked = False
        self.is_over = False
        self.has_failed = False

    def start(self, made_by, callbacks):
        framework = self.runner.framework

        def create():
            from autobahn.wamp.types import ComponentConfig

            extra = configured(self.item["extra"], self.item.get("parts", ()))
            extra = {**extra, "cbdir": self.runner.folder}
            config = ComponentConfig(realm=self.item["realm"], extra=extra)
            try:
                session = (made_by or framework.Session)(config)
                for name, callback in callbacks.items():
                    session.on(name, callback)
                self.observe(session)
            except (Exception, SystemExit) as error:
                self.over("create", error)
                # SystemExit would end the process of all components.
                raise RuntimeError(reason_of(error)) from error
            self.session = session
            return session

        try:
            self.connect(framework, create)
        except Exception as error:
            self.over("connect", error)

    def connect(self, framework, create):
        transport = self.item["transport"]

        def failed(error):
            self.over("connect", error)

        if "descriptor" in transport:
            factory = framework.RawSocketFactory(create, serializer=serializer_of("cbor"))
            framework.adopt(transport["descriptor"], factory, failed)
            return
        if transport["type"] == "rawsocket":
            serializer = serializer_of(transport["serializer"])
            factory = framework.RawSocketFactory(create, serializer=serializer)
        else:
            serializers = [serializer_of(name) for name in transport["serializers"]]
            factory = framework.WebSocketFactory(
                create, url=transport["url"], serializers=serializers
            )
        if transport.get("options"):
            factory.setProtocolOptions(**protocol_options(transport["options"]))
        framework.connect(transport["endpoint"], factory, failed)

    def observe(self, session):
        self.observe_connecting(session)
        self.observe_joining(session)
        self.observe_errors(session)
        session.on("join", self.joined)
        session.on("leave", self.left)
        session.on("disconnect", self.disconnected)

    def observe_connecting(self, session):
        """Nothing in autobahn observes an exception of onConnect, and the session would never join."""
        import txaio

        on_connect = session.onConnect

        def failed(fail):
            self.over("onConnect", getattr(fail, "value", fail))
            session.disconnect()

        def connecting():
            done = txaio.as_future(on_connect)
            txaio.add_callbacks(done, None, failed)
            return done

        session.onConnect = connecting

    def observe_joining(self, session):
        """On asyncio, autobahn's event `ready` comes before onJoin has returned, and its exceptions are lost."""
        import txaio

        on_join = session.onJoin

        def failed(fail):
            self.failed_to_join(session, getattr(fail, "value", fail))
            return fail

        def joining(details):
            done = txaio.as_future(on_join, details)
            txaio.add_callbacks(done, lambda _: self.ready(), failed)
            return done

        session.onJoin = joining

    def observe_errors(self, session):
        """Exceptions of the component's own code arrive in onUserError."""
        user_error = session.onUserError

        def on_user_error(fail, message):
            error = getattr(fail, "value", fail)
            if message == "While notifying 'join'":
                self.failed_to_join(session, error)
            elif message.startswith("While firing onLeave"):
                # The events `leave` and `disconnect` need not follow.
                self.over("onLeave", error)
                self.disconnect_later(session)
            return user_error(fail, message)

        session.onUserError = on_user_error

    def failed_to_join(self, session, error):
        """As in Crossbar: a container's component is over, a router's stays joined."""
        self.has_failed = True
        if "descriptor" in self.item["transport"]:
            failure(self.id, "onJoin", error, stays=True)
        else:
            self.over("onJoin", error)
            session.leave()

    def joined(self, _session, details):
        self.is_joined = True
        texts = {name: cut(getattr(details, name)) for name in ("realm", "authid", "authrole")}
        send("joined", self.id, session=details.session, **texts)

    def ready(self):
        """Reports that onJoin has returned, after all callbacks for `join`."""
        if not self.has_failed and not self.is_over:
            send("ready", self.id)

    def left(self, session, details):
        self.disconnect_later(session)
        if not self.end():
            return
        send(
            "left",
            self.id,
            reason=cut(details.reason),
            message=cut(details.message),
            had_joined=self.is_joined,
            was_lost=details.reason == "wamp.close.transport_lost" and not self.is_asked,
        )

    def disconnected(self, _session, was_clean):
        if self.end():
            send("lost", self.id, had_joined=self.is_joined, was_clean=was_clean)

    def over(self, step, error):
        if self.end():
            failure(self.id, step, error)

    def end(self):
        """Notes that the component is over; false: it was before."""
        was_over = self.is_over
        self.is_over = True
        self.runner.ended(self)
        return not was_over

    def disconnect_later(self, session):
        """A class that overrides onLeave need not end its connection itself."""
        self.runner.framework.later(0, lambda: session.is_connected() and session.disconnect())

    def leave(self):
        """Leaves the realm; a session that has not joined yet only loses its connection."""
        self.is_asked = True
        session = self.session
        if session is not None and session.is_attached():
            session.leave()
        elif session is not None and session.is_connected():
            session.disconnect()
        else:
            self.end()


def cut(text):
    return None if text is None else text_of(text)


def serializer_of(name):
    from autobahn.wamp.serializer import create_transport_serializer

    return create_transport_serializer(name)


def protocol_options(options):
    """Options in autobahn's spelling: `auto_ping_interval` in ms is autoPingInterval in seconds."""
    milliseconds = ("auto_ping_interval", "auto_ping_timeout", "open_handshake_timeout",
                    "close_handshake_timeout")
    names = {"max_message_size": "maxMessagePayloadSize", "max_frame_size": "maxFramePayloadSize",
             "echo_close_codereason": "echoCloseCodeReason", "tcp_nodelay": "tcpNoDelay",
             "validate_utf8": "utf8validateIncoming"}
    result = {}
    for name, value in options.items():
        first, *rest = name.split("_")
        spelled = names.get(name, first + "".join(part.capitalize() for part in rest))
        result[spelled] = value / 1000 if name in milliseconds else value
    return result


# Authenticators


def with_binary(value):
    """WAMP's form of binary values in JSON, a NUL and base64, as octets."""
    if isinstance(value, str):
        return base64.b64decode(value[1:]) if value.startswith("\0") else value
    if isinstance(value, list):
        return [with_binary(one) for one in value]
    if isinstance(value, dict):
        return {name: with_binary(one) for name, one in value.items()}
    return value


def without_binary(value):
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "\0" + base64.b64encode(value).decode()
    raise TypeError(f"a {type(value).__name__} cannot be sent")


class Authenticator:
    """A function that judges clients, and the calls of it that have not ended."""

    def __init__(self, item):
        self.item = item
        self.id = item["id"]
        self.authenticate = None
        self.running = {}

    def start(self, create):
        import txaio

        # As in Crossbar; it gives the worker's controller, of which there is none, in the second place.
        try:
            config = configured(self.item["config"], self.item.get("parts", ()))
            made = txaio.as_future(create, config, None)
        except SystemExit as error:
            failure(self.id, "create", error)
            return
        txaio.add_callbacks(made, self.created, self.not_created)

    def created(self, authenticate):
        if callable(authenticate):
            self.authenticate = authenticate
            send("ready", self.id)
        else:
            kind = type(authenticate).__name__
            failure(self.id, "create", TypeError(f"expected a function, got {kind}"))

    def not_created(self, fail):
        failure(self.id, "create", getattr(fail, "value", fail))

    def call(self, number, args):
        import txaio

        def returned(value):
            try:
                # Values that JSON does not have are an exception, NaN too.
                text = json.dumps(value, default=without_binary, allow_nan=False)
                if len(text) > MAX_ANSWER:
                    raise ValueError(f"an answer of {len(text)} characters is too long")
            except Exception as error:
                raised(error)
            else:
                if self.running.pop(number, None) is not None:
                    send("returned", call=number, value=text)

        def raised(fail):
            if self.running.pop(number, None) is not None:
                send("raised", call=number, **exception_fields(getattr(fail, "value", fail)))

        self.running[number] = ()
        try:
            future = txaio.as_future(self.authenticate, *with_binary(json.loads(args)))
        except Exception as error:
            raised(error)
        else:
            self.running[number] = future
            txaio.add_callbacks(future, returned, raised)

    def cancel(self, number):
        import txaio

        future = self.running.pop(number, None)
        if future is not None:
            send("canceled", call=number)
            txaio.cancel(future)


def exception_fields(error):
    """What crossproxy learns of an exception: an ApplicationError is an answer, with its URI."""
    from autobahn.wamp.exception import ApplicationError

    is_answer = isinstance(error, ApplicationError)
    first = error.args[0] if is_answer and error.args else None
    return {
        "uri": cut(error.error) if is_answer else None,
        "message": cut(first),
        "reason": reason_of(error),
        "place": place_of(error),
    }


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
            authenticator = self.authenticators[item["id"]] = Authenticator(item)
            authenticator.start(made_by)
            return
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
    return Twisted() if name == "twisted" else Asyncio()


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
