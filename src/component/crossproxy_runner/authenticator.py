"""Authenticators in Python: functions that judge clients."""

import base64
import json

from crossproxy_runner.channel import cut, failure, place_of, reason_of, send
from crossproxy_runner.loading import configured

# Characters of an authenticator's answer in JSON; crossproxy reads no longer event.
MAX_ANSWER = 400_000


def with_binary(value):
    """WAMP's form of binary values in JSON, a NUL and base64, as octets."""
    if isinstance(value, str):
        return base64.b64decode(value[1:]) if value.startswith("\0") else value
    if isinstance(value, list):
        return [with_binary(one) for one in value]
    if isinstance(value, dict):
        return {name: with_binary(one) for name, one in value.items()}
    return value


def without_binary(value):
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "\0" + base64.b64encode(value).decode()
    raise TypeError(f"a {type(value).__name__} cannot be sent")


class Authenticator:
    """A function that judges clients, and the calls of it that have not ended."""

    def __init__(self, item):
        self.item = item
        self.id = item["id"]
        self.authenticate = None
        self.running = {}

    def start(self, create):
        import txaio

        # As in Crossbar; it gives the worker's controller, of which there is none, in the second place.
        try:
            config = configured(self.item["config"], self.item.get("parts", ()))
            made = txaio.as_future(create, config, None)
        except SystemExit as error:
            failure(self.id, "create", error)
            return
        txaio.add_callbacks(made, self.created, self.not_created)

    def created(self, authenticate):
        if callable(authenticate):
            self.authenticate = authenticate
            send("ready", self.id)
        else:
            kind = type(authenticate).__name__
            failure(self.id, "create", TypeError(f"expected a function, got {kind}"))

    def not_created(self, fail):
        failure(self.id, "create", getattr(fail, "value", fail))

    def call(self, number, args):
        import txaio

        def returned(value):
            try:
                # Values that JSON does not have are an exception, NaN too.
                text = json.dumps(value, default=without_binary, allow_nan=False)
                if len(text) > MAX_ANSWER:
                    raise ValueError(f"an answer of {len(text)} characters is too long")
            except Exception as error:
                raised(error)
            else:
                if self.running.pop(number, None) is not None:
                    send("returned", call=number, value=text)

        def raised(fail):
            if self.running.pop(number, None) is not None:
                send("raised", call=number, **exception_fields(getattr(fail, "value", fail)))

        self.running[number] = ()
        try:
            future = txaio.as_future(self.authenticate, *with_binary(json.loads(args)))
        except Exception as error:
            raised(error)
        else:
            self.running[number] = future
            txaio.add_callbacks(future, returned, raised)

    def cancel(self, number):
        import txaio

        future = self.running.pop(number, None)
        if future is not None:
            send("canceled", call=number)
            txaio.cancel(future)


def exception_fields(error):
    """What crossproxy learns of an exception: an ApplicationError is an answer, with its URI."""
    from autobahn.wamp.exception import ApplicationError

    is_answer = isinstance(error, ApplicationError)
    first = error.args[0] if is_answer and error.args else None
    return {
        "uri": cut(error.error) if is_answer else None,
        "message": cut(first),
        "reason": reason_of(error),
        "place": place_of(error),
    }
