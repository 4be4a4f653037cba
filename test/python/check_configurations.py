"""What Crossbar's own checker says of configurations: one in JSON in each line, null or its sentence out.

The checker looks at no proxy worker. Their transports are checked when they start, by the same function as
those of routers, which is called here; their routes have to lead to connections that exist.
"""

import json
import sys

import txaio

txaio.use_twisted()

from autobahn.twisted.component import _create_transport_endpoint  # noqa: E402
from autobahn.wamp.component import _create_transport  # noqa: E402
from crossbar.personality import Personality  # noqa: E402


def check_proxy(worker):
    if worker.get("options", {}).get("disabled"):
        return
    connections = worker.get("connections", {})
    for connection in connections.values():
        check_connection(connection)
    for roles in worker.get("routes", {}).values():
        for target in roles.values():
            for name in target if isinstance(target, list) else [target]:
                if name not in connections:
                    raise Exception("no connection " + repr(name))
    for transport in worker.get("transports", []):
        Personality.check_router_transport(Personality, transport)


def check_realm(realm):
    """What a start refuses beyond the check."""
    if not isinstance(realm["name"], str):
        raise Exception("the name of a realm is no text")
    for role in realm.get("roles", []):
        if not isinstance(role["name"], str):
            raise Exception("the name of a role is no text")


def check_serializers(value):
    """What a start refuses in `serializers` of anything that listens."""
    if isinstance(value, dict):
        if "serializers" in value and "transport" not in value:
            names = value["serializers"]
            if not names or not all(name in ("json", "msgpack", "cbor", "ubjson", "flatbuffers") for name in names):
                raise Exception("no serializers, or unknown ones")
        for inner in value.values():
            check_serializers(inner)
    elif isinstance(value, list):
        for inner in value:
            check_serializers(inner)


def check_connection(connection):
    """What refuses every client that is led there."""
    transport = _create_transport(0, connection["transport"])
    if not isinstance(transport.endpoint["type"], str) or "endpoint" not in connection["transport"]:
        raise Exception("no endpoint")
    _create_transport_endpoint(None, transport.endpoint)


def check(config):
    Personality.check_config(Personality, config)
    for worker in config.get("workers", []):
        if worker["type"] == "proxy":
            check_proxy(worker)
        for realm in worker.get("realms", []) if worker["type"] == "router" else []:
            check_realm(realm)
        check_serializers(worker.get("transports", []))
        for component in worker.get("components", []) if worker["type"] in ("router", "container") else []:
            if not isinstance(component.get("extra", {}), dict):
                raise Exception("extra is no dictionary")


def refusal(text):
    try:
        check(json.loads(text))
    except Exception as fault:
        return (type(fault).__name__ + ": " + str(fault))[:300]


for line in sys.stdin:
    print(json.dumps(refusal(line)), flush=True)
