"""An authenticator on asyncio, which Crossbar does not run."""

import asyncio

from autobahn.asyncio.wamp import ApplicationSession  # noqa: F401  it decides about the framework


async def create(config, controller):
    await asyncio.sleep(0.01)

    async def authenticate(realm, authid, details):
        await asyncio.sleep(0.01)
        return {"role": "user", "authid": f"{authid} of asyncio"}

    return authenticate
