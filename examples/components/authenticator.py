"""A dynamic authenticator, which the router worker runs as a component."""

from autobahn.twisted.wamp import ApplicationSession
from autobahn.wamp.exception import ApplicationError

TICKETS = {"alice": "secret1"}


class Authenticator(ApplicationSession):
    async def onJoin(self, details):
        await self.register(self.authenticate, "com.example.authenticate")

    def authenticate(self, realm, authid, details):
        if TICKETS.get(authid) != details["ticket"]:
            raise ApplicationError("com.example.refused", "wrong name or ticket")
        return {"realm": realm, "role": "user"}
