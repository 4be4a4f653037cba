"""A WAMP client made with Autobahn for Python, driven by JSON lines.

    client.py URL SERIALIZER [AUTHENTICATION [TLS]]

AUTHENTICATION is what Autobahn's Component takes as JSON, {"ticket": {"authid": ..., "ticket": ...}};
{"tls": {}} stands for a proof that is only shown in the TLS handshake. TLS is JSON too:
{"ca": file, "certificate": file, "key": file, "maximum": "1.2"}, of which only "ca" is needed.

Standard input: {"do": "subscribe" | "publish" | "register" | "call" | "leave", "uri": ..., "args": [...]}
Standard output: {"joined": {...}}, {"event": [...]}, {"result": [...]}, {"error": uri}, {"left": reason}
Binary values are written as {"hex": "..."} on both sides. A registered procedure returns its
arguments.
"""

import asyncio
import base64
import json
import ssl
import sys
from urllib.parse import urlsplit

from autobahn.asyncio.component import Component, run
from autobahn.asyncio.wamp import Session
from autobahn.wamp import auth
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.serializer import SERID_TO_SER
from autobahn.wamp.types import PublishOptions


def say(**what):
    print(json.dumps(what, default=lambda octets: {"hex": bytes(octets).hex()}), flush=True)


def value(item):
    if isinstance(item, dict) and set(item) == {"hex"}:
        return bytes.fromhex(item["hex"])
    if isinstance(item, list):
        return [value(one) for one in item]
    return item


# Autobahn 26.10 hands the salt on as the text of the CHALLENGE, which its own pbkdf2 refuses.
auth._hash_pbkdf2_secret = lambda password, salt, iterations: auth.pbkdf2(
    password, base64.b64decode(salt), iterations, 32
)


class TlsSession(Session):
    """A client that has shown its certificate, and has nothing to add."""

    def on_connect(self):
        self.join(self.config.realm, authmethods=["tls"])


def tls_context(ca, certificate=None, key=None, maximum=None):
    context = ssl.create_default_context(cafile=ca)
    if certificate:
        context.load_cert_chain(certificate, key)
    if maximum == "1.2":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def component_for(url, serializer, authentication=None, tls=None):
    """A component that tries once; both last arguments are what the command line has as JSON."""
    # What makes the serializers knows the batched ones; what checks the transport does not.
    SERID_TO_SER.setdefault(serializer, SERID_TO_SER[serializer.partition(".")[0]])
    transport = {"url": url, "serializers": [serializer], "max_retries": 0}
    if url.startswith("rs"):
        transport = {"type": "rawsocket", "url": url, "serializer": serializer, "max_retries": 0}
    if tls is not None:
        where = urlsplit(url)
        context = tls_context(**tls)
        transport["endpoint"] = {
            "type": "tcp", "host": where.hostname, "port": where.port, "tls": context}
    shows_certificate = authentication is not None and "tls" in authentication
    return Component(
        transports=[transport],
        realm="realm1",
        authentication=None if shows_certificate else authentication,
        session_factory=TlsSession if shows_certificate else None,
    )


def identity_of(details):
    names = ("realm", "authid", "authrole", "authmethod", "authprovider")
    return {name: getattr(details, name) for name in names}


def main():
    url, serializer, *rest = sys.argv[1:]
    component = component_for(url, serializer, *map(json.loads, rest))

    @component.on_join
    async def joined(session, details):
        say(joined=identity_of(details))
        asyncio.ensure_future(obey(session))

    @component.on_leave
    async def left(session, details):
        say(left=details.reason, message=details.message)

    async def obey(session):
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            order = json.loads(line)
            what, uri, args = order["do"], order.get("uri"), value(order.get("args", []))
            try:
                if what == "subscribe":
                    await session.subscribe(lambda *args: say(event=list(args)), uri)
                    say(subscribed=uri)
                elif what == "register":
                    await session.register(lambda *args: list(args), uri)
                    say(registered=uri)
                elif what == "publish":
                    await session.publish(uri, *args, options=PublishOptions(acknowledge=True))
                    say(published=uri)
                elif what == "call":
                    say(result=await session.call(uri, *args))
                elif what == "leave":
                    session.leave()
                    return
            except ApplicationError as error:
                say(error=error.error)

    run([component], log_level="critical")


if __name__ == "__main__":
    main()
