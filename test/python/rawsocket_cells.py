"""Joins over RawSocket with Autobahn for Python, once for each item of a list.

Standard input: [{"name", "path" | "host" and "port", "tls": null | {"ca", "certificate", "key"}}, ...]
Standard output: {name: "a call and an event" | what went wrong}
"""

import asyncio
import json
import ssl
import sys

from autobahn.asyncio.rawsocket import WampRawSocketClientFactory
from autobahn.asyncio.wamp import ApplicationSession
from autobahn.wamp.serializer import CBORSerializer
from autobahn.wamp.types import ComponentConfig, PublishOptions


class Client(ApplicationSession):
    def onConnect(self):
        self.join("realm1")

    async def onJoin(self, details):
        try:
            event = asyncio.get_running_loop().create_future()
            await self.register(lambda text: text + "!", self.config.extra["uri"])
            await self.subscribe(event.set_result, self.config.extra["uri"])
            options = PublishOptions(exclude_me=False, acknowledge=True)
            await self.publish(self.config.extra["uri"], "an event", options=options)
            said = await self.call(self.config.extra["uri"], "a call"), await event
            self.config.extra["done"].set_result(" and ".join(said).replace("!", ""))
        except Exception as error:
            self.config.extra["done"].set_result(repr(error))
        self.leave()

    def onLeave(self, details):
        if not self.config.extra["done"].done():
            self.config.extra["done"].set_result(f"{details.reason}: {details.message}")
        self.disconnect()

    def onDisconnect(self):
        if not self.config.extra["done"].done():
            self.config.extra["done"].set_result("disconnected")


def tls_context(tls):
    if tls is None:
        return None
    context = ssl.create_default_context(cafile=tls["ca"])
    if tls["certificate"]:
        context.load_cert_chain(tls["certificate"], tls["key"])
    return context


async def join(index, cell):
    loop = asyncio.get_running_loop()
    extra = {"uri": f"com.example.cell{index}", "done": loop.create_future()}
    factory = WampRawSocketClientFactory(
        lambda: Client(ComponentConfig("realm1", extra)), serializer=CBORSerializer()
    )
    try:
        if "path" in cell:
            await loop.create_unix_connection(factory, cell["path"])
        else:
            context = tls_context(cell["tls"])
            await loop.create_connection(factory, cell["host"], cell["port"], ssl=context)
        return await asyncio.wait_for(extra["done"], 10)
    except Exception as error:
        return repr(error)


async def main():
    cells = json.load(sys.stdin)
    said = await asyncio.gather(*(join(index, cell) for index, cell in enumerate(cells)))
    print(json.dumps({cell["name"]: one for cell, one in zip(cells, said)}))


asyncio.run(main())
