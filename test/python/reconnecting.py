"""A WAMP client made with Autobahn for Python that reconnects by the means of its library alone.

    reconnecting.py KIND URL

KIND: component (asyncio), twisted-component, runner (Twisted's ApplicationRunner).
Standard output: `joined` for every session that begins.
"""

import os
import sys

kind, url = sys.argv[1:]
transport = {"url": url, "serializers": ["json"], "initial_retry_delay": 0.2}


def say_joined():
    # Twisted's logging takes sys.stdout for itself.
    os.write(1, b"joined\n")


if kind == "runner":
    from autobahn.twisted.wamp import ApplicationRunner, ApplicationSession
    from autobahn.wamp.serializer import JsonSerializer

    class Session(ApplicationSession):
        def onJoin(self, details):
            say_joined()

    runner = ApplicationRunner(url, "realm1", serializers=[JsonSerializer()])
    runner.run(Session, auto_reconnect=True, log_level="critical")
else:
    if kind == "component":
        from autobahn.asyncio.component import Component, run
    else:
        from autobahn.twisted.component import Component, run

    component = Component(transports=[transport], realm="realm1")

    @component.on_join
    def joined(session, details):
        say_joined()

    run([component], log_level="critical")
