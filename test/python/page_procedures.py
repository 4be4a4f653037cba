"""Registers procedures whose results pages show, with Autobahn for Python: page_procedures.py URL [DATA]

DATA is JSON, in which WAMP writes octets as texts. Prints "registered" once it has, and ends when its standard input does.
"""

import asyncio
import base64
import json
import sys

from autobahn.asyncio.component import Component, run
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import CallResult

component = Component(
    transports=[{"url": sys.argv[1], "serializers": ["cbor"], "max_retries": 0}],
    realm="realm1",
)


def value_of(value):
    if isinstance(value, str) and value.startswith("\0"):
        return base64.b64decode(value[1:])
    if isinstance(value, list):
        return [value_of(item) for item in value]
    if isinstance(value, dict):
        return {key: value_of(item) for key, item in value.items()}
    return value


RESULTS = {
    "none": None,
    "number": 5,
    "text": "abc",
    "empty": [],
    "nothing": {},
    "pairs": [["x", 1], ["y", "<2>"]],
    "list": [1, 2],
    "several": CallResult(1, 2),
    "named": CallResult(x=1),
    "values": {
        "x": 2.0, "html": "<b>&'\"", "yes": True, "none": None, "big": 2**80, "octets": b"\x00\xff", "uni": "ü👋",
        "list": [1, 2.5, {"a": "b"}], "d": {"z": 1, "a": 2},
    },
}
if len(sys.argv) > 2:
    RESULTS["data"] = value_of(json.loads(sys.argv[2]))


@component.on_join
async def joined(session, _details):
    def show(*args, **kwargs):
        """What the procedure was called with, in a form that a page shows exactly."""
        return {"args": repr(args), "kwargs": repr(sorted(kwargs.items()))}

    def fail(uri="com.example.error.sad", **_):
        raise ApplicationError(uri, "a secret")

    await session.register(show, "com.example.show")
    await session.register(fail, "com.example.fail")
    await session.register(lambda x: {"x": x, "result": x * x}, "com.example.square")
    for name, result in RESULTS.items():
        await session.register(lambda result=result: result, f"com.example.result.{name}")
    print("registered", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    session.leave()


run([component])
