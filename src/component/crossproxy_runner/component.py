"""One component, from the order to start it until its session is over."""

from crossproxy_runner.channel import cut, failure, reason_of, send
from crossproxy_runner.loading import configured


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
