"""Components on asyncio, which Crossbar does not run."""

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
