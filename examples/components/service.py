"""A service, which a container runs."""

from autobahn import wamp
from autobahn.twisted.wamp import ApplicationSession


class Service(ApplicationSession):
    async def onJoin(self, details):
        await self.register(self)
        self.log.info("service joined as {role}", role=details.authrole)

    @wamp.register("com.example.greet")
    def greet(self, name):
        return f"{self.config.extra['greeting']}, {name}"
