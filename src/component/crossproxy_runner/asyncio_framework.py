"""Components on asyncio's loop."""

import os
import signal
import socket

from crossproxy_runner.channel import CHANNEL


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
