"""Components on Twisted, as operators of Crossbar write them."""

import os
import subprocess
import sys
import time

from autobahn import wamp
from autobahn.twisted.util import sleep
from autobahn.twisted.wamp import ApplicationSession
from autobahn.wamp.exception import ApplicationError
from twisted.internet import reactor
from twisted.internet.defer import inlineCallbacks, returnValue


class Authenticator(ApplicationSession):
    """A dynamic authenticator; slow, so that transports have to wait for it."""

    @inlineCallbacks
    def onJoin(self, details):
        yield sleep(0.3)
        yield self.register(self.authenticate, "com.example.authenticate")

    def authenticate(self, realm, authid, details):
        if details.get("ticket") != "secret1":
            raise ApplicationError("com.example.refused", "no such user")
        return {"realm": realm, "role": "user"}


class Service(ApplicationSession):
    """Procedures by decorator, in the manner of most components."""

    @inlineCallbacks
    def onJoin(self, details):
        self.log.info("logged by {who}", who="txaio")
        print("printed")
        yield self.register(self)

    @wamp.register("com.example.extra")
    def extra(self):
        return self.config.extra

    @wamp.register("com.example.add")
    @inlineCallbacks
    def add(self, a, b):
        yield sleep(0)
        returnValue(a + b)

    @wamp.register("com.example.pid")
    def pid(self):
        return os.getpid()

    def onLeave(self, details):
        print("onLeave of the service:", details.reason)


class Raising(ApplicationSession):
    async def onJoin(self, details):
        await self.register(lambda: "there", "com.example.before")
        raise RuntimeError("no database")


class RaisingOnce(ApplicationSession):
    starts = 0

    async def onJoin(self, details):
        RaisingOnce.starts += 1
        if RaisingOnce.starts == 1:
            raise RuntimeError("the first time")
        await self.register(lambda: RaisingOnce.starts, "com.example.starts")


class NoConnect(ApplicationSession):
    def onConnect(self):
        raise RuntimeError("no password file")


class NoConstructor(ApplicationSession):
    def __init__(self, config):
        raise RuntimeError("cannot be made")


class Exiting(ApplicationSession):
    def __init__(self, config):
        sys.exit("no configuration")


class Parent(ApplicationSession):
    """Starts programs, which inherit what they can."""

    async def onJoin(self, details):
        child = subprocess.Popen(["sleep", "86400"])
        print("child", child.pid)
        await self.register(self.descriptors, "com.example.descriptors")

    def descriptors(self):
        listing = ["sh", "-c", "readlink /proc/self/fd/*"]
        return subprocess.run(listing, close_fds=False, capture_output=True, text=True).stdout


class Endless(ApplicationSession):
    """A publisher; its onJoin never returns."""

    async def onJoin(self, details):
        await self.register(lambda: "answers", "com.example.endless")
        while True:
            await sleep(0.05)


class WithTicket(ApplicationSession):
    """Authenticates to the router itself."""

    def onConnect(self):
        self.join(self.config.realm, ["ticket"], "component")

    def onChallenge(self, challenge):
        return "secret2"

    async def onJoin(self, details):
        uri = self.config.extra["uri"]
        await self.register(lambda: [details.authid, details.authrole], uri)


class Leaving(ApplicationSession):
    """Leaves after its start, each time."""

    starts = 0

    async def onJoin(self, details):
        Leaving.starts += 1
        print("start number", Leaving.starts)
        reactor.callLater(0, self.leave)


class Blocked(ApplicationSession):
    """Never comes back to the reactor."""

    async def onJoin(self, details):
        reactor.callLater(0, time.sleep, 600)


class LockHolder(ApplicationSession):
    """Keeps the lock of the interpreter, so that no other thread of the process runs."""

    async def onJoin(self, details):
        reactor.callLater(0, sum, range(10**14))


class Printing(ApplicationSession):
    def onJoin(self, details):
        print("extra is", repr(self.config.extra))


def joined(session, details):
    print("function joined as", details.authrole)
    return session.register(lambda: "by function", "com.example.function")


def left(session, details):
    print("function left:", details.reason)
