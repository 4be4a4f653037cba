"""What PyYAML's safe loader makes of texts: a JSON list of texts in each line, a JSON list of values out.

Crossbar is imported first, as it changes how PyYAML makes maps.
"""

import datetime
import json
import struct
import sys

import crossbar.common.checkconfig  # noqa: F401
import yaml


class KeyIsNoText(Exception):
    pass


def spell(value):
    """A value in JSON, so that a number, a text and a date cannot be taken for each other."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return {"number": number(value)}
    if isinstance(value, datetime.datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
        utc = aware.astimezone(datetime.timezone.utc)
        return {"date": utc.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (utc.microsecond // 1000)}
    if isinstance(value, datetime.date):
        return {"date": value.isoformat() + "T00:00:00.000Z"}
    if isinstance(value, bytes):
        return {"octets": value.hex()}
    if isinstance(value, (set, frozenset)):
        return {"set": sorted((spell(item) for item in value), key=json.dumps)}
    if isinstance(value, (list, tuple)):
        return [spell(item) for item in value]
    if not all(isinstance(key, str) for key in value):
        raise KeyIsNoText()
    return {"map": sorted([key, spell(item)] for key, item in value.items())}


def number(value):
    if value != value:
        return "nan"
    try:
        return struct.pack(">d", float(value)).hex()
    except OverflowError:
        return struct.pack(">d", float("inf") if value > 0 else float("-inf")).hex()


def load(text):
    try:
        return spell(yaml.safe_load(text))
    except KeyIsNoText:
        return {"refused": "key"}
    except Exception:
        return {"refused": "text"}


for line in sys.stdin:
    print(json.dumps([load(text) for text in json.loads(line)]), flush=True)
