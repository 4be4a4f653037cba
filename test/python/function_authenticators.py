"""Functions that make authenticators, as Crossbar calls them. What one does is said by the authid."""

import hashlib
import hmac
import os
import time

from autobahn.wamp.exception import ApplicationError
from nacl.signing import SigningKey
from twisted.internet import reactor
from twisted.internet.defer import Deferred, inlineCallbacks, returnValue
from twisted.internet.task import deferLater

SEED = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510"


class Wordless(Exception):
    def __str__(self):
        raise ValueError("no words")


def scram():
    salt = bytes(range(16))
    salted = hashlib.pbkdf2_hmac("sha256", b"secret1", salt, 4096, 32)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return {
        "kdf": "pbkdf2", "iterations": 4096, "memory": None, "salt": salt.hex(),
        "stored-key": hashlib.sha256(client_key).hexdigest(),
        "server-key": hmac.digest(salted, b"Server Key", "sha256").hex(),
    }


CREDENTIALS = {
    "wampcra": lambda: {"secret": "secret1"},
    "scram": scram,
    "cryptosign": lambda: {"pubkey": bytes(SigningKey(bytes.fromhex(SEED)).verify_key).hex()},
}


def create_authenticator(config, controller):
    print("made with", controller, sorted(config))

    def authenticate(realm, authid, details):
        ticket = details.get("ticket")
        if details["authmethod"] == "anonymous":
            return "anonymous"
        if details["authmethod"] != "ticket":
            return {"role": "user", **CREDENTIALS[details["authmethod"]]()}
        if authid == "garbage":
            return 42
        if authid == "nan":
            return {"role": "user", "extra": {"x": float("nan")}}
        if authid == "long":
            return {"role": "user", "extra": {"x": "x" * 2_000_000}}
        if authid == "wordless":
            raise Wordless
        if authid == "broken":
            raise KeyError(f"column {ticket}")
        if authid == "slow":
            return Deferred()
        if authid == "blocked":
            time.sleep(3600)
        if authid == "dead":
            os._exit(3)
        if authid == "asks":
            extra = {"realm": realm, "authid": authid, "details": details, "big": 2**60, "number": config["number"], "octets": b"\1\2"}
            return {"role": "user", "extra": extra}
        if ticket != "secret1":
            raise ApplicationError("wamp.error.not_authorized", f"{ticket} is not valid")
        return {"realm": realm, "role": "user", "extra": {"team": config["team"]}}

    return authenticate


@inlineCallbacks
def create_later(config, controller):
    """Makes the authenticator itself with inlineCallbacks, and it is a coroutine."""
    yield deferLater(reactor, 0.01, lambda: None)

    async def authenticate(realm, authid, details):
        await deferLater(reactor, 0.01, lambda: None)
        return config["role"]

    returnValue(authenticate)


def create_when_possible(config, controller):
    """Fails until its file is there."""
    with open(config["file"]) as file:
        role = file.read()
    return lambda realm, authid, details: role


def create_nothing(config, controller):
    return None


def create_printing(config, controller):
    print("config is", repr(config))
    return lambda realm, authid, details: "user"
