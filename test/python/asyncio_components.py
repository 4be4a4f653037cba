"""Components on asyncio, which Crossbar does not run."""

import asyncio

from autobahn import wamp
from autobahn.asyncio.wamp import ApplicationSession


class Service(ApplicationSession):
    async def onJoin(self, details):
        self.log.info("logged by {who}", who="asyncio")
        await self.register(self)

    @wamp.register("com.example.multiply")
    async def multiply(self, a, b):
        return a * b

    def onLeave(self, details):
        print("onLeave on asyncio:", details.reason)
        self.disconnect()


class Slow(ApplicationSession):
    async def onJoin(self, details):
        await asyncio.sleep(0.5)
        print("slow onJoin on asyncio returns")


class Raising(ApplicationSession):
    async def onJoin(self, details):
        await self.register(lambda: "there", "com.example.before_on_asyncio")
        raise RuntimeError("no database on asyncio")
