"""A dynamic authenticator made with Autobahn for Python, as one for Crossbar is written.

    authenticator.py URL REALM

Registers com.example.authenticate and writes {"registered": uri}, then {"asked": [...]} for each
call. What it does is said by the authid; whoever has none is anonymous.
"""

import asyncio
import hashlib
import hmac
import json
import sys

from autobahn.asyncio.component import Component, run
from autobahn.wamp.exception import ApplicationError
from nacl.signing import SigningKey

SEED = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510"


def say(**what):
    print(json.dumps(what), flush=True)


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
    "wampcra": lambda: {"secret": "secret1", "salt": "pepper", "iterations": 1000, "keylen": 32},
    "scram": scram,
    "cryptosign": lambda: {"pubkey": bytes(SigningKey(bytes.fromhex(SEED)).verify_key).hex()},
}


async def authenticate(realm, authid, details):
    say(asked=[realm, authid, details])
    if details["authmethod"] == "anonymous":
        return "anonymous"
    if details["authmethod"] != "ticket":
        return {"role": "user", **CREDENTIALS[details["authmethod"]]()}
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
