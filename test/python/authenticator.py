"""A dynamic authenticator made with Autobahn for Python, as one for Crossbar is written.

    authenticator.py URL REALM

Registers com.example.authenticate and writes {"registered": uri}, then {"asked": [...]} for each
call. What it does is said by the authid; whoever has none is anonymous.
"""

import asyncio
import json
import sys

from autobahn.asyncio.component import Component, run
from autobahn.wamp.exception import ApplicationError


def say(**what):
    print(json.dumps(what), flush=True)


async def authenticate(realm, authid, details):
    say(asked=[realm, authid, details])
    if details["authmethod"] == "anonymous":
        return "anonymous"
    if authid == "slow":
        await asyncio.Event().wait()
    if authid == "garbage":
        return 42
    if authid == "broken":
        raise KeyError("column secret1")
    if details["ticket"] != "secret1":
        raise ApplicationError("com.example.invalid_ticket", "this ticket is not valid")
    return {"realm": realm, "role": "user", "extra": {"team": "blue"}}


def main():
    url, realm = sys.argv[1:]
    component = Component(transports=[{"url": url, "serializers": ["json"]}], realm=realm)

    @component.on_join
    async def joined(session, _details):
        await session.register(authenticate, "com.example.authenticate")
        say(registered="com.example.authenticate")

    run([component], log_level="critical")


main()
