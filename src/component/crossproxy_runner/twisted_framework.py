"""Components on Twisted's reactor."""

import contextlib
import os
import socket

from crossproxy_runner.channel import CHANNEL


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


def read(file):
    with open(file, "rb") as opened:
        return opened.read()
