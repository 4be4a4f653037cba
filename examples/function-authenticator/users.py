"""Authenticators that the node itself runs, for an authmethod of type `function`."""

import json

from autobahn.wamp.exception import ApplicationError


def create_authenticator(config, controller):
    """Called once, before the node listens; what it returns is called for each client."""
    with open(config["file"]) as file:
        users = json.load(file)

    async def authenticate(realm, authid, details):
        user = users.get(authid)
        if user is None or user["ticket"] != details["ticket"]:
            raise ApplicationError("com.example.refused", "wrong name or ticket")
        return {"role": user["role"], "extra": {"team": user["team"]}}

    return authenticate
